"""Changing the alias table."""

from __future__ import annotations

import asyncio

from sqlalchemy import Engine

from app.db.engine import transaction
from app.db.tag_aliases import alias_page, alias_table, delete_alias, put_aliases
from app.schemas.tags import TagAlias, TagAliases, TagsQuery
from app.services.paging import cut_page, decode_cursor
from models.errors import InputError, NotFoundError, PreconditionError, TagError, shown
from models.normalizer import normalize_tag


async def page(engine: Engine, query: TagsQuery) -> TagAliases:
    """Return a page of the table. `prefix` narrows it to aliases that begin so."""

    def read() -> list[tuple[str, str | None]]:
        with transaction(engine, reads_only=True) as connection:
            start = decode_cursor(query.cursor) if query.cursor else ""
            return alias_page(connection, start, query.limit + 1, query.prefix)

    lines = await asyncio.to_thread(read)
    page, next_cursor = cut_page(lines, query.limit, lambda line: line[0])
    return TagAliases(
        aliases=[TagAlias(alias=alias, target=target) for alias, target in page],
        next_cursor=next_cursor,
    )


async def put(engine: Engine, alias: str, target: str | None, only_new: bool = False) -> TagAlias:
    """Write one line of the table.

    Raises
    ------
    InputError
        If a side is no tag, the target is the alias itself, or is an alias in its turn.
    PreconditionError
        If the line is to be a new one, and there is one already.
    """
    line = TagAlias(
        alias=_normalised(alias, "path:alias"),
        target=None if target is None else _normalised(target, "/target"),
    )
    if line.alias == line.target:
        raise InputError("/target", f"{shown(line.alias)} cannot stand for itself")

    def write() -> None:
        with transaction(engine) as connection:
            known = alias_table(connection)
            if only_new and line.alias in known:
                stands = known[line.alias]
                state = "is on the junk list" if stands is None else f"stands for {shown(stands)}"
                raise PreconditionError(f"{shown(line.alias)} {state} already")
            if line.target in known:
                raise InputError("/target", f"{shown(str(line.target))} is in the alias table itself")
            if line.alias in known.values():
                raise InputError("path:alias", f"other tags stand for {shown(line.alias)} already")
            put_aliases(connection, {line.alias: line.target})

    await asyncio.to_thread(write)
    return line


async def remove(engine: Engine, alias: str) -> None:
    """Take one line out; NotFoundError if it is not there."""
    name = _normalised(alias, "path:alias")

    def write() -> bool:
        with transaction(engine) as connection:
            return delete_alias(connection, name)

    if not await asyncio.to_thread(write):
        raise NotFoundError("tag_alias_not_found", f"{shown(name)} is not in the alias table")


def _normalised(text: str, pointer: str) -> str:
    try:
        return normalize_tag(text)
    except TagError as error:
        raise InputError(pointer, str(error)) from None
