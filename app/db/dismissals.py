"""Pairs of tags that a person has judged not to be spellings of one tag."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, select

from app.db.repository import native_insert
from app.db.tables import dismissed_variants


def dismissed(connection: Connection) -> set[tuple[str, str]]:
    """Return every dismissed pair of alias and target."""
    rows = connection.execute(select(dismissed_variants.c.alias, dismissed_variants.c.target))
    return {(row.alias, row.target) for row in rows}


def dismiss(connection: Connection, alias: str, target: str) -> None:
    """Keep a pair from being offered again."""
    line = native_insert(connection, dismissed_variants).values(
        alias=alias, target=target, created_at=datetime.now(UTC)
    )
    connection.execute(line.on_conflict_do_nothing())
