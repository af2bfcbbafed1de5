"""Many queries at once, and vectors for an app's own store."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings


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
    # Equal but for rounding: a matrix library may add up one row and several in different orders.
    assert one["data"][0]["embedding"] == pytest.approx(answer["data"][0]["embedding"], abs=1e-5)


def test_base64_is_the_same_vector(server: httpx.Client) -> None:
    plain = vectors(embed(server, input=["jazz"]))
    packed = embed(server, input=["jazz"], encoding_format="base64")["data"][0]["embedding"]
    assert np.array_equal(np.frombuffer(base64.b64decode(packed), dtype="<f4"), plain[0])


QUERIES: list[dict[str, Any]] = [
    {"tag": "lo-fi", "context": ["hip hop", "chillout"]},
    {"tag": "jazz", "context": ["ambient"]},
    {"tag": "jazz"},  # alone: the scores come from cooccurrence shares
    {"tag": "never used", "context": ["jazz", "ambient"]},
]


def own_store(server: httpx.Client, query: dict[str, Any], tags: list[str], **body: Any) -> list[str]:
    """Return tags by the metric of their vectors, the query and its context left out, best first."""
    context = sorted({*query.get("context", []), query["tag"]} & set(tags))
    listed = [tag for tag in tags if tag not in context]
    asked = embed(server, input=query, **body)
    inputs = [{"tag": tag, "context": context} for tag in listed]
    indexed = embed(server, input=inputs, input_type="candidate", **body)
    assert asked["dimensions"] == indexed["dimensions"] == vectors(asked).shape[1]
    if asked["metric"] == "ip":
        nearness = vectors(indexed) @ vectors(asked)[0]
    else:
        nearness = -np.linalg.norm(vectors(indexed) - vectors(asked)[0], axis=1)
    return [listed[position] for position in np.argsort(-nearness, kind="stable")]


def ranked(server: httpx.Client, query: dict[str, Any]) -> list[str]:
    answer = server.post("/prime", json={**query, "limit": 10}).json()
    return [result["tag"] for result in answer["results"]]


@pytest.mark.parametrize("query", QUERIES)
def test_an_own_store_of_full_width_gives_the_services_ranking(
    server: httpx.Client, tags: tuple[str, ...], query: dict[str, Any]
) -> None:
    model = server.get("/v1/models/default").json()["embeddings"]
    answer = embed(server, input=query, dimensions=model["full"])
    assert answer["overlap"] == 1
    best = ranked(server, query)
    assert own_store(server, query, list(tags), dimensions=model["full"])[: len(best)] == best


@pytest.mark.parametrize("query", QUERIES[:3])
def test_an_own_store_of_a_siamese_bundle_gives_the_services_ranking(
    siamese_client: TestClient, tags: tuple[str, ...], query: dict[str, Any]
) -> None:
    best = ranked(siamese_client, query)
    assert own_store(siamese_client, query, list(tags))[: len(best)] == best


def test_smaller_vectors_begin_larger_ones_and_say_their_overlap(server: httpx.Client) -> None:
    model = server.get("/v1/models/default").json()["embeddings"]
    usual, smaller = (embed(server, input=["jazz"], **body) for body in ({}, {"dimensions": 2}))
    assert usual["dimensions"] == model["default"] < model["smaller"] < model["full"]
    assert usual["overlap"] == model["overlap"][str(model["default"])]
    assert smaller["overlap"] == 0  # narrower than anything that was measured
    assert np.allclose(vectors(smaller)[0], vectors(usual)[0][:2], atol=1e-5)


def test_the_demo_bundle_keeps_its_overlap(demo_client: TestClient) -> None:
    model = demo_client.get("/v1/models/default").json()["embeddings"]
    assert model["overlap"][str(model["default"])] >= 0.95
    tags = [tag["tag"] for tag in demo_client.get("/v1/tags", params={"limit": 1000}).json()["tags"]]
    indexed = np.concatenate(
        [
            vectors(embed(demo_client, input=tags[start : start + 256], input_type="candidate"))
            for start in range(0, len(tags), 256)
        ]
    )
    shares = []
    for query in DEMO_QUERIES:
        left_out = {query["tag"], *query["context"]}
        nearness = indexed @ vectors(embed(demo_client, input=query))[0]
        nearest = [tags[position] for position in np.argsort(-nearness) if tags[position] not in left_out]
        shares.append(len(set(nearest[:10]) & set(ranked(demo_client, query))) / 10)
    assert np.mean(shares) >= 0.9  # the overlap on held-out queries is .95; these are few


DEMO_QUERIES: list[dict[str, Any]] = [
    {"tag": "lo-fi", "context": ["hip hop", "chill"]},
    {"tag": "lo-fi", "context": ["indie rock", "garage"]},
    {"tag": "acoustic", "context": ["folk"]},
    {"tag": "jazz", "context": []},
    {"tag": "techno", "context": ["dark", "hypnotic"]},
]


@pytest.fixture(scope="module")
def demo_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The application with the shipped demo bundle."""
    store = tmp_path_factory.mktemp("store") / "store.db"
    with TestClient(create_app(Settings(database_url=f"sqlite:///{store}"))) as client:
        yield client


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
        ({"input": "jazz", "dimensions": 7}, "/dimensions"),
        ({"input": "jazz", "dimensions": 13}, "/dimensions"),
        ({"input": "jazz", "dimensions": 0}, "/dimensions"),
    ],
)
def test_what_has_no_vector_is_named(server: httpx.Client, body: dict[str, Any], pointer: str) -> None:
    refused = server.post("/v1/embeddings", json=body)
    assert refused.status_code == 422
    assert any(fault["pointer"].startswith(pointer) for fault in refused.json()["errors"]), json.dumps(
        refused.json()
    )
