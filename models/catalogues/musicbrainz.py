"""MusicBrainz's JSON data dumps: artists, release groups or recordings, an entity a line.

``{"id": "5441c29d-...", "name": "...", "tags": [{"count": 3, "name": "rock"}], "genres": [{"id": "...",
"name": "rock", "count": 3}], "artist-credit": [{"artist": {"id": "..."}, ...}], ...}``: the file ``artist``,
``release-group`` or ``recording`` in the folder ``mbdump`` of the archive ``artist.tar.xz`` and so on, read
straight from it. A genre is a tag that MusicBrainz lists among its genres, so it is counted once. Tags weigh
their votes; what is voted down to 0 or below is left out, and so is an entity without a tag. The group is
the artist: an artist's own id, else the first of the credit.
"""

from __future__ import annotations

import json
import re
from typing import Any

from models.catalogues.fields import Fields
from models.catalogues.lines import TextLines
from models.catalogues.records import Fault, Record, Records, WrittenTag
from models.catalogues.sample import Sample
from models.catalogues.shapes import written_tags
from models.catalogues.source import Source
from models.errors import CorpusError, shown

SOURCE = "MusicBrainz JSON data dumps: https://musicbrainz.org/doc/Development/JSON_Data_Dumps"
LICENCE = "tags and genres CC BY-NC-SA 3.0; the rest of the dump CC0"
LAYOUT = "artist.tar.xz, release-group.tar.xz or recording.tar.xz, or the file of that name in it"
FIELDS: frozenset[str] = frozenset()
OWN = False
MANY = False

MAX_LINE_BYTES = 1 << 26
"""Entities with many relationships are long."""

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEYS = {"sort-name", "artist-credit", "life-span", "primary-type", "isrcs", "disambiguation"}


def recognise(sample: Sample) -> str | None:
    """Return the evidence for a dump, or None."""
    value = sample.value
    if isinstance(value, dict) and _ID.fullmatch(str(value.get("id"))) and _KEYS & set(value):
        return (
            f"its first line is an entity with a MusicBrainz id and {', '.join(sorted(_KEYS & set(value)))}"
        )
    return None


def scan(source: Source, fields: Fields) -> Records:
    """Yield (line number, record or fault) of a dump."""
    with source.open() as stream:
        lines = TextLines(stream, max_bytes=MAX_LINE_BYTES)
        while True:
            try:
                text = next(lines)
                if text.strip():
                    yield lines.number, record_of(json.loads(text))
            except StopIteration:
                return
            except CorpusError as error:
                yield lines.number, Fault(str(error))
            except (ValueError, RecursionError):
                yield lines.number, Fault(f"not JSON: {shown(text.strip())}")


def record_of(entity: Any) -> Record:
    """Return the record of an entity; CorpusError if it is none."""
    if not isinstance(entity, dict) or not isinstance(entity.get("id"), str):
        raise CorpusError(f"an entity must be an object with an id; got {shown(json.dumps(entity))}")
    tags = list(written_tags(entity.get("tags"), "tags"))
    known = {tag.text for tag in tags}
    tags += [
        WrittenTag(tag.text, tag.weight, "tags")
        for tag in written_tags(entity.get("genres"), "genres")
        if tag.text not in known
    ]
    return Record(entity["id"], tags, _artist(entity.get("artist-credit")) or entity["id"])


def _artist(credit: Any) -> str | None:
    for part in credit if isinstance(credit, list) else ():
        artist = part.get("artist") if isinstance(part, dict) else None
        if isinstance(artist, dict) and isinstance(artist.get("id"), str):
            return str(artist["id"])
    return None
