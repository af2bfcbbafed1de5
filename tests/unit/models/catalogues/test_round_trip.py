"""Documents survive being written and read again, whatever their tags, weights and names are."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from models.catalogues.account import Account
from models.catalogues.document import Document
from models.catalogues.jsonl import as_line
from models.catalogues.options import reading_of
from models.catalogues.reading import open_catalogue
from models.catalogues.shapes import WEIGHT_KEYS
from models.errors import TagError
from models.normalizer import normalize_tag
from training.commands.corpora import corpora
from training.corpora import load_corpus


def is_tag(text: str) -> bool:
    try:
        return normalize_tag(text) != ""
    except TagError:
        return False


text = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)
names = text.filter(str.strip)
tags = st.one_of(
    st.sampled_from(["Rock; Pop", "R&amp;B/Soul", "Folk, World, & Country", "AC/DC", "\u200bchill", "[a]"]),
    text.filter(is_tag),
)
weights = st.one_of(
    st.integers(1, 10**6).map(float), st.floats(1e-300, 1e300, allow_nan=False, allow_infinity=False)
)
written = st.lists(st.tuples(tags, st.one_of(st.none(), weights)), max_size=6)
catalogues = st.lists(
    st.tuples(names, written, names), min_size=1, max_size=6, unique_by=lambda record: record[0]
)


def documents_of(records: list[tuple[str, list[tuple[str, float | None]], str]]) -> list[Document]:
    return [Document.of(name, held, group) for name, held, group in records]


@given(catalogues)
def test_export_import_export_changes_nothing(
    records: list[tuple[str, list[tuple[str, float | None]], str]],
) -> None:
    documents = documents_of(records)
    exported = "".join(map(as_line, documents))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "own.jsonl"
        path.write_text(exported, "utf-8")
        account = Account()
        read = [item for _, item in open_catalogue(path).scan(account)]
        assert read == documents
        assert "".join(as_line(item) for item in read if isinstance(item, Document)) == exported
        assert (account.merged, account.split, account.decoded, account.n_faults) == (0, 0, 0, 0)
        corpus = load_corpus("jsonl", path)
        out = Path(folder) / "again.jsonl"
        assert CliRunner().invoke(corpora, ["export", "jsonl", str(out), "--path", str(path)]).exit_code == 0
        # A corpus sorts its tags, so the order of a document's tags is not part of the promise.
        assert [sorted(d.weighted()) for d in corpus.tagged()] == [sorted(d.weighted()) for d in documents]
        assert out.read_text("utf-8") == "".join(map(as_line, corpus.tagged()))
        reread = load_corpus("jsonl", out)
        assert list(reread.tagged()) == list(corpus.tagged())
        assert reread.fingerprint == corpus.fingerprint


@given(catalogues, st.sampled_from(WEIGHT_KEYS), st.sampled_from(["name", "tag"]))
def test_every_shape_of_weights_is_one_document(
    records: list[tuple[str, list[tuple[str, float | None]], str]], weight_key: str, name_key: str
) -> None:
    documents = documents_of(records)
    shapes = [
        lambda document: [{name_key: tag, weight_key: weight} for tag, weight in document.weighted()],
        lambda document: [[tag, repr(weight)] for tag, weight in document.weighted()],
        lambda document: dict(document.weighted()),
    ]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "own.jsonl"
        for shape in shapes:
            path.write_text(
                "".join(
                    json.dumps({"id": document.id, "tags": shape(document), "group": document.group}) + "\n"
                    for document in documents
                )
            )
            assert [item for _, item in open_catalogue(path).scan()] == documents


@given(catalogues, st.sampled_from([";", ",", "/", ";,/"]), st.booleans())
def test_what_was_split_once_is_split_no_further(
    records: list[tuple[str, list[tuple[str, float | None]], str]], signs: str, always: bool
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "own.jsonl"
        path.write_text("".join(map(as_line, documents_of(records))), "utf-8")
        reading = reading_of(split=[signs], split_always=always)
        once = [item for _, item in open_catalogue(path, reading).scan() if isinstance(item, Document)]
        path.write_text("".join(map(as_line, once)), "utf-8")
        unsplit = [item for _, item in open_catalogue(path).scan()]
        assert unsplit == once
        if always:
            again = [item for _, item in open_catalogue(path, reading).scan()]
            assert again == once
