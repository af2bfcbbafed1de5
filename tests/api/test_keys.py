"""Keys: every route refuses whoever may not, and nothing but 401 and 403 tells them so."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.db.engine import open_engine, transaction
from app.db.keys import add_key, revoke_key
from app.db.migrations import upgrade
from app.main import create_app
from app.scopes import OPEN, RANK, required_scope
from app.services.access.keys import create_key, new_key
from app.settings import Settings
from tests.api.conftest import command, wait_for
from tests.conftest import new_database

Keys = dict[str, str]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a store with the newest schema."""
    url = f"sqlite:///{tmp_path_factory.mktemp('keys') / 'store.db'}"
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgresql"))
    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()
    return url


@pytest.fixture(scope="module")
def keys(store: str) -> Keys:
    """A key of every kind that there is."""
    engine = open_engine(store)
    made = {scope: create_key(engine, scope, scope, timedelta(days=1))[0] for scope in RANK}
    expired, stored = new_key("admin", "expired", timedelta(days=1))
    with transaction(engine) as connection:
        add_key(connection, replace(stored, expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    revoked, stored = create_key(engine, "admin", "revoked", None)
    with transaction(engine) as connection:
        assert revoke_key(connection, stored.id)
    engine.dispose()
    return made | {"expired": expired, "revoked": revoked, "wrong": made["admin"][:-1] + "!"}


@pytest.fixture(scope="module")
def guarded(bundle_path: Path, store: str, keys: Keys) -> Iterator[TestClient]:
    """The application, with keys required."""
    settings = Settings(bundle=bundle_path, database_url=store, auth="required", store_refresh_seconds=0.05)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def routes() -> list[tuple[str, str]]:
    schema = create_app(Settings()).openapi()
    listed = [(method.upper(), path) for path, operations in schema["paths"].items() for method in operations]
    return [*listed, ("POST", "/prime"), ("GET", "/openapi.json"), ("GET", "/docs"), ("GET", "/nowhere")]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize(("method", "path"), [route for route in routes() if route[1] not in OPEN])
def test_every_route_refuses_whoever_may_not(guarded: TestClient, keys: Keys, method: str, path: str) -> None:
    filled = re.sub(r"\{\w+\}", "x", path)
    encoded = "".join(c if c == "/" else f"%{ord(c):02x}" for c in filled)
    needed = required_scope(method, filled)
    assert needed is not None
    for url in (filled, encoded):
        refused = [
            guarded.request(method, url, headers=headers)
            for headers in (
                {}, bearer(keys["wrong"]), bearer(keys["expired"]), bearer(keys["revoked"]), bearer(""),
                bearer("tp_"), bearer("tp__"), {"Authorization": keys["admin"]},
                {"Authorization": f"Basic {keys['admin']}"},
            )
        ]  # fmt: skip
        assert {response.status_code for response in refused} == {401}
        assert all(response.headers["www-authenticate"] == "Bearer" for response in refused)
        for scope in RANK:
            response = guarded.request(method, url, headers=bearer(keys[scope]))
            if RANK[scope] < RANK[needed]:
                assert (response.status_code, response.json()["code"]) == (403, "forbidden")
            else:
                assert response.status_code not in {401, 403}


def test_what_changes_something_needs_more_than_reading() -> None:
    for method, path in routes():
        if method not in {"GET"} and "prime" not in path and "embeddings" not in path:
            assert required_scope(method, path) in {"write", "admin"}, (method, path)
    assert required_scope("PUT", "/v1/aliases/default") == "admin"
    assert required_scope("PATCH", "/anything/new") == "admin"


def test_probes_stay_open(guarded: TestClient) -> None:
    assert {guarded.get(path).status_code for path in OPEN} == {200}


def test_a_key_is_made_used_and_revoked_from_the_command_line(guarded: TestClient, store: str) -> None:
    def tagprime(*arguments: str) -> str:
        done = subprocess.run(
            command("keys", *arguments, "--database", store), capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    key = tagprime("create", "--scope", "read", "--name", "app", "--expires", "90d")
    assert guarded.post("/prime", json={"tag": "jazz"}, headers=bearer(key)).status_code == 200
    key_id = key.split("_")[1]
    listed = tagprime("list")
    assert key_id in listed
    assert key.split("_", 2)[2][:10] not in listed
    assert "revoked" in tagprime("revoke", key_id)
    wait_for(lambda: guarded.get("/version", headers=bearer(key)).status_code == 401)


def test_keys_do_not_share_idempotency_keys(guarded: TestClient, keys: Keys) -> None:
    same = {"Idempotency-Key": "same"}
    one = guarded.post("/v1/documents", json={"id": 1, "tags": []}, headers=same | bearer(keys["write"]))
    other = guarded.post("/v1/documents", json={"id": 2, "tags": []}, headers=same | bearer(keys["admin"]))
    assert (one.status_code, other.status_code) == (201, 201)


def test_the_store_holds_no_key(store: str, keys: Keys) -> None:
    engine = open_engine(store)
    with transaction(engine) as connection:
        rows = str(connection.exec_driver_sql("SELECT * FROM api_keys").all())
    engine.dispose()
    assert keys["admin"].split("_", 2)[2] not in rows


def test_requests_are_limited_by_key_and_told_so(bundle_path: Path, store: str, keys: Keys) -> None:
    settings = Settings(bundle=bundle_path, database_url=store, auth="required", rate_limit="3/minute")
    with TestClient(create_app(settings)) as client:
        answers = [client.get("/version", headers=bearer(keys["read"])) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        remaining = [int(answer.headers["ratelimit-remaining"]) for answer in answers]
        assert remaining == [2, 1, 0, 0]
        assert answers[-1].headers["ratelimit-limit"] == "3"
        assert 0 < int(answers[-1].headers["retry-after"]) <= 60
        assert "TAGPRIME_RATE_LIMIT" in answers[-1].json()["detail"]
        assert client.get("/version", headers=bearer(keys["write"])).status_code == 200
        assert client.get("/livez").status_code == 200
