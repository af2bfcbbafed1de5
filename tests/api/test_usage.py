"""OOV tags through the store: documents in, another ranking out, and none of it waits for the store."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx

from app.db.engine import open_engine, transaction
from app.db.migrations import upgrade
from app.db.repository import upsert_documents
from app.services.store.usage import read_usage
from app.services.tags.resolve import TagRules
from models.bundle import load_bundle
from models.catalogues.document import Document
from tests.api.conftest import command, wait_for

Serve = Callable[..., AbstractContextManager[str]]
COLLECTION = [
    {"id": "1", "tags": ["Vaporwave", "chillout", "ambient"]},
    {"id": "2", "tags": ["vaporwave", "Hip-Hop", "ambient"]},
    {"id": "3", "tags": ["vaporwave", "seen live"]},
    {"id": "4", "tags": ["jazz", "seen live"]},
]


def write_collection(path: Path) -> Path:
    path.write_text("".join(json.dumps(document) + "\n" for document in COLLECTION), encoding="utf-8")
    return path


def test_an_imported_collection_answers_for_an_unknown_tag(
    serve: Serve, bundle_path: Path, database_url: str, tmp_path: Path
) -> None:
    file = write_collection(tmp_path / "mine.jsonl")
    options = ("--bundle", str(bundle_path), "--database", database_url)
    with serve(*options, TAGPRIME_STORE_REFRESH_SECONDS="0.1") as address:

        def ask(tag: str) -> dict[str, object]:
            answer: dict[str, object] = httpx.post(f"{address}/prime", json={"tag": tag}).json()
            return answer

        assert ask("vaporwave")["results"] == []
        done = subprocess.run(
            command("documents", "import", str(file), "--database", database_url),
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == "4 created, 0 updated, 0 unchanged\n"
        wait_for(lambda: ask("vaporwave")["results"] != [])
        answer = ask("Vapor-Wave")
        assert answer["in_vocabulary"] is False
        assert answer["resolved"] == {
            "tag": "vapor-wave",
            "step": "oov",
            "usage": "store",
            "usage_documents": 3,
        }
        assert ask("never seen anywhere")["results"] == []


def test_usage_counts_what_documents_say(bundle_path: Path, database_url: str) -> None:
    engine = open_engine(database_url)
    upgrade(engine)
    vocabulary = load_bundle(bundle_path).vocabulary
    with transaction(engine) as connection:
        upsert_documents(connection, [Document.of(d["id"], d["tags"]) for d in COLLECTION])
        snapshot = read_usage(connection, vocabulary, TagRules(), max_tags=10)
        fewer = read_usage(connection, vocabulary, TagRules(), max_tags=1)
    usage = snapshot.get("vaporwave")
    assert usage is not None
    assert usage.n_documents == 3
    counts = {
        vocabulary.index_to_key[i]: n for i, n in zip(usage.indices.tolist(), usage.counts, strict=True)
    }
    assert counts == {"chillout": 1, "ambient": 2, "hip hop": 1}
    assert set(snapshot.by_tag) == {"vaporwave", "seen live"}
    assert set(fewer.by_tag) == {"vaporwave"}, "the most used come first"
    engine.dispose()


def test_queries_are_answered_while_the_store_is_away(serve: Serve, bundle_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and says nothing
        silent_store = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        for url, wait in ((silent_store, "5"), ("sqlite:////nowhere/at/all.db", "5")):
            arguments = ("--bundle", str(bundle_path), "--database", url)
            with serve(*arguments, TAGPRIME_STORE_TIMEOUT_SECONDS=wait) as address:
                body = {"tag": "vaporwave", "context": ["jazz"]}
                answer = httpx.post(f"{address}/prime", json=body, timeout=4)  # less than the store may take
                assert answer.json()["resolved"]["usage"] == "context"
                # Ready as soon as the first attempt to read the store has ended.
                wait_for(lambda at=address: httpx.get(f"{at}/readyz", timeout=4).status_code == 200)
                faults = httpx.get(f"{address}/readyz", timeout=4).json()["faults"]
                assert faults == ["the store does not answer"]


def test_usage_comes_back_when_the_store_does(serve: Serve, bundle_path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "later"
    url = f"sqlite:///{folder / 'store.db'}"
    arguments = ("--bundle", str(bundle_path), "--database", url)
    with serve(*arguments, TAGPRIME_STORE_REFRESH_SECONDS="0.1") as address:

        def known() -> bool:
            return bool(httpx.post(f"{address}/prime", json={"tag": "vaporwave"}).json()["results"])

        assert not known()
        folder.mkdir()
        engine = open_engine(url)
        upgrade(engine)
        with transaction(engine) as connection:
            upsert_documents(connection, [Document.of("1", ["vaporwave", "ambient"])])
        wait_for(known)
        engine.dispose()
