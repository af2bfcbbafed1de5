"""Single documents and pages of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, func, select

from app.db.moments import as_utc
from app.db.tables import document_tags, documents, tags
from models.catalogues.document import Document


@dataclass(frozen=True)
class StoredDocument:
    """A document as the store holds it, its tags in alphabetical order."""

    document: Document
    created_at: datetime
    updated_at: datetime


def get_document(connection: Connection, external_id: str) -> StoredDocument | None:
    """Return the document with this id, or None."""
    found = connection.execute(select(documents).where(documents.c.external_id == external_id)).first()
    return None if found is None else _with_tags(connection, [found])[0]


def document_page(
    connection: Connection, after: str, limit: int, tag: str | None = None
) -> list[StoredDocument]:
    """Return up to `limit` documents whose id comes after another, ordered by id; those that hold `tag`."""
    wanted = select(documents).where(documents.c.external_id > after)
    if tag is not None:
        holders = select(document_tags.c.document_id).join(tags, tags.c.id == document_tags.c.tag_id)
        wanted = wanted.where(documents.c.id.in_(holders.where(tags.c.name == tag)))
    page = connection.execute(wanted.order_by(documents.c.external_id).limit(limit)).all()
    return _with_tags(connection, page)


def all_documents(connection: Connection, page: int = 1000) -> Iterator[Document]:
    """Yield every document, ordered by id, in the memory of a page."""
    after = ""
    while found := document_page(connection, after, page):
        for stored in found:
            yield stored.document
        after = found[-1].document.id


def every_document_has_a_group(connection: Connection) -> bool:
    """Whether there is no document without a group."""
    without = select(documents.c.id).where(documents.c.group_name.is_(None)).limit(1)
    return connection.execute(without).first() is None


def count_documents(connection: Connection) -> int:
    """Return how many documents there are."""
    return connection.scalar(select(func.count(documents.c.id))) or 0


def delete_document(connection: Connection, external_id: str) -> bool:
    """Take a document out; return whether it was there."""
    return bool(connection.execute(delete(documents).where(documents.c.external_id == external_id)).rowcount)


def _with_tags(
    connection: Connection, found: Sequence[Row[int, str, str | None, datetime, datetime]]
) -> list[StoredDocument]:
    rows = connection.execute(
        select(document_tags.c.document_id, tags.c.name, document_tags.c.weight)
        .join(tags, tags.c.id == document_tags.c.tag_id)
        .where(document_tags.c.document_id.in_([row.id for row in found]))
    )
    held: dict[int, dict[str, float | None]] = {row.id: {} for row in found}
    for document_id, name, weight in rows:
        held[document_id][name] = weight
    return [
        StoredDocument(
            Document.weighing(row.external_id, dict(sorted(held[row.id].items())), row.group_name),
            as_utc(row.created_at),
            as_utc(row.updated_at),
        )
        for row in found
    ]
