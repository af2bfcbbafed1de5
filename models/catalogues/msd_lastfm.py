"""The Last.fm data set of the Million Song Dataset: tags of tracks, with relevances from 0 to 100.

As JSON: a folder, or an archive of it, with a file a track in folders by its id,
``{"artist": "...", "timestamp": "...", "similars": [...], "tags": [["rock", "100"], ...],
"track_id": "TRAAAAW128F429D538", "title": "..."}``; the group is the artist. As SQLite, ``lastfm_tags.db``:
``tids (tid)``, ``tags (tag)`` and ``tid_tag (tid, tag, val)``, which refers to the rows of the other two by
their numbers; it names no artists, so there are no groups. Tags of relevance 0 are left out, and so are
tracks without a tag.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import count, groupby
from operator import itemgetter
from typing import Any

from models.catalogues.fields import Fields
from models.catalogues.json_values import json_values
from models.catalogues.records import Fault, Record, Records, WrittenTag
from models.catalogues.sample import Sample, open_read_only
from models.catalogues.shapes import stated_weight, written_tags
from models.catalogues.source import Source, uncompressed_name
from models.errors import CorpusError, shown

SOURCE = "Million Song Dataset, Last.fm dataset: http://millionsongdataset.com/lastfm"
LICENCE = "research only, strictly non-commercial, by agreement with Last.fm"
LAYOUT = "a folder or an archive of the tracks' JSON files, or lastfm_tags.db"
FIELDS: frozenset[str] = frozenset()
OWN = False
MANY = True

_TABLES = {"tids": {"tid"}, "tags": {"tag"}, "tid_tag": {"tid", "tag", "val"}}
_ROWS = """
    SELECT tids.tid, tags.tag, tid_tag.val FROM tid_tag
    JOIN tids ON tids.rowid = tid_tag.tid JOIN tags ON tags.rowid = tid_tag.tag
    ORDER BY tid_tag.tid
"""


def recognise(sample: Sample) -> str | None:
    """Return the evidence for the data set, or None."""
    value = sample.value
    if isinstance(value, dict) and {"track_id", "tags"} <= set(value) and {"similars", "artist"} & set(value):
        return "its first JSON object is a track with track_id, tags and similars or artist"
    if all(columns <= sample.tables.get(table, set()) for table, columns in _TABLES.items()):
        return "it is an SQLite database with the tables tids, tags and tid_tag"
    return None


def scan(source: Source, fields: Fields) -> Records:
    """Yield (number of the track, record or fault)."""
    if not source.is_one_file:
        yield from _json_files(source)
        return
    with source.open() as stream:
        database = stream.read(6) == b"SQLite"
    if not database:
        with source.open() as stream:
            yield from _tracks(json_values(stream), count(1))
        return
    with source.as_file() as file, closing(open_read_only(file)) as connection:
        try:
            rows: Iterator[tuple[str, str, Any]] = connection.execute(_ROWS)
            for number, (track, tags) in enumerate(groupby(rows, key=itemgetter(0)), start=1):
                try:
                    written = [WrittenTag(tag, stated_weight(value, tag)) for _, tag, value in tags]
                    yield number, Record(track, written)
                except CorpusError as error:
                    yield number, Fault(f"{shown(track)}: {error}")
        except sqlite3.Error as error:
            raise CorpusError(f"{source.name} cannot be read as an SQLite database: {error}") from None


def _json_files(source: Source) -> Records:
    numbers = count(1)
    for name, stream in source.files():
        if uncompressed_name(name).endswith(".json"):
            for number, item in _tracks(json_values(stream), numbers):
                named = Fault(f"{shown(name, 200)}: {item.message}") if isinstance(item, Fault) else item
                yield number, named


def _tracks(values: Iterator[tuple[int, Any]], numbers: Iterator[int]) -> Records:
    for _, value in values:
        number = next(numbers)
        try:
            yield number, value if isinstance(value, Fault) else record_of(value)
        except CorpusError as error:
            yield number, Fault(str(error))


def record_of(track: Any) -> Record:
    """Return the record of a track; CorpusError if it is none."""
    if not isinstance(track, dict) or not isinstance(track.get("track_id"), str):
        raise CorpusError("a track must be an object with a track_id and tags")
    artist = track.get("artist")
    group = artist if isinstance(artist, str) and artist.strip() else track["track_id"]
    return Record(track["track_id"], list(written_tags(track.get("tags"))), group)
