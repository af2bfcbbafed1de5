"""GET /v1/prime for caches, and ETags of what can be read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.services.access.keys import create_key
from app.settings import Settings
from tests.api.conftest import wait_for
from tests.api.test_bad_input import assert_problem


@pytest.mark.parametrize(
    "query",
    [
        {"tag": "jazz"},
        {"tag": "Hip-Hop", "context": ["chillout", "ac/dc"], "limit": 3, "explain": True, "focus": 2.5},
        {"tag": "beyoncé", "exclude": ["jazz", "ambient"], "include_context": True, "score_threshold": -1.5},
        {"tag": "no such tag", "context": ["jazz"], "model": "default"},
    ],
)
def test_the_same_is_answered_as_to_a_post(client: TestClient, query: dict[str, Any]) -> None:
    got = client.get("/v1/prime", params=query)
    assert (got.status_code, got.headers["content-type"]) == (200, "application/json")
    assert got.json() == client.post("/v1/prime", json=query).json()


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "query:tag"),
        ("tag=", "query:tag"),
        ("tag=a&limit=0", "query:limit"),
        ("tag=a&limit=1001", "query:limit"),
        ("tag=a&limit=x", "query:limit"),
        ("tag=a&context=b&context=%00", "query:context/1"),
        ("tag=a&contexts=b", "query:contexts"),
        ("tag=a&focus=11", "query:focus"),
        ("tag=a&" + "context=b&" * 101, "query:context"),
    ],
)
def test_faults_are_told_by_parameter(server: httpx.Client, query: str, pointer: str) -> None:
    found = assert_problem(server.get(f"/v1/prime?{query}"), 422, "invalid_request")
    assert pointer in [fault["pointer"] for fault in found["errors"]]
    assert_problem(server.get("/v1/prime?tag=a&model=nope"), 404, "model_not_found")


def test_what_a_cache_holds_is_sent_again_only_if_it_has_changed(client: TestClient) -> None:
    refresh = client.app.state.runtime.monitor.refresh  # type: ignore[attr-defined]
    url = "/v1/prime?tag=jazz&context=ambient"
    first = client.get(url)
    etag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, max-age=0"
    for named in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        same = client.get(url, headers={"If-None-Match": named})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
        assert client.head(url, headers={"If-None-Match": named}).status_code == 304
    assert client.get(url, headers={"If-None-Match": '"other"'}).json() == first.json()

    client.put("/v1/tag-aliases/dub", json={"target": "jazz"})
    refresh()
    ruled = client.get(url, headers={"If-None-Match": etag})
    assert (ruled.status_code, ruled.headers["etag"] != etag) == (200, True)

    client.post("/v1/documents", json={"id": "a", "tags": ["vaporwave", "jazz"]})
    refresh()
    used = client.get(url, headers={"If-None-Match": ruled.headers["etag"]})
    assert used.status_code == 200
    assert client.get(url, headers={"If-None-Match": used.headers["etag"]}).status_code == 304


def test_two_bundles_have_two_etags(
    bundle_path: Path, siamese_bundle_path: Path, database_url: str, tmp_path: Path
) -> None:
    for path in (bundle_path, siamese_bundle_path):
        shutil.copytree(path, tmp_path / "bundles" / path.name)
    settings = Settings(bundles=tmp_path / "bundles", bundle=bundle_path, database_url=database_url)
    with TestClient(create_app(settings)) as client:
        models = [f"{m['name']}@{m['version']}" for m in client.get("/v1/models").json()["models"]]
        answers = [client.get("/v1/prime", params={"tag": "jazz", "model": model}) for model in models]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].headers["etag"] != answers[1].headers["etag"]
    assert answers[0].headers["cache-control"] == "public, max-age=2"


def test_replicas_agree_on_etags(
    serve: Callable[..., AbstractContextManager[str]], bundle_path: Path, store_url: str
) -> None:
    arguments = ("--bundle", str(bundle_path), "--database", store_url)
    query = {"tag": "jazz"}
    with serve(*arguments) as one, serve(*arguments) as other:
        httpx.put(f"{one}/v1/tag-aliases/dub", json={"target": "jazz"})
        httpx.post(f"{one}/v1/documents", json={"id": "a", "tags": ["vaporwave", "jazz"]})

        def answer(address: str) -> str:
            return httpx.get(f"{address}/v1/prime", params={"tag": "vaporwave"}).text

        wait_for(lambda: '"store"' in answer(one) and '"store"' in answer(other))
        wait_for(
            lambda: (
                httpx.get(f"{one}/v1/prime", params=query).headers["etag"]
                == httpx.get(f"{other}/v1/prime", params=query).headers["etag"]
            )
        )


@pytest.mark.parametrize(
    "path",
    [
        "/v1/tags", "/v1/tags/jazz", "/v1/tags/suggest?q=ja", "/v1/models", "/v1/models/default",
        "/v1/documents", "/v1/documents/a", "/v1/tag-aliases", "/v1/aliases", "/v1/aliases/default",
        "/v1/evaluations",
    ],
)  # fmt: skip
def test_what_can_be_read_has_an_etag(client: TestClient, path: str) -> None:
    client.post("/v1/documents", json={"id": "a", "tags": ["jazz"]})
    first = client.get(path)
    etag = first.headers["etag"]
    assert (first.status_code, first.headers["cache-control"]) == (200, "no-cache")
    same = client.get(path, headers={"If-None-Match": etag})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    if "documents" in path:
        client.post("/v1/documents", json={"id": "a", "tags": ["ambient"]})
        assert client.get(path, headers={"If-None-Match": etag}).json() != first.json()


def test_a_problem_has_no_etag(client: TestClient) -> None:
    missing = client.get("/v1/documents/none", headers={"If-None-Match": "*"})
    assert (missing.status_code, "etag" in missing.headers) == (404, False)


def test_answers_to_keys_are_for_nobody_else(bundle_path: Path, database_url: str) -> None:
    settings = Settings(bundle=bundle_path, database_url=database_url, auth="required")
    with TestClient(create_app(settings)) as client:
        assert client.get("/v1/prime?tag=jazz", headers={"If-None-Match": "*"}).status_code == 401
        wait_for(lambda: client.app.state.runtime.monitor.up)  # type: ignore[attr-defined]
        key, _ = create_key(client.app.state.runtime.engine, "read", "reader", None)  # type: ignore[attr-defined]
        answer = client.get("/v1/prime?tag=jazz", headers={"Authorization": f"Bearer {key}"})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "private, max-age=2")
