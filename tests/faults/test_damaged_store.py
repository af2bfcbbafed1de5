"""A store whose file is no database, is damaged or is deleted: 503, and every other answer as before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import serving, wait_for


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """The file of a store."""
    return tmp_path / "store.db"


@contextmanager
def served(store: Path) -> Iterator[httpx.Client]:
    """A client of a server with a store at this file."""
    with (
        serving("--database", f"sqlite:///{store}", TAGPRIME_STORE_REFRESH_SECONDS="0.1") as address,
        httpx.Client(base_url=address) as client,
    ):
        yield client


def test_a_file_that_is_no_database_is_a_store_that_is_away(store: Path) -> None:
    store.write_bytes(b"this is no database" * 1000)
    with served(store) as client:
        for answer in (
            client.get("/v1/documents"),
            client.post("/v1/documents", json={"id": "1", "tags": ["jazz"]}),
            client.put("/v1/tag-aliases/jaz", json={"target": "jazz"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
            assert str(store.parent) not in answer.text
        assert client.post("/prime", json={"tag": "jazz"}).status_code == 200
        assert client.get("/readyz").json() == {
            "status": "degraded",
            "faults": ["the store does not answer"],
        }
        store.unlink()
        wait_for(lambda: client.get("/readyz").json()["status"] == "ok")
        assert client.post("/v1/documents", json={"id": "1", "tags": ["jazz"]}).status_code == 201


def test_a_deleted_file_is_noticed_before_a_write_is_confirmed(store: Path) -> None:
    away = store.with_name("away.db")
    with served(store) as client:
        wait_for(lambda: client.get("/v1/documents").is_success)
        assert client.post("/v1/documents", json={"id": "before", "tags": ["jazz"]}).status_code == 201
        store.rename(away)
        for number in range(40):
            answer = client.post("/v1/documents", json={"id": f"lost-{number}", "tags": ["jazz"]})
            assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
        assert client.get("/v1/documents").status_code == 503
        assert client.post("/prime", json={"tag": "jazz"}).status_code == 200
        assert not store.exists(), "no empty store takes its place"
        away.rename(store)
        wait_for(lambda: client.post("/v1/documents", json={"id": "after", "tags": ["jazz"]}).is_success)
        listed = [document["id"] for document in client.get("/v1/documents").json()["documents"]]
        assert listed == ["after", "before"]


def test_a_file_that_is_damaged_while_it_is_open_is_a_store_that_is_away(store: Path) -> None:
    with served(store) as client:
        wait_for(lambda: client.get("/v1/documents").is_success)
        lines = b"".join(b'{"id": "%d", "tags": ["tag %d"]}\n' % (n, n) for n in range(2000))
        headers = {"Content-Type": "application/x-ndjson"}
        assert client.post("/v1/documents", content=lines, headers=headers).is_success
        with sqlite3.connect(store) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        with store.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * (store.stat().st_size - 4096))
        answers = [client.get("/v1/documents", params={"limit": 100}) for _ in range(3)]
        answers += [client.post("/v1/documents", content=lines, headers=headers)]
        assert {answer.status_code for answer in answers} == {503}
        assert {answer.json()["code"] for answer in answers} == {"store_unavailable"}
        assert client.post("/prime", json={"tag": "jazz"}).status_code == 200
        wait_for(lambda: client.get("/readyz").json()["status"] == "degraded")
