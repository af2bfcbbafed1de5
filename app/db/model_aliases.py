"""Which bundle each alias serves, and which it served before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, select, update

from app.db.moments import as_utc
from app.db.repository import native_insert
from app.db.tables import model_aliases


@dataclass(frozen=True)
class StoredModelAlias:
    """An alias, as the store holds it; models are NAME@VERSION."""

    name: str
    model: str
    previous: str | None
    revision: int
    updated_at: datetime


def stored_aliases(connection: Connection) -> list[StoredModelAlias]:
    """Return every alias, by name."""
    rows = connection.execute(select(model_aliases).order_by(model_aliases.c.name))
    return [
        StoredModelAlias(row.name, row.model, row.previous, row.revision, as_utc(row.updated_at))
        for row in rows
    ]


def move_alias(
    connection: Connection, name: str, model: str, before: str | None, expected: int | None
) -> StoredModelAlias | None:
    """Point an alias at a bundle; None, and nothing changes, if its revision is not `expected`.

    Parameters
    ----------
    before
        What the alias served if the store does not know it yet.
    expected
        The revision that must be current, 0 for an alias the store does not know; None for any.
    """
    now = datetime.now(UTC)
    current = connection.execute(
        select(model_aliases).where(model_aliases.c.name == name).with_for_update()
    ).first()
    revision = 0 if current is None else current.revision
    if expected is not None and expected != revision:
        return None
    previous = before if current is None else current.model
    if previous == model:
        previous = None if current is None else current.previous
    moved = StoredModelAlias(name, model, previous, revision + 1, now)
    values = {"model": model, "previous": previous, "revision": revision + 1, "updated_at": now}
    if current is not None:
        changed = connection.execute(
            update(model_aliases)
            .where(model_aliases.c.name == name, model_aliases.c.revision == revision)
            .values(values)
        )
        return moved if changed.rowcount else None
    new = native_insert(connection, model_aliases).values(name=name, **values).on_conflict_do_nothing()
    made = connection.execute(new.returning(model_aliases.c.name)).first()
    return None if made is None else moved
