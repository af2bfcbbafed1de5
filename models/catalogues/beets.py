"""A library of beets, the music library manager: its SQLite database, ``library.db``.

The table ``items`` holds a track a row; ``item_attributes (entity_id, key, value)`` what users have added.
Tags are in ``genres`` (several, separated by a backslash and U+2400) or, in libraries of older versions,
``genre`` (one text, several perhaps joined by commas or semicolons), in ``style`` and ``grouping``, and in
the attributes ``mood``, ``moods``, ``styles`` and ``tags``; or in the fields that ``--tags-field`` names. The
id of a document is the number of its item and the group is the album's artist, else the artist, unless
``--id-field`` and ``--group-field`` name other columns.
"""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from models.catalogues.fields import Fields
from models.catalogues.records import Record, Records, WrittenTag
from models.catalogues.sample import Sample, open_read_only
from models.catalogues.source import Source
from models.errors import CorpusError, shown

SOURCE = "a library of beets: https://beets.io"
LICENCE = "the user's own"
LAYOUT = "library.db"
FIELDS = frozenset({"id", "tags", "group"})
OWN = False
MANY = False

_COLUMNS = ("genres", "style", "grouping")
_ATTRIBUTES = ("mood", "moods", "style", "styles", "tags")
_SEVERAL = re.compile("\\\\?\u2400|\x00")
_PAGE = 500


def recognise(sample: Sample) -> str | None:
    """Return the evidence for a library of beets, or None."""
    items = sample.tables.get("items", frozenset())
    attributes = sample.tables.get("item_attributes", frozenset())
    if {"id", "path", "albumartist"} <= items and {"entity_id", "key", "value"} <= attributes:
        return "it is an SQLite database with the tables items and item_attributes of beets"
    return None


def scan(source: Source, fields: Fields) -> Records:
    """Yield (number of the item, record)."""
    with source.as_file() as file, closing(open_read_only(file)) as connection:
        try:
            yield from _items(connection, fields)
        except sqlite3.Error as error:
            raise CorpusError(f"{source.name} cannot be read as an SQLite database: {error}") from None


def _items(connection: sqlite3.Connection, fields: Fields) -> Records:
    columns = {name for (name,) in connection.execute("SELECT name FROM pragma_table_info('items')")}
    genres = "genres" if "genres" in columns else "genre"
    wanted = fields.tags or (genres, *_COLUMNS[1:])
    held = [name for name in wanted if name in columns]
    attributes = [name for name in (fields.tags or _ATTRIBUTES) if name not in columns]
    called, grouped = fields.id or "id", (fields.group,) if fields.group else ("albumartist", "artist")
    lacking = [name for name in (called, *grouped) if name not in columns]
    if lacking:
        raise CorpusError(f"items of beets have no column {', '.join(map(shown, lacking))}")
    # Names of columns cannot be parameters; these were just found in the table.
    names = ", ".join(f'"{name}"' for name in ("id", called, *grouped, *held))
    cursor = connection.execute(f"SELECT {names} FROM items ORDER BY id")
    while rows := cursor.fetchmany(_PAGE):
        added = _added(connection, [row[0] for row in rows], attributes)
        for number, name, *rest in rows:
            artists, cells = rest[: len(grouped)], rest[len(grouped) :]
            tags = [tag for field, cell in zip(held, cells, strict=True) for tag in _several(cell, field)]
            tags += [tag for field, cell in added[number] for tag in _several(cell, field)]
            artist = next((_text(artist) for artist in artists if _text(artist).strip()), f"item {number}")
            yield number, Record(_text(name), tags, artist)


def _added(
    connection: sqlite3.Connection, items: Sequence[int], names: Sequence[str]
) -> dict[int, list[tuple[str, Any]]]:
    """Return the attributes of some items, by item."""
    found: dict[int, list[tuple[str, Any]]] = defaultdict(list)
    if names:
        rows = connection.execute(
            "SELECT entity_id, key, value FROM item_attributes "
            f"WHERE entity_id IN ({_marks(items)}) AND key IN ({_marks(names)}) ORDER BY id",
            (*items, *names),
        )
        for item, key, value in rows:
            found[item].append((key, value))
    return found


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _several(cell: Any, field: str) -> Iterator[WrittenTag]:
    return (WrittenTag(part, None, field) for part in _SEVERAL.split(_text(cell)) if part.strip())


def _text(value: Any) -> str:
    if isinstance(value, bytes):  # paths are kept as bytes
        return value.decode("utf-8", "surrogateescape")
    return "" if value is None else str(value)
