"""Weights of tags over HTTP, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.schemas.documents import DocumentRequest

SHAPES = [
    ["rock", {"name": "pop", "count": 5}],
    ["rock", {"tag": "pop", "weight": 5.0}],
    [["pop", "5"], ["rock", 1]],
    {"rock": 1, "pop": 5},
    [{"name": "pop", "value": 2}, "rock", {"tag": "POP", "score": 3}],
]


@pytest.mark.parametrize("tags", SHAPES, ids=json.dumps)
def test_every_shape_is_one_document(client: TestClient, tags: Any) -> None:
    answer = client.post("/v1/documents", json={"id": 1, "tags": tags})
    assert answer.status_code == 201, answer.text
    held = client.get("/v1/documents/1").json()
    assert (held["tags"], held["weights"]) == (["pop", "rock"], {"pop": 5, "rock": 1})
    assert client.post("/v1/documents", json={"id": 1, "tags": SHAPES[0]}).status_code == 200
    assert client.get("/v1/documents/1").json() == held, "what is there already is left alone"


def test_tags_without_weights_have_none(client: TestClient) -> None:
    client.post("/v1/documents", json={"id": 1, "tags": ["pop", {"tag": "rock", "weight": 1}]})
    assert client.get("/v1/documents/1").json()["weights"] is None


@pytest.mark.parametrize(
    ("tags", "pointer", "detail"),
    [
        (["rock", {"tag": "pop", "weight": 0}], "/tags/1", "above 0"),
        (["rock", ["pop", -1]], "/tags/1", "above 0"),
        ({"rock": 1, "pop": "many"}, "/tags/1", "finite number"),
        (["rock", {"tag": "pop", "votes": 3}], "/tags/1", "'votes' is no field of a tag"),
        (["rock", {"tag": "pop", "name": "pop"}], "/tags/1", "one name and at most one weight"),
        (["rock", {"tag": "pop", "weight": 3, "count": 2}], "/tags/1", "one name and at most one weight"),
        (["rock", 5], "/tags/1", "must be text"),
        (["rock", ["pop", 1, 2]], "/tags/1", "must be text"),
        ([{"weight": 3}], "/tags/0", "must be text"),
        ([["pop", 1], ["", 2]], "/tags/1", "visible character"),
        ([["pop", 1.7e308], ["POP", 1.7e308]], "/tags", "got inf"),
    ],
)
def test_what_is_no_weight_is_refused(client: TestClient, tags: Any, pointer: str, detail: str) -> None:
    answer = client.post("/v1/documents", json={"id": 1, "tags": tags})
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert detail in answer.json()["errors"][0]["detail"]


def test_a_stream_takes_every_shape(client: TestClient) -> None:
    body = "".join(json.dumps({"id": n, "tags": tags}) + "\n" for n, tags in enumerate(SHAPES))
    answer = client.post("/v1/documents", content=body, headers={"Content-Type": "application/x-ndjson"})
    assert answer.json()["created"] == len(SHAPES), answer.text
    listed = client.get("/v1/documents").json()["documents"]
    assert [document["weights"] for document in listed] == [{"pop": 5, "rock": 1}] * len(SHAPES)


def test_a_context_may_have_weights(client: TestClient, tags: tuple[str, ...]) -> None:
    plain = {"tag": tags[0], "context": [tags[1], tags[2]]}
    weighted = {"tag": tags[0], "context": [{"tag": tags[1], "weight": 5}, {"name": tags[2], "count": 1}]}
    answer = client.post("/prime", json=weighted)
    assert answer.status_code == 200, answer.text
    assert answer.json() == client.post("/prime", json=plain).json()
    vectors = [client.post("/v1/embeddings", json={"input": query}).json() for query in (plain, weighted)]
    assert vectors[0] == vectors[1]
    refused = client.post(
        "/prime", json={"tag": tags[0], "context": [tags[1], {"tag": tags[2], "weight": 0}]}
    )
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/context/1"]
    assert "above 0" in refused.json()["errors"][0]["detail"]


def test_a_plain_document_is_the_same_request_as_before_there_were_weights() -> None:
    """A key that was used before an upgrade still belongs to its request."""
    request = DocumentRequest.model_validate_json('{"id": "a", "tags": ["Rock", "pop"]}')
    assert request.model_dump_json() == '{"id":"a","tags":["Rock","pop"],"group":null}'
