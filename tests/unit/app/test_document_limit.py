"""The limit on a document's tags holds on every way into the store."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.db.documents import count_documents, get_document
from app.db.engine import transaction
from app.schemas.documents import DocumentRequest
from app.services.documents import single
from app.services.documents.file import check_catalogue, import_catalogue, refuse_faults
from app.services.documents.stream import Import
from app.settings import Settings
from models.catalogues.reading import open_catalogue
from models.errors import CorpusError, InputError

LIMIT = 2
FAULT = "tags holds 3 tags; at most 2 are accepted (TAGPRIME_MAX_DOCUMENT_TAGS)"
DOCUMENTS = [
    {"id": "short", "tags": ["ambient", "jazz"]},
    {"id": "long", "tags": ["ambient", "jazz", "drone"]},
    {"id": "repeated", "tags": ["jazz", "Jazz", "ambient"]},
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "catalogue.jsonl"
    path.write_text("".join(json.dumps(document) + "\n" for document in DOCUMENTS))
    return path


def ids(engine: Engine) -> set[str]:
    with transaction(engine, reads_only=True) as connection:
        return {d["id"] for d in DOCUMENTS if get_document(connection, str(d["id"])) is not None}


def test_a_file_with_a_document_over_the_limit_is_refused(file: Path) -> None:
    catalogue = open_catalogue(file)
    account = check_catalogue(catalogue, LIMIT)
    assert (account.documents, account.tags, account.n_faults) == (2, 4, 1)
    assert account.faults == [(2, FAULT)]
    with pytest.raises(CorpusError, match=r"1 faulty lines, so nothing was imported .* holds 3 tags"):
        refuse_faults(catalogue, account)
    refuse_faults(catalogue, check_catalogue(catalogue, LIMIT + 1))


def test_a_file_import_leaves_a_document_over_the_limit_out(file: Path, engine: Engine) -> None:
    sizes: list[int] = []
    written = import_catalogue(open_catalogue(file), engine, LIMIT, sizes.append)
    assert (written.created, sizes) == (2, [2])
    assert ids(engine) == {"short", "repeated"}


def test_a_stream_reports_a_document_over_the_limit(file: Path, engine: Engine) -> None:
    work = Import(engine, None, LIMIT)
    work.take(file.read_bytes().splitlines(keepends=True))
    written = work.end()
    assert (written.created, written.faulty) == (2, 1)
    assert [(fault.line, fault.detail) for fault in written.faults] == [(2, FAULT)]
    assert ids(engine) == {"short", "repeated"}


def test_a_single_document_over_the_limit_is_refused(engine: Engine) -> None:
    settings = Settings(max_document_tags=LIMIT)
    with pytest.raises(InputError, match="tags holds 3 tags") as refused:
        asyncio.run(single.put(engine, DocumentRequest(**DOCUMENTS[1]), None, settings))
    assert (refused.value.pointer, str(refused.value)) == ("/tags", FAULT)
    asyncio.run(single.put(engine, DocumentRequest(**DOCUMENTS[2]), None, settings))
    with transaction(engine, reads_only=True) as connection:
        assert count_documents(connection) == 1
