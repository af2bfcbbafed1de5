"""An answer that tells what is wrong is short, however much is wrong."""

from __future__ import annotations

import json

import httpx
import pytest

MANY = 100_000
MOST_BYTES = 8000

BODIES: dict[str, tuple[str, str, object]] = {
    "context": ("POST", "/v1/prime", {"tag": "a", "context": [1] * MANY}),
    "exclude": ("POST", "/v1/prime", {"tag": "a", "exclude": [[]] * MANY}),
    "both lists": ("POST", "/v1/prime", {"tag": "a", "context": [1] * MANY, "exclude": [{}] * MANY}),
    "unknown fields": ("POST", "/v1/prime", {f"f{n}": 1 for n in range(70_000)}),
    "an unknown field of 900 kB": ("POST", "/v1/prime", {"tag": "a", "\x01" * 150_000: 1}),
    "a text instead of a number": ("POST", "/v1/prime", {"tag": "a", "limit": "9" * 900_000}),
    "a limit of 4,000 digits": ("POST", "/v1/prime", {"tag": "a", "limit": 10**4000}),
    "queries": ("POST", "/v1/prime/batch", {"queries": 7}),
    "input": ("POST", "/v1/embeddings", {"input": [1] * MANY}),
    "an input's context": ("POST", "/v1/embeddings", {"input": [{"tag": "a", "context": [1] * MANY}]}),
    "an input's unknown fields": ("POST", "/v1/embeddings", {"input": {f"f{n}": 1 for n in range(70_000)}}),
    "a document's tags": ("POST", "/v1/documents", {"id": 1, "tags": [1] * MANY}),
    "a document's unknown fields": ("POST", "/v1/documents", {f"f{n}": 1 for n in range(70_000)}),
    "documents": ("POST", "/v1/evaluations", {"protocol": "oov", "documents": [1] * MANY}),
    "a document": ("POST", "/v1/evaluations", {"protocol": "oov", "documents": [[1] * MANY]}),
    "cutoffs": ("POST", "/v1/evaluations", {"protocol": "oov", "corpus": "demo", "k": [0] * MANY}),
    "an alias's target": ("PUT", "/v1/tag-aliases/a", {"target": ["b"] * MANY}),
    "a model": ("PUT", "/v1/aliases/default", {"model": "m" * 900_000}),
}  # fmt: skip


@pytest.mark.parametrize("wrong", BODIES)
def test_a_problem_is_short(server: httpx.Client, wrong: str) -> None:
    method, path, body = BODIES[wrong]
    refused = server.request(method, path, json=body)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.status_code in {404, 422}
    assert len(refused.content) < MOST_BYTES
    problem = refused.json()
    assert len(problem["errors"]) <= 20
    assert problem["error_count"] >= len(problem["errors"])


def test_twenty_faults_are_listed_and_all_are_counted(server: httpx.Client) -> None:
    fields = {f"f{n}": 1 for n in range(30)}
    problem = server.post("/v1/prime", json={"tag": "a", **fields}).json()
    assert (len(problem["errors"]), problem["error_count"]) == (20, 30)
    assert problem["detail"].endswith("and 27 more")


def test_each_problem_of_a_batch_is_short(server: httpx.Client) -> None:
    queries = [{"tag": "a", "context": [1] * 900}] * 256
    found = server.post("/v1/prime/batch", json={"queries": queries})
    assert {item["status"] for item in found.json()["items"]} == {422}
    assert len(found.content) < 256 * 1000


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/" + "%F0%90%80%80" * 4000, 404),
        ("/v1/tags?" + "&".join(f"f{n}=1" for n in range(8000)), 422),
        ("/v1/tags?" + "f" * 50_000 + "=1", 422),
        ("/v1/tags?limit=" + "9" * 50_000, 422),
        ("/v1/tags?cursor=" + "!" * 50_000, 422),
        ("/v1/models/" + "m" * 50_000, 404),
        ("/v1/aliases/" + "m" * 50_000, 422),
        ("/?limit=" + "9" * 50_000, 422),
    ],
)
def test_a_problem_of_an_address_is_short(server: httpx.Client, path: str, status: int) -> None:
    refused = server.get(path)
    assert refused.status_code == status
    assert len(refused.content) < MOST_BYTES


def test_a_media_type_is_shown_cut_short(server: httpx.Client) -> None:
    refused = server.post("/v1/documents", content=b"{}", headers={"Content-Type": b"\xe9" * 20_000})
    assert refused.status_code == 415
    assert len(refused.content) < 1000


def test_the_faulty_lines_of_a_stream_are_counted_and_few_are_listed(server: httpx.Client) -> None:
    lines = {"content": b"x\n" * MANY, "headers": {"Content-Type": "application/x-ndjson"}}
    refused = server.post("/v1/documents?on_fault=refuse", **lines).json()  # type: ignore[arg-type]
    assert (len(refused["errors"]), refused["error_count"]) == (20, MANY)
    written = server.post("/v1/documents", **lines)  # type: ignore[arg-type]
    assert written.json()["faulty"] == MANY
    assert len(json.dumps(written.json())) < MOST_BYTES
