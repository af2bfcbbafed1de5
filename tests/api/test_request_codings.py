"""Compressed request bodies: decoded within the limits on every endpoint; imports of nothing but faults."""

from __future__ import annotations

import gzip
import json
import subprocess
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
import zstandard
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.api.conftest import wait_for
from tests.api.test_bad_input import assert_problem

NDJSON = {"Content-Type": "application/x-ndjson"}
ENCODE: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
}
QUERY = {"tag": "jazz", "context": ["hip hop"], "limit": 3}


def lines(*documents: Any) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


@pytest.mark.parametrize("coding", ENCODE)
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/prime", QUERY, 200),
        ("POST", "/v1/prime", QUERY, 200),
        ("POST", "/v1/prime/batch", {"queries": [QUERY]}, 200),
        ("POST", "/v1/embeddings", {"input": "jazz"}, 200),
        ("POST", "/v1/documents", {"id": "a", "tags": ["jazz"]}, 201),
        ("PUT", "/v1/tag-aliases/jaz", {"target": "jazz"}, 200),
        ("PUT", "/v1/aliases/default", {"model": "nope"}, 422),
        ("POST", "/v1/evaluations", {"protocol": "completion", "corpus": "nope"}, 422),
    ],
)
def test_every_body_may_be_compressed(
    client: TestClient, coding: str, method: str, path: str, body: Any, status: int
) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding.upper()}
    encoded = ENCODE[coding](json.dumps(body).encode())
    answer = client.request(method, path, content=encoded, headers=headers)
    assert answer.status_code == status, answer.text
    if path.endswith("prime"):
        assert answer.json() == client.post(path, json=body).json()


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, zstd", "gzip, gzip", "compress", "é"])
def test_other_codings_are_refused_with_those_that_are_read(server: httpx.Client, coding: str) -> None:
    answer = server.post("/prime", content=b"x", headers={"Content-Encoding": coding.encode()})
    found = assert_problem(answer, 415, "unsupported_coding")
    assert "gzip, zstd" in found["detail"]
    assert answer.headers["accept-encoding"] == "gzip, zstd"


def test_identity_and_nothing_are_no_coding(server: httpx.Client) -> None:
    for coding in ("identity", ""):
        assert server.post("/prime", json=QUERY, headers={"Content-Encoding": coding}).status_code == 200


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_broken_body_is_told(server: httpx.Client, coding: str) -> None:
    whole = ENCODE[coding](json.dumps(QUERY).encode())
    for broken in (whole[:-1], b"", b"nonsense", json.dumps(QUERY).encode()):
        answer = server.post("/prime", content=broken, headers={"Content-Encoding": coding})
        assert coding in assert_problem(answer, 400, "invalid_coding")["detail"]


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_the_decoded_size_counts(server: httpx.Client, coding: str) -> None:
    most = Settings().max_body_bytes
    text = json.dumps(QUERY).encode()
    for size, status in ((most, 200), (most + 1, 413)):
        body = ENCODE[coding](text.ljust(size))
        assert len(body) < 2000
        answer = server.post("/prime", content=body, headers={"Content-Encoding": coding})
        assert answer.status_code == status
    assert "decodes to more than 1000000 bytes" in assert_problem(answer, 413, "body_too_large")["detail"]
    assert "TAGPRIME_MAX_BODY_BYTES" in answer.text


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_what_arrives_counts_too(server: httpx.Client, coding: str) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield ENCODE[coding](b"") * 1000

    answer = server.post("/prime", content=endless(), headers={"Content-Encoding": coding})
    assert_problem(answer, 413, "body_too_large")


@pytest.mark.parametrize("line", [b"", b'{"id": 1, "tags": []}\n'])
@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_bomb_is_refused_and_never_in_memory(
    bundle_path: Path, database_url: str, coding: str, line: bytes
) -> None:
    # 256 MiB of zeros in one line, or of lines that an import takes.
    content = line * (2**28 // len(line)) if line else bytes(2**28)
    bomb = ENCODE[coding](content)
    assert len(bomb) < 2**21
    del content
    settings = Settings(bundle=bundle_path, database_url=database_url, max_import_bytes=2**22)
    with TestClient(create_app(settings)) as client:
        wait_for(lambda: client.get("/v1/documents").status_code == 200)
        tracemalloc.start()
        try:
            answer = client.post("/v1/documents", content=bomb, headers=NDJSON | {"Content-Encoding": coding})
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    found = assert_problem(answer, 413, "body_too_large")
    assert "TAGPRIME_MAX_IMPORT_BYTES" in found["detail"]
    assert peak < 32 * 2**20


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_compressed_stream_is_imported_as_it_comes(
    serve: Callable[..., AbstractContextManager[str]], bundle_path: Path, store_url: str, coding: str
) -> None:
    stream = lines(*({"id": f"d{i:05}", "tags": ["x", f"t{i % 7}"]} for i in range(12_000)))
    encoded = ENCODE[coding](stream)
    headers = NDJSON | {"Idempotency-Key": "broken", "Content-Encoding": coding}
    arguments = ("--bundle", str(bundle_path), "--database", store_url)
    with serve(*arguments) as address, httpx.Client(base_url=address) as client:
        wait_for(lambda: client.get("/v1/documents").status_code == 200)
        cut = client.post("/v1/documents", content=encoded[: len(encoded) * 3 // 4], headers=headers)
        assert_problem(cut, 400, "invalid_coding")
        half = client.get("/v1/imports/broken").json()
        assert half["status"] == "interrupted"
        assert 0 < half["lines"] < 12_000, "what came before the end was written"
        whole = client.post("/v1/documents", content=encoded, headers=headers).json()
        assert (whole["status"], whole["lines"], whole["created"]) == ("done", 12_000, 12_000)
        # The key belongs to the lines, however they are sent.
        del headers["Content-Encoding"]
        assert client.post("/v1/documents", content=stream, headers=headers).json() == whole


def test_curl_fails_at_a_broken_body_and_at_faults_only(
    serve: Callable[..., AbstractContextManager[str]], bundle_path: Path, database_url: str, tmp_path: Path
) -> None:
    files = {
        "sound.gz": gzip.compress(lines({"id": 1, "tags": ["jazz"]})),
        "broken.gz": gzip.compress(lines({"id": 2, "tags": ["jazz"]}))[:-9],
        "faulty.gz": gzip.compress(b"id,tags\n3,jazz\n"),
    }
    with serve("--bundle", str(bundle_path), "--database", database_url) as address:
        wait_for(lambda: httpx.get(f"{address}/v1/documents").status_code == 200)
        ended = {}
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
            command = ["curl", "-sf", f"{address}/v1/documents", "--data-binary", f"@{tmp_path / name}"]
            for header in ("Content-Type: application/x-ndjson", "Content-Encoding: gzip"):
                command += ["-H", header]
            ended[name] = subprocess.run(command, check=False, capture_output=True).returncode
    assert ended == {"sound.gz": 0, "broken.gz": 22, "faulty.gz": 22}


@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "faults"}])
def test_an_import_of_nothing_but_faults_is_refused(client: TestClient, key: dict[str, str]) -> None:
    stream = b"\nid,tags\n" + b'{"id": 1}\n' * 149
    for _ in range(2):  # with a key, the second is the first answer again
        answer = client.post("/v1/documents", content=stream, headers=NDJSON | key)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        found = answer.json()
        assert (found["status"], found["code"]) == (422, "invalid_request")
        assert (found["lines"], found["created"], found["faulty"]) == (151, 0, 150)
        assert [fault["line"] for fault in found["faults"]] == list(range(2, 22))
        assert found["error_count"] == 150
        assert [fault["pointer"] for fault in found["errors"]] == [f"line:{n}" for n in range(2, 22)]
    if key:
        assert client.get("/v1/imports/faults").json()["faulty"] == 150


@pytest.mark.parametrize("stream", [b"", b"\n\n"])
def test_an_import_of_nothing_is_no_fault(client: TestClient, stream: bytes) -> None:
    answer = client.post("/v1/documents", content=stream, headers=NDJSON)
    assert (answer.status_code, answer.json()["faulty"]) == (200, 0)
