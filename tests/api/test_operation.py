"""What operators see and rely on: metrics, logs without anybody's text, and a stop that drains."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from time import sleep
from typing import Any

import httpx
from starlette.testclient import TestClient

from tests.api.conftest import command, wait_for


def sample(text: str, name: str) -> float:
    [line] = [line for line in text.splitlines() if line.startswith(name)]
    return float(line.rpartition(" ")[2])


def test_metrics_tell_what_was_served(client: TestClient) -> None:
    before = client.get("/metrics").text
    client.post("/prime", json={"tag": "jazz", "context": ["ambient"]})
    client.post("/prime", json={"tag": "unheard-of-tag"})
    client.post("/prime", json={"tag": ""})
    client.get("/v1/tags/some%20secret%20tag")
    client.get("/no/such/path")
    text = client.get("/metrics").text
    ok = 'tagprime_request_seconds_count{method="POST",outcome="2xx",route="/prime"}'
    assert sample(text, ok) >= 2
    refused = 'tagprime_request_seconds_count{method="POST",outcome="4xx",route="/prime"}'
    assert sample(text, refused) >= 1
    for vocabulary in ("in", "out"):
        name = f'tagprime_queries_total{{vocabulary="{vocabulary}"}}'
        assert sample(text, name) == (sample(before, name) if name in before else 0) + 1
    assert sample(text, "tagprime_store_up") == 1
    assert 'tagprime_model{alias="default",name="small"' in text
    assert "secret" not in text
    assert "/no/such/path" not in text
    assert 'route="unmatched"' in text


def test_metrics_count_the_indexes_of_contexts(siamese_client: TestClient) -> None:
    for _ in range(2):
        siamese_client.post("/prime", json={"tag": "jazz", "context": ["ambient"]})
    text = siamese_client.get("/metrics").text
    assert sample(text, 'tagprime_index_cache_total{result="miss"}') == 1
    assert sample(text, 'tagprime_index_cache_total{result="hit"}') == 1


def test_the_log_is_json_with_request_ids_and_no_tag(bundle_path: Path, database_url: str) -> None:
    process = subprocess.Popen(
        command("serve", "--port", "0", "--bundle", str(bundle_path), "--database", database_url),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    lines: list[dict[str, Any]] = []
    address = ""
    for line in process.stderr:
        lines.append(json.loads(line))
        if "Uvicorn running on" in lines[-1]["event"]:
            address = lines[-1]["event"].split()[3]
        # A new store gets its tables in the background; until then its routes answer 503.
        if address and any(line["event"] == "store read" for line in lines):
            break
    named = {"X-Request-ID": "my-request"}
    httpx.post(f"{address}/prime", json={"tag": "secret tag", "context": ["secret context"]}, headers=named)
    httpx.get(f"{address}/v1/tags/secret%20path", params={"x": "secret query"})
    httpx.get(f"{address}/livez")
    process.send_signal(signal.SIGTERM)
    rest = process.communicate(timeout=20)[1]
    lines += [json.loads(line) for line in rest.splitlines()]
    assert process.returncode in {0, -signal.SIGTERM}
    requests = [line for line in lines if line["event"] == "request"]
    assert [(r["route"], r["status"]) for r in requests] == [("/prime", 200), ("/v1/tags/{tag:path}", 404)]
    assert requests[0]["request_id"] == "my-request"
    assert "secret" not in json.dumps(lines)


def test_a_stop_lets_a_request_end(bundle_path: Path, database_url: str) -> None:
    process = subprocess.Popen(
        command("serve", "--port", "0", "--bundle", str(bundle_path), "--database", database_url),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "Uvicorn running on" in line:
            break
    address = json.loads(line)["event"].split()[3]
    drain = threading.Thread(target=process.stderr.read)
    drain.start()
    wait_for(lambda: httpx.get(f"{address}/v1/documents").status_code == 200)
    told = threading.Event()

    def slowly() -> Iterator[bytes]:
        yield b'{"id": 1, "tags": ["a"]}\n'
        told.wait(20)
        sleep(0.5)
        yield b'{"id": 2, "tags": ["a"]}\n'

    answers: list[httpx.Response] = []

    def send() -> None:
        headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": "slow"}
        answers.append(httpx.post(f"{address}/v1/documents", content=slowly(), headers=headers, timeout=20))

    sender = threading.Thread(target=send)
    sender.start()
    wait_for(lambda: httpx.get(f"{address}/v1/imports/slow").status_code == 200)
    process.send_signal(signal.SIGTERM)
    told.set()
    sender.join(20)
    process.wait(20)
    drain.join(5)
    process.stderr.close()
    assert answers
    assert (answers[0].status_code, answers[0].json()["created"]) == (200, 2)


def test_nothing_is_configured_at_import() -> None:
    script = (
        "import threading, logging, app.main, app.server\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
        "assert not logging.getLogger().handlers\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "TAGPRIME_PORT": "x"})
