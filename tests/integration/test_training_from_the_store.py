"""`tagprime train store`: what the service was sent is what training reads."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.db.engine import transaction
from app.db.repository import upsert_documents
from app.db.tag_aliases import put_aliases
from app.services.documents.export import cleaned_documents
from models.bundle import load_bundle
from models.catalogues.document import Document
from models.errors import CorpusError, StoreError
from tests.api.conftest import command
from tests.integration.test_examples import TINY
from training.corpora import load_corpus

SCENES = (("hip hop", "beats", "chill", "jazz"), ("garage", "indie", "punk", "live"))


def fill(store: Engine, n_documents: int = 80) -> None:
    """Two scenes, a spelling that an alias mends, and junk."""
    with transaction(store) as connection:
        put_aliases(connection, {"hiphop": "hip hop", "seen live": None})
        upsert_documents(
            connection,
            [
                Document(
                    f"{i:04}",
                    ("hiphop" if i % 4 else "hip hop", *SCENES[i % 2][1:], "seen live"),
                    f"artist {i // 8}",
                )
                for i in range(n_documents)
            ],
        )
        upsert_documents(connection, [Document("junk alone", ("seen live",), "artist x")])


def test_it_reads_what_the_export_writes(store: Engine, store_url: str, tmp_path: Path) -> None:
    fill(store)
    corpus = load_corpus("store", database=store_url)
    exported = tmp_path / "exported.jsonl"
    export = command("documents", "export", str(exported), "--database", store_url)
    subprocess.run(export, check=True, capture_output=True)
    same = load_corpus("jsonl", exported)
    assert (corpus.document_ids, corpus.groups) == (same.document_ids, same.groups)
    assert corpus.fingerprint == same.fingerprint == corpus.provenance.files["documents"]
    assert corpus.n_documents == 80
    assert "hip hop" in corpus.index_to_key
    assert not {"hiphop", "seen live"} & set(corpus.index_to_key)


def test_groups_are_told_only_if_all_documents_have_one(store: Engine, store_url: str) -> None:
    fill(store)
    assert len(set(load_corpus("store", database=store_url).groups or ())) == 10
    with transaction(store) as connection:
        upsert_documents(connection, [Document("alone", ("jazz",))])
    assert load_corpus("store", database=store_url).groups is None


def test_what_is_written_meanwhile_is_not_read(store: Engine) -> None:
    fill(store, 2500)
    documents = cleaned_documents(store)
    first = next(documents)
    with transaction(store) as connection:
        upsert_documents(connection, [Document("zzz", ("late",))])
    assert "zzz" not in [first.id, *(document.id for document in documents)]


def test_a_bundle_is_trained_and_says_where_it_comes_from(
    store: Engine, store_url: str, tmp_path: Path
) -> None:
    fill(store)
    recipe, out = tmp_path / "tiny.toml", tmp_path / "tonight"
    recipe.write_text(TINY, "utf-8")
    done = subprocess.run(
        command(
            *("train", "store", "--database", store_url, "--recipe", str(recipe), "--out", str(out)),
            *("--min-documents", "3", "--min-tags", "2"),
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"tonight \w{16}, 7 tags", " ".join(done.stdout.split()))
    corpus = load_bundle(out).manifest.corpus
    assert (corpus["name"], corpus["n_documents"]) == ("store", 80)
    assert store_url not in str(corpus)


def test_what_is_no_store_is_told(tmp_path: Path, store_url: str) -> None:
    with pytest.raises(CorpusError, match="a store has no path"):
        load_corpus("store", tmp_path)
    with pytest.raises(CorpusError, match="corpus store holds no document"):
        load_corpus("store", database=f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(StoreError, match="'mysql'"):
        load_corpus("store", database="mysql://x/y")
    with pytest.raises(CorpusError, match="no option 'database'"):
        load_corpus("demo", database=store_url)
