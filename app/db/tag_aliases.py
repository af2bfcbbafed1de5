"""The alias table: which tags stand for others, and which say nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select

from app.db.repository import native_insert
from app.db.tables import tag_aliases


def alias_table(connection: Connection) -> dict[str, str | None]:
    """Return the whole table; junk has no target."""
    rows = connection.execute(select(tag_aliases.c.alias, tag_aliases.c.target))
    return {row.alias: row.target for row in rows}


def aliases_mark(connection: Connection) -> tuple[Any, ...]:
    """Return a value that differs after any change of the table."""
    newest = func.max(tag_aliases.c.updated_at)
    return tuple(connection.execute(select(func.count(tag_aliases.c.alias), newest)).one())


def alias_page(
    connection: Connection, after: str, limit: int, prefix: str = ""
) -> list[tuple[str, str | None]]:
    """Return up to `limit` lines of the table after an alias, in order."""
    rows = connection.execute(
        select(tag_aliases.c.alias, tag_aliases.c.target)
        .where(tag_aliases.c.alias > after, tag_aliases.c.alias.startswith(prefix, autoescape=True))
        .order_by(tag_aliases.c.alias)
        .limit(limit)
    )
    return [(row.alias, row.target) for row in rows]


def put_aliases(connection: Connection, rules: Mapping[str, str | None]) -> None:
    """Write lines of the table; both sides are normalised tags."""
    now = datetime.now(UTC)
    for alias, target in sorted(rules.items()):
        statement = native_insert(connection, tag_aliases).values(alias=alias, target=target, updated_at=now)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=[tag_aliases.c.alias],
                set_={"target": statement.excluded.target, "updated_at": statement.excluded.updated_at},
            )
        )


def delete_alias(connection: Connection, alias: str) -> bool:
    """Take a line out of the table; return whether it was there."""
    return bool(connection.execute(delete(tag_aliases).where(tag_aliases.c.alias == alias)).rowcount)
