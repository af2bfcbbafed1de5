"""Bundles and aliases: found, swapped under load, rolled back; a bad one never becomes active."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from models.bundle import load_bundle
from models.bundle_writing import save_bundle
from models.vocabulary import Vocabulary
from tests.api.conftest import TAGS, wait_for
from tests.conftest import DESCRIPTION, random_siamese_encoder

Serve = Callable[..., AbstractContextManager[str]]


def make(folder: Path, name: str, seed: int) -> str:
    """Save a bundle and return its NAME@VERSION."""
    encoder = random_siamese_encoder(n_tags=len(TAGS), seed=seed)
    described = {**DESCRIPTION, "name": name, "training": {"seed": seed}}
    bundle = save_bundle(
        folder / f"{name}-{seed}", encoder, Vocabulary(TAGS, range(1, len(TAGS) + 1)), described
    )
    return f"{bundle.name}@{bundle.version}"


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    """A registry of two versions of one bundle, and a damaged third."""
    folder = tmp_path / "bundles"
    folder.mkdir()
    make(folder, "catalogue", 1)
    make(folder, "catalogue", 2)
    make(folder, "broken", 3)
    (folder / "broken-3" / "encoder.safetensors").write_bytes(b"")
    return folder


def version(folder: Path, name: str) -> str:
    bundle = load_bundle(folder / name)
    return f"{bundle.name}@{bundle.version}"


@pytest.fixture
def registry(bundle_path: Path, bundles: Path, store_url: str) -> Iterator[TestClient]:
    """The application over the registry, on each database."""
    settings = Settings(bundle=bundle_path, bundles=bundles, database_url=store_url)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        wait_for(lambda: client.get("/v1/aliases").status_code == 200)
        yield client


@pytest.fixture
def live_registry(serve: Serve, bundle_path: Path, bundles: Path, store_url: str) -> Iterator[httpx.Client]:
    """A server over the registry, on each database."""
    arguments = ("--bundle", str(bundle_path), "--database", store_url)
    with (
        serve(*arguments, TAGPRIME_BUNDLES=str(bundles)) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        wait_for(lambda: client.get("/v1/aliases").status_code == 200)
        yield client


def served(client: httpx.Client | TestClient, **body: Any) -> str:
    model = client.post("/prime", json={"tag": "jazz", **body}).json()["model"]
    return f"{model['name']}@{model['version']}"


def test_the_life_of_an_alias(registry: TestClient, bundles: Path, bundle_path: Path) -> None:
    first, second = version(bundles, "catalogue-1"), version(bundles, "catalogue-2")
    small = version(bundle_path.parent, "small")
    listed = {(m["name"], m["version"]): m for m in registry.get("/v1/models").json()["models"]}
    assert {f"{name}@{version}" for name, version in listed} >= {first, second, small}
    assert listed[tuple(small.split("@"))]["aliases"] == ["default"]  # type: ignore[index]
    assert served(registry) == small
    assert served(registry, model=first) == first

    start = registry.get("/v1/aliases/default")
    assert start.headers["etag"] == '"0"'
    moved = registry.put("/v1/aliases/default", json={"model": first}, headers={"If-Match": '"0"'})
    assert moved.status_code == 200
    assert (moved.json()["previous"], moved.headers["etag"]) == (small, '"1"')
    assert served(registry) == first
    late = registry.put("/v1/aliases/default", json={"model": second}, headers={"If-Match": '"0"'})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert served(registry) == first

    assert registry.put("/v1/aliases/default", json={"model": second}).json()["previous"] == first
    back = registry.put("/v1/aliases/default", json={"model": first})
    assert (served(registry), back.json()["previous"]) == (first, second)
    assert registry.put("/v1/aliases/beta", json={"model": second}).json()["revision"] == 1
    assert served(registry, model="beta") == second
    assert [a["alias"] for a in registry.get("/v1/aliases").json()["aliases"]] == ["beta", "default"]
    described = registry.get("/v1/models/beta").json()
    assert (described["version"], described["aliases"]) == (second.split("@")[1], ["beta"])
    assert described["manifest"]["encoder"]["kind"] == "siamese"


def test_an_unknown_model_alias_is_named(registry: TestClient) -> None:
    answer = registry.get("/v1/aliases/gamma")
    assert (answer.status_code, answer.json()["code"]) == (404, "model_alias_not_found")
    assert answer.json()["detail"] == "there is no model alias 'gamma'"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("default", {"model": "broken"}, 422),
        ("default", {"model": "none-such"}, 422),
        ("default", {"model": "../../etc"}, 422),
        ("default", {}, 422),
        ("Not%20An%20Alias", {"model": "catalogue"}, 422),
    ],
)
def test_a_bad_bundle_never_becomes_active(
    registry: TestClient, bundle_path: Path, path: str, body: dict[str, str], status: int
) -> None:
    refused = registry.put(f"/v1/aliases/{path}", json=body)
    assert refused.status_code == status
    assert served(registry) == version(bundle_path.parent, "small")
    assert registry.get("/v1/aliases/default").json()["revision"] == 0
    if body.get("model") == "broken":
        assert "encoder.safetensors" in refused.json()["detail"]
        assert registry.post("/prime", json={"tag": "jazz", "model": "broken"}).status_code == 503


def test_a_restart_serves_what_was_served_and_never_another_model_in_its_place(
    serve: Serve, bundle_path: Path, bundles: Path, database_url: str
) -> None:
    first, second = version(bundles, "catalogue-1"), version(bundles, "catalogue-2")
    start = ("--bundle", str(bundle_path), "--database", database_url)
    environment = {"TAGPRIME_BUNDLES": str(bundles)}
    with serve(*start, **environment) as address, httpx.Client(base_url=address) as client:
        client.put("/v1/aliases/default", json={"model": first})
        client.put("/v1/aliases/default", json={"model": second})
    with serve(*start, **environment) as address, httpx.Client(base_url=address) as client:
        assert served(client) == second, "from the first request on"
    (bundles / "catalogue-2" / "encoder.safetensors").write_bytes(b"")
    with serve(*start, **environment) as address, httpx.Client(base_url=address) as client:
        for refused in (client.get("/readyz"), client.post("/prime", json={"tag": "jazz"})):
            assert (refused.status_code, refused.json()["code"]) == (503, "bundle_unavailable")
            assert f"default cannot serve {second}" in refused.json()["detail"]
        assert served(client, model=first) == first
        assert 'tagprime_alias_unserved{alias="default"} 1.0' in client.get("/metrics").text
        assert client.put("/v1/aliases/default", json={"model": first}).status_code == 200
        assert served(client) == first
        assert client.get("/readyz").json() == {"status": "ok", "faults": []}
    shutil.rmtree(bundles / "catalogue-1")
    nowhere = ("--bundle", str(bundles / "nowhere"), "--database", database_url)
    with serve(*nowhere, **environment) as address, httpx.Client(base_url=address) as client:
        assert client.get("/readyz").status_code == 503
        assert client.post("/prime", json={"tag": "jazz"}).json()["code"] == "bundle_unavailable"
        assert client.get("/v1/models").status_code == 200


def test_replicas_follow_a_move(serve: Serve, bundle_path: Path, bundles: Path, store_url: str) -> None:
    first = version(bundles, "catalogue-1")
    arguments = ("--bundle", str(bundle_path), "--database", store_url)
    environment = {"TAGPRIME_BUNDLES": str(bundles), "TAGPRIME_STORE_REFRESH_SECONDS": "0.1"}
    with (
        serve(*arguments, **environment) as one,
        serve(*arguments, **environment) as other,
        httpx.Client(base_url=one) as here,
        httpx.Client(base_url=other) as there,
    ):
        wait_for(lambda: here.get("/v1/aliases").status_code == 200)
        assert here.put("/v1/aliases/default", json={"model": first}).status_code == 200
        wait_for(lambda: served(there) == first)


def test_a_hundred_swaps_under_load_lose_and_mix_nothing(live_registry: httpx.Client, bundles: Path) -> None:
    registry = live_registry
    versions = [version(bundles, "catalogue-1"), version(bundles, "catalogue-2")]
    body = {"tag": "lo-fi", "context": ["hip hop"], "limit": 100}
    wanted = {
        model: registry.post("/prime", json={**body, "model": model}).json()["results"] for model in versions
    }
    assert wanted[versions[0]] != wanted[versions[1]]
    registry.put("/v1/aliases/default", json={"model": versions[0]})

    async def run() -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = []
        swapping = True

        async def ask(client: httpx.AsyncClient) -> None:
            while swapping:
                response = await client.post("/prime", json=body)
                assert response.status_code == 200, response.text
                answers.append(response.json())

        async with httpx.AsyncClient(base_url=registry.base_url, timeout=30) as client:
            askers = [asyncio.create_task(ask(client)) for _ in range(4)]
            for swap in range(100):
                target = versions[(swap + 1) % 2]
                moved = await client.put("/v1/aliases/default", json={"model": target})
                assert moved.status_code == 200, moved.text
            swapping = False
            await asyncio.gather(*askers)
        return answers

    answers = asyncio.run(run())
    seen = set()
    for answer in answers:
        model = f"{answer['model']['name']}@{answer['model']['version']}"
        assert answer["results"] == wanted[model]
        seen.add(model)
    assert seen == set(versions)
    assert registry.get("/v1/aliases/default").json()["revision"] == 101
