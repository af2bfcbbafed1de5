"""Single documents of the store."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from app.db import idempotency
from app.db.documents import StoredDocument, delete_document, document_page, get_document
from app.db.engine import transaction
from app.db.repository import upsert_documents
from app.schemas.documents import DocumentRequest, DocumentResponse, DocumentsResponse, Written
from app.services.documents.stream import check_attempt
from app.services.limits import check_document_size
from app.services.paging import cut_page, decode_cursor
from app.services.tags.resolve import check_tags
from app.settings import Settings
from models.catalogues.document import Document
from models.catalogues.records import Fault
from models.errors import CorpusError, InputError, NotFoundError, TagError, shown


@dataclass(frozen=True)
class Answer:
    """What a write was answered with, now or the first time."""

    status: int
    body: str
    replayed: bool = False


async def put(engine: Engine, request: DocumentRequest, key: str | None, settings: Settings) -> Answer:
    """Write one document; with a key, once.

    Raises
    ------
    InputError
        If the document cannot be stored, or the key was used for another.
    ConflictError
        If a request with the same key is being dealt with.
    """
    document = await asyncio.to_thread(_document, request, settings)
    fingerprint = hashlib.sha256(request.model_dump_json().encode()).hexdigest()

    def write() -> Answer:
        with transaction(engine) as connection:
            if key is not None:
                attempt = idempotency.begin(connection, key, fingerprint, uuid.uuid4().hex)
                if attempt is not None:
                    check_attempt(attempt, fingerprint)
                    if attempt.status is not None and attempt.answer is not None:
                        return Answer(attempt.status, attempt.answer, replayed=True)
            answer = _write(connection, document)
            if key is not None:
                idempotency.finish(connection, key, answer.status, answer.body)
            return answer

    return await asyncio.to_thread(write)


def _write(connection: Connection, document: Document) -> Answer:
    created = upsert_documents(connection, [document]).created
    stored = get_document(connection, document.id)
    if stored is None:
        raise RuntimeError("a document that was just written is gone inside its own transaction")
    return Answer(201 if created else 200, _response(stored).model_dump_json())


def _document(request: DocumentRequest, settings: Settings) -> Document:
    group = "" if request.group is None else str(request.group)
    try:
        tags = [(tag.text, tag.weight) for tag in request.tags]
        document = Document.of(str(request.id), tags, group or None)
    except TagError:
        check_tags([tag.text for tag in request.tags], "/tags")
        raise
    except CorpusError as error:
        field = next((name for name in ("id", "group") if str(error).startswith(name)), "tags")
        raise InputError(f"/{field}", str(error)) from None
    checked = check_document_size(document, settings.max_document_tags)
    if isinstance(checked, Fault):
        raise InputError("/tags", checked.message)
    return checked


async def get(engine: Engine, name: str) -> DocumentResponse:
    """Return one document; NotFoundError if it is not there."""

    def read() -> StoredDocument | None:
        with transaction(engine, reads_only=True) as connection:
            return get_document(connection, name)

    stored = await asyncio.to_thread(read) if _storable(name) else None
    if stored is None:
        raise NotFoundError("document_not_found", f"the store has no document {shown(name)}")
    return _response(stored)


async def page(engine: Engine, start: str | None, limit: int) -> DocumentsResponse:
    """Return a page of documents, ordered by id."""
    begin = decode_cursor(start) if start else ""

    def read() -> list[StoredDocument]:
        with transaction(engine, reads_only=True) as connection:
            return document_page(connection, begin, limit + 1)

    found = await asyncio.to_thread(read)
    page, next_cursor = cut_page(found, limit, lambda stored: stored.document.id)
    return DocumentsResponse(documents=[_response(stored) for stored in page], next_cursor=next_cursor)


async def remove(engine: Engine, name: str) -> None:
    """Take one document out; NotFoundError if it is not there."""

    def write() -> bool:
        with transaction(engine) as connection:
            return delete_document(connection, name)

    if not _storable(name) or not await asyncio.to_thread(write):
        raise NotFoundError("document_not_found", f"the store has no document {shown(name)}")


async def progress(engine: Engine, key: str) -> Written:
    """Return how far an import has come; NotFoundError if its key is unknown."""

    def read() -> idempotency.Attempt | None:
        with transaction(engine, reads_only=True) as connection:
            return idempotency.look(connection, key)

    attempt = await asyncio.to_thread(read)
    if attempt is None or not attempt.fingerprint.startswith("lines"):
        raise NotFoundError("import_not_found", "no import was sent with this Idempotency-Key")
    written = Written.model_validate(attempt.progress.get("written", {}))
    if attempt.status is None:
        written.status = "running" if attempt.running else "interrupted"
    return written


def _response(stored: StoredDocument) -> DocumentResponse:
    document = stored.document
    return DocumentResponse(
        id=document.id,
        tags=list(document.tags),
        weights=None if document.weights is None else dict(document.weighted()),
        group=document.group,
        created_at=stored.created_at,
        updated_at=stored.updated_at,
    )


def _storable(name: str) -> bool:
    """Whether a document can have this id at all: a database may choke on what it cannot hold."""
    try:
        Document.of(name, ())
    except CorpusError:
        return False
    return True
