"""Many queries at once, and vectors for an app's own store."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from models.bundle import load_bundle


def embed(server: httpx.Client, **body: Any) -> dict[str, Any]:
    response = server.post("/v1/embeddings", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def vectors(answer: dict[str, Any]) -> np.ndarray[Any, Any]:
    return np.array([item["embedding"] for item in answer["data"]], dtype=np.float32)


def test_a_batch_answers_each_query_as_if_it_came_alone(server: httpx.Client) -> None:
    queries: list[Any] = [
        {"tag": "jazz", "context": ["ambient"]},
        {"tag": ""},
        {"tag": "lo-fi", "limit": 3},
        {"tag": "jazz", "limit": "x"},
        "jazz",
        {"tag": "jazz", "model": "none"},
        {"tag": "unheard of"},
    ]
    items = server.post("/v1/prime/batch", json={"queries": queries}).json()["items"]
    for query, item in zip(queries, items, strict=True):
        alone = server.post("/v1/prime", json=query)
        assert item["status"] == alone.status_code
        if "result" in item:
            assert item["result"] == alone.json()
        else:
            assert item["problem"]["code"] == alone.json()["code"]
            pointers = [fault["pointer"] for fault in item["problem"]["errors"]]
            assert pointers == [fault["pointer"] for fault in alone.json()["errors"]]
    assert [item["status"] for item in items] == [200, 422, 200, 422, 422, 404, 200]


@pytest.mark.parametrize("queries", [[], [{"tag": "jazz"}] * 257, "jazz", None])
def test_a_batch_that_is_none_is_refused_as_a_whole(server: httpx.Client, queries: Any) -> None:
    refused = server.post("/v1/prime/batch", json={"queries": queries})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/queries"
    assert "TAGPRIME_MAX_BATCH" in refused.text or not queries or isinstance(queries, str)


def test_vectors_have_openais_shape(server: httpx.Client) -> None:
    answer = embed(server, input=["jazz", {"tag": "lo-fi", "context": ["hip hop"]}])
    assert answer["object"] == "list"
    assert [(item["object"], item["index"]) for item in answer["data"]] == [
        ("embedding", 0),
        ("embedding", 1),
    ]
    assert answer["usage"] == {"prompt_tokens": 0, "total_tokens": 0}
    assert answer["model"].startswith("small@")
    one = embed(server, input="jazz")
    assert one["data"][0]["embedding"] == answer["data"][0]["embedding"]


def test_base64_is_the_same_vector(server: httpx.Client) -> None:
    plain = vectors(embed(server, input=["jazz"]))
    packed = embed(server, input=["jazz"], encoding_format="base64")["data"][0]["embedding"]
    assert np.array_equal(np.frombuffer(base64.b64decode(packed), dtype="<f4"), plain[0])


def test_an_own_store_gives_the_services_ranking(server: httpx.Client, bundle_path: Path) -> None:
    context = ["hip hop", "chillout"]
    tags = [tag for tag in load_bundle(bundle_path).vocabulary.index_to_key if tag != "lo-fi"]
    query = vectors(embed(server, input={"tag": "lo-fi", "context": context}))[0]
    # Candidates move with the context of the query, its tag included.
    indexed = embed(
        server,
        input=[{"tag": tag, "context": sorted({*context, "lo-fi"} - {tag})} for tag in tags],
        input_type="query",
    )
    distances = np.linalg.norm(vectors(indexed) - query, axis=1)
    assert len(distances) == len(tags)
    candidates = vectors(embed(server, input=["jazz"], input_type="candidate"))
    assert np.allclose(candidates, vectors(embed(server, input=["jazz"])), atol=1e-6)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"input": []}, "/input"),
        ({"input": [""]}, "/input/0/tag"),
        ({"input": ["unheard of"]}, "/input/0"),
        ({"input": ["jazz", "vaporwave"], "input_type": "candidate"}, "/input/1"),
        ({"input": ["jazz"] * 257}, "/input"),
        ({"input": [{"tag": "jazz", "context": ["rock"] * 101}]}, "/input/0/context"),
        ({"input": [{"tag": "jazz", "context": [""]}]}, "/input/0/context/0"),
        ({"input": "jazz", "dimensions": 3}, "/dimensions"),
    ],
)
def test_what_has_no_vector_is_named(server: httpx.Client, body: dict[str, Any], pointer: str) -> None:
    refused = server.post("/v1/embeddings", json=body)
    assert refused.status_code == 422
    assert any(fault["pointer"].startswith(pointer) for fault in refused.json()["errors"]), json.dumps(
        refused.json()
    )
