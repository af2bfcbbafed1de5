"""Queries and writes of the store. Every function works inside the transaction it is given."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Connection, Select, delete, func, insert, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from app.db.tables import document_tags, documents, tags
from models.catalogues.document import Document

T = TypeVar("T")

CHUNK = 500
"""Values in one IN (...): far below the limit of either database."""


@dataclass(frozen=True)
class Upserted:
    """What became of a batch of documents."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: Upserted) -> Upserted:
        return Upserted(
            self.created + other.created, self.updated + other.updated, self.unchanged + other.unchanged
        )


@dataclass(frozen=True)
class TagCount:
    """A tag of the store and the number of documents that hold it."""

    id: int
    name: str
    documents: int


@dataclass(frozen=True)
class _Stored:
    group: str | None
    tags: dict[str, float]


def upsert_documents(connection: Connection, batch: Iterable[Document]) -> Upserted:
    """Write documents by external id; of several with one id the last counts.

    A document that says what the store already holds is left alone, so that sending a collection
    twice changes nothing.
    """
    # Sorted, so that two writers of the same documents take their locks in the same order.
    wanted = {document.id: document for document in batch}
    before = _stored(connection, sorted(wanted))
    changed = [
        wanted[name]
        for name in sorted(wanted)
        if before.get(name) != _Stored(wanted[name].group, dict(wanted[name].weighted()))
    ]
    if changed:
        _write(connection, changed)
    created = len(wanted.keys() - before.keys())
    return Upserted(created, len(changed) - created, len(wanted) - len(changed))


def _stored(connection: Connection, external_ids: Sequence[str]) -> dict[str, _Stored]:
    found: dict[str, _Stored] = {}
    for chunk in _chunks(external_ids):
        rows = connection.execute(
            select(documents.c.external_id, documents.c.group_name, tags.c.name, document_tags.c.weight)
            .outerjoin(document_tags, document_tags.c.document_id == documents.c.id)
            .outerjoin(tags, tags.c.id == document_tags.c.tag_id)
            .where(documents.c.external_id.in_(chunk))
        )
        for external_id, group, name, weight in rows:
            stored = found.setdefault(external_id, _Stored(group, {}))
            if name is not None:
                stored.tags[name] = weight
    return found


def _write(connection: Connection, changed: Sequence[Document]) -> None:
    tag_ids = _tag_ids(connection, sorted({tag for document in changed for tag in document.tags}))
    ids = _document_ids(connection, changed)
    for chunk in _chunks(ids.values()):
        connection.execute(delete(document_tags).where(document_tags.c.document_id.in_(chunk)))
    held = [
        (ids[document.id], tag_ids[tag], weight)
        for document in changed
        for tag, weight in dict(document.weighted()).items()
    ]
    if held:
        _insert_held(connection, held)


def _insert_held(connection: Connection, held: Sequence[tuple[int, int, float]]) -> None:
    """Write rows of (document, tag, weight)."""
    names = ("document_id", "tag_id", "weight")
    if connection.dialect.name != "postgresql":
        connection.execute(insert(document_tags), [dict(zip(names, row, strict=True)) for row in held])
        return
    # As three arrays: a statement a row is what takes PostgreSQL its time.
    columns = [
        func.unnest(literal(list(values), postgresql.ARRAY(document_tags.c[name].type)))
        for name, values in zip(names, zip(*held, strict=True), strict=True)
    ]
    connection.execute(insert(document_tags).from_select(names, select(*columns)))


def _document_ids(connection: Connection, changed: Sequence[Document]) -> dict[str, int]:
    now = datetime.now(UTC)
    rows = [
        {"external_id": d.id, "group_name": d.group, "created_at": now, "updated_at": now} for d in changed
    ]
    statement = native_insert(connection, documents)
    upsert = statement.on_conflict_do_update(
        index_elements=[documents.c.external_id],
        set_={"group_name": statement.excluded.group_name, "updated_at": statement.excluded.updated_at},
    ).returning(documents.c.external_id, documents.c.id)
    # Rows as parameters, not as values: the statement is compiled once for all batches.
    return {row.external_id: row.id for row in connection.execute(upsert, rows)}


def _tag_ids(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    ids: dict[str, int] = {}
    for chunk in _chunks(names):
        wanted = select(tags.c.name, tags.c.id).where(tags.c.name.in_(chunk))
        found = {row.name: row.id for row in connection.execute(wanted)}
        missing = [{"name": name} for name in chunk if name not in found]
        if missing:
            # Another writer may bring one of them first; either way it is there afterwards.
            connection.execute(native_insert(connection, tags).on_conflict_do_nothing(), missing)
            found = {row.name: row.id for row in connection.execute(wanted)}
        ids |= found
    return ids


def _chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk


def native_insert(connection: Connection, table: Any) -> Any:
    """Return the database's own INSERT, the one that knows ON CONFLICT."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


def change_mark(connection: Connection) -> tuple[Any, ...]:
    """Return a value that differs after any change of the documents."""
    return tuple(
        connection.execute(
            select(func.count(documents.c.id), func.max(documents.c.id), func.max(documents.c.updated_at))
        ).one()
    )


def documents_with(connection: Connection, tag: str) -> int:
    """Return how many documents hold a normalised tag."""
    held = select(func.count()).select_from(document_tags).join(tags, tags.c.id == document_tags.c.tag_id)
    return connection.scalar(held.where(tags.c.name == tag)) or 0


def tag_counts(connection: Connection) -> Iterator[TagCount]:
    """Yield the tags on at least one document, most used first."""
    used = func.count(document_tags.c.document_id)
    rows = connection.execute(
        select(tags.c.id, tags.c.name, used)
        .join(document_tags, document_tags.c.tag_id == tags.c.id)
        .group_by(tags.c.id, tags.c.name)
        .order_by(used.desc(), tags.c.name)
    )
    for key, name, count in rows:
        yield TagCount(key, name, count)


def co_occurrences(
    connection: Connection, tag_ids: Sequence[int], among: Collection[int]
) -> Mapping[int, list[tuple[int, int]]]:
    """Return, for each of `tag_ids`, which tags of `among` are on how many of its documents."""
    beside: dict[int, list[tuple[int, int]]] = {tag_id: [] for tag_id in tag_ids}
    if not among:
        return beside
    one, other = document_tags.alias(), document_tags.alias()
    wanted = _listed(connection, among)
    for chunk in _chunks(tag_ids):
        rows = connection.execute(
            select(one.c.tag_id, other.c.tag_id, func.count())
            .join(other, other.c.document_id == one.c.document_id)
            # The sum keeps the index out: the rarer tags' documents are where to begin.
            .where(one.c.tag_id.in_(chunk), (other.c.tag_id + 0).in_(wanted), other.c.tag_id != one.c.tag_id)
            .group_by(one.c.tag_id, other.c.tag_id)
        )
        for tag_id, other_id, count in rows:
            beside[tag_id].append((other_id, count))
    return beside


def _listed(connection: Connection, ids: Collection[int]) -> Select[Any]:
    """Return numbers as a subquery: of parameters, a database takes only so many."""
    if connection.dialect.name == "postgresql":
        return select(func.unnest(literal(list(ids), postgresql.ARRAY(BigInteger))))
    return select(func.json_each(json.dumps(list(ids))).table_valued("value").c.value)
