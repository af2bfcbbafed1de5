"""Evaluations: figures as the protocols give them, cancelled when told to, never left running."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.testclient import TestClient

from app.db import evaluations
from app.db.engine import open_engine, transaction
from app.db.migrations import upgrade
from app.db.tables import evaluations as table
from app.jobs.queue import JsonSerializer
from app.jobs.worker import Worker
from app.main import create_app
from app.services.models.registry import Registry
from app.settings import Settings
from models.bundle import load_bundle
from models.protocols.completion import clean_queries, evaluate_completion, split_documents
from models.protocols.encoder_scorer import EncoderScorer
from tests.api.conftest import TAGS, command, wait_for
from tests.api.test_models import make

Serve = Callable[..., AbstractContextManager[str]]


def documents(n: int, seed: int = 0) -> list[list[str]]:
    rng = np.random.default_rng(seed)
    return [[TAGS[i] for i in rng.permutation(len(TAGS))[: rng.integers(4, 9)]] for _ in range(n)]


def ask(client: Any, **body: Any) -> dict[str, Any]:
    response = client.post("/v1/evaluations", json=body)
    assert response.status_code == 202, response.text
    location = response.headers["location"]
    assert location == f"/v1/evaluations/{response.json()['id']}"
    wait_for(lambda: client.get(location).json()["status"] not in {"queued", "running"}, 30)
    found: dict[str, Any] = client.get(location).json()
    return found


@pytest.fixture
def evaluating(bundle_path: Path, store_url: str, tmp_path: Path) -> Iterator[TestClient]:
    """The application with its worker inside, over a registry, on each database."""
    bundles = tmp_path / "bundles"
    bundles.mkdir()
    make(bundles, "other", 9)
    settings = Settings(bundle=bundle_path, bundles=bundles, database_url=store_url)
    with TestClient(create_app(settings)) as client:
        wait_for(lambda: client.get("/v1/evaluations").status_code == 200)
        yield client


def test_every_protocol_is_measured_on_the_store_or_on_given_documents(
    evaluating: TestClient, bundle_path: Path
) -> None:
    given = documents(40)
    found = ask(evaluating, protocol="completion", documents=given, seed=3)
    assert (found["status"], found["progress"]) == ("done", 1.0)
    bundle = load_bundle(bundle_path)
    indices = [np.unique(bundle.vocabulary.indices(document)) for document in given]
    expected = evaluate_completion(
        EncoderScorer(bundle.encoder),
        clean_queries(split_documents(indices, 3)),
        bundle.vocabulary.document_frequency,
    )
    [measured] = found["result"]["measured"]
    of_the_tables = {name: measured["metrics"][name] for name in expected.metrics}
    assert of_the_tables == pytest.approx(expected.metrics, abs=1e-6)
    at_k = {f"{name}@{k}" for name in ("P", "Recall", "nDCG") for k in (1, 2, 5, 10)}
    assert set(measured["metrics"]) == at_k | {"MRR"}
    assert measured["model"] == f"{bundle.name}@{bundle.version}"

    for i, tags in enumerate(given):
        evaluating.post("/v1/documents", json={"id": i, "tags": [*tags, "unheard of"]})
    stored = ask(evaluating, protocol="priming", corpus="store")
    assert stored["result"]["documents"] == 40
    assert len(stored["result"]["measured"][0]["curve"]) == 11
    outside = ask(evaluating, protocol="oov", corpus="store")
    assert outside["result"]["queries"] == 40
    listed = evaluating.get("/v1/evaluations", params={"limit": 2}).json()
    assert [job["id"] for job in listed["evaluations"]] == [outside["id"], stored["id"]]
    rest = evaluating.get("/v1/evaluations", params={"cursor": listed["next_cursor"]}).json()
    assert [job["id"] for job in rest["evaluations"]] == [found["id"]]


@pytest.mark.parametrize("protocol", ["priming", "completion", "oov"])
def test_the_metrics_are_at_the_cutoffs_asked_for(evaluating: TestClient, protocol: str) -> None:
    given = [[*tags, "unheard of"] for tags in documents(30)]
    found = ask(evaluating, protocol=protocol, documents=given, k=[7, 3, 7], compare="other")
    at_k = {f"{name}@{k}" for name in ("P", "Recall", "nDCG") for k in (3, 7)}
    for measured in found["result"]["measured"]:
        assert {name for name in measured["metrics"] if "(paper)" not in name and "@" in name} == at_k
    assert at_k < set(found["result"]["differences"])
    whole = ask(evaluating, protocol=protocol, documents=given, k=[len(TAGS)])
    assert whole["result"]["measured"][0]["metrics"][f"Recall@{len(TAGS)}"] == 1.0, "nothing is out of reach"


def test_two_models_are_compared_on_the_same_queries(evaluating: TestClient) -> None:
    given = documents(40)
    found = ask(evaluating, protocol="completion", documents=given, compare="other")
    one, other = found["result"]["measured"]
    assert one["model"] != other["model"]
    difference = found["result"]["differences"]["nDCG@10"]
    assert difference["mean"] == pytest.approx(
        other["metrics"]["nDCG@10"] - one["metrics"]["nDCG@10"], abs=1e-5
    )
    assert 0 < difference["p_value"] <= 1
    same = ask(evaluating, protocol="completion", documents=given, compare="small")
    assert same["result"]["differences"]["nDCG@10"] == {"mean": 0.0, "p_value": 1.0}


def test_what_cannot_be_measured_fails_with_the_reason(evaluating: TestClient) -> None:
    found = ask(evaluating, protocol="completion", documents=[["jazz"]])
    assert found["status"] == "failed"
    assert found["reason"]
    assert ask(evaluating, protocol="oov", documents=[["jazz", "ambient"]])["status"] == "failed"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"protocol": "completion"}, ""),
        ({"protocol": "completion", "corpus": "store", "documents": []}, ""),
        ({"protocol": "guessing", "corpus": "store"}, "/protocol"),
        ({"protocol": "oov", "corpus": "store", "model": "none"}, "/model"),
        ({"protocol": "oov", "corpus": "store", "compare": "none"}, "/compare"),
        ({"protocol": "oov", "documents": [["a"], ["b", ""]]}, "/documents/1/1"),
        ({"protocol": "oov", "corpus": "store", "seed": -1}, "/seed"),
        ({"protocol": "oov", "corpus": "store", "k": []}, "/k"),
        ({"protocol": "oov", "corpus": "store", "k": [5, 0]}, "/k/1"),
        ({"protocol": "oov", "corpus": "store", "k": [True]}, "/k/0"),
        ({"protocol": "oov", "corpus": "store", "k": [1, 1001]}, "/k/1"),
        ({"protocol": "oov", "corpus": "store", "k": list(range(1, 22))}, "/k"),
        ({"protocol": "oov", "documents": [["jazz"]] * 20_001}, "/documents"),
    ],
)
def test_a_request_that_is_none_is_refused(client: TestClient, body: dict[str, Any], pointer: str) -> None:
    refused = client.post("/v1/evaluations", json=body)
    assert refused.status_code == 422
    assert pointer in [fault["pointer"] for fault in refused.json()["errors"]]
    assert client.get("/v1/evaluations/nothing").status_code == 404
    assert client.delete("/v1/evaluations/nothing").status_code == 404


def test_a_cancelled_evaluation_stops(bundle_path: Path, store_url: str) -> None:
    settings = Settings(bundle=bundle_path, database_url=store_url, worker="apart")
    with TestClient(create_app(settings)) as client:
        wait_for(lambda: client.get("/v1/evaluations").status_code == 200)
        body = {"protocol": "priming", "documents": documents(1000)}
        queued = client.post("/v1/evaluations", json=body).json()["id"]
        assert client.delete(f"/v1/evaluations/{queued}").json()["status"] == "cancelled"
        running = client.post("/v1/evaluations", json=body).json()["id"]
        engine = open_engine(store_url)
        registry = Registry(settings)
        registry.open()
        worker = Worker(engine, registry, settings)
        thread = threading.Thread(target=worker.run)
        thread.start()
        wait_for(lambda: client.get(f"/v1/evaluations/{running}").json()["status"] == "running", 20)
        assert client.delete(f"/v1/evaluations/{running}").status_code == 200
        worker.stop()
        thread.join(20)
        engine.dispose()
        for cancelled in (queued, running):
            assert client.get(f"/v1/evaluations/{cancelled}").json()["status"] == "cancelled"
        assert client.delete(f"/v1/evaluations/{running}").json()["code"] == "evaluation_ended"


def test_what_a_lost_worker_was_at_is_tried_again_then_failed(store_url: str) -> None:
    engine = open_engine(store_url)
    upgrade(engine)

    def lose() -> None:
        with transaction(engine) as connection:
            assert evaluations.claim(connection, "job") is not None
            long_ago = datetime.now(UTC) - timedelta(minutes=5)
            connection.execute(table.update().values(heard_at=long_ago))

    with transaction(engine) as connection:
        evaluations.add(connection, "job", {})
        assert evaluations.recover(connection) == [], "it has only just been queued"
    lose()
    with transaction(engine) as connection:
        assert evaluations.recover(connection) == ["job"]
        assert evaluations.recover(connection) == [], "its message is on the way"
    lose()
    with transaction(engine) as connection:
        assert evaluations.recover(connection) == []
        job = evaluations.get(connection, "job")
        assert job is not None
        assert (job.status, job.reason) == ("failed", "its worker was lost 2 times")
        assert not evaluations.beat(connection, "job", 2, 1, 2), "a late sign changes nothing"
    engine.dispose()


def test_a_killed_worker_process_leaves_nothing_running(
    serve: Serve, bundle_path: Path, store_url: str
) -> None:
    options = ("--bundle", str(bundle_path), "--database", store_url)
    with (
        serve(*options, TAGPRIME_WORKER="apart") as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        wait_for(lambda: client.get("/v1/evaluations").status_code == 200)
        body = {"protocol": "priming", "documents": documents(1000)}
        job = client.post("/v1/evaluations", json=body).headers["location"]

        def worker() -> subprocess.Popen[bytes]:
            return subprocess.Popen(
                command("worker", *options), stderr=subprocess.DEVNULL, env={**os.environ}
            )

        first = worker()
        try:
            wait_for(lambda: client.get(job).json()["status"] == "running")
        finally:
            first.kill()
            first.wait()
        assert client.get(job).json()["status"] == "running"
        engine = open_engine(store_url)  # half a minute of silence, without waiting for it
        with transaction(engine) as connection:
            connection.execute(table.update().values(heard_at=datetime.now(UTC) - timedelta(seconds=31)))
        engine.dispose()
        second = worker()
        try:
            wait_for(lambda: client.get(job).json()["status"] == "done", 120)
        finally:
            second.terminate()
            assert second.wait(20) == 0


def test_messages_are_json() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        JsonSerializer().deserialize(b"cos\nsystem\n(S'true'\ntR.")
