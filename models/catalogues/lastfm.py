"""Answers of the Last.fm API to getTopTags, of artists, albums and tracks, as they were saved.

``{"toptags": {"tag": [{"count": 100, "name": "rock", "url": "..."}], "@attr": {"artist": "Audioslave"}}}``:
one in a file or many, a line each, in a list or one after the other; a file, or a folder or an archive of
files. Where there is one tag only, ``tag`` may be an object. Counts go from 0 to 100, relative to the
commonest tag; what counts 0 is left out. The id of a document is what the request was about (``Artist``, or
``Artist / Track``), or by its file where the answer does not say; the group is the artist.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from models.catalogues.fields import Fields
from models.catalogues.json_values import json_values
from models.catalogues.records import Fault, Record, Records
from models.catalogues.sample import Sample
from models.catalogues.shapes import written_tags
from models.catalogues.source import Source, uncompressed_name
from models.errors import CorpusError, shown

SOURCE = "Last.fm API, artist.getTopTags, album.getTopTags, track.getTopTags: https://www.last.fm/api"
LICENCE = "Last.fm's API terms of service: non-commercial use, with attribution"
LAYOUT = "a file of answers, or a folder or an archive of such files"
FIELDS: frozenset[str] = frozenset()
OWN = False
MANY = True

_ABOUT = ("artist", "album", "track", "user")


def recognise(sample: Sample) -> str | None:
    """Return the evidence for answers of the API, or None."""
    if isinstance(sample.value, dict) and isinstance(sample.value.get("toptags"), dict):
        return 'its first value is an answer of getTopTags, with "toptags"'
    return None


def scan(source: Source, fields: Fields) -> Records:
    """Yield (line or, of several files, number of the answer; record or fault)."""
    several = not source.is_one_file
    answers = 0
    for name, stream in _files(source):
        if several and not uncompressed_name(name).endswith(".json"):
            continue
        for number, (line, value) in enumerate(json_values(stream)):
            answers += 1
            found: Record | Fault
            try:
                found = value if isinstance(value, Fault) else record_of(value, name, number)
            except CorpusError as error:
                found = Fault(str(error))
            if several and isinstance(found, Fault):
                found = Fault(f"{shown(name, 200)}: {found.message}")
            yield answers if several else line, found


def _files(source: Source) -> Iterator[tuple[str, BinaryIO]]:
    if source.is_one_file:
        with source.open() as stream:
            yield source.path.name, stream
    else:
        yield from source.files()


def record_of(answer: Any, name: str, number: int) -> Record:
    """Return the record of an answer; CorpusError if it is none, or an error of the API."""
    if isinstance(answer, dict) and "error" in answer:
        raise CorpusError(f"Last.fm answered: {shown(str(answer.get('message', answer['error'])))}")
    top = answer.get("toptags") if isinstance(answer, dict) else None
    if not isinstance(top, dict):
        raise CorpusError('an answer must be an object with "toptags"')
    attributes = top.get("@attr")
    about = attributes if isinstance(attributes, dict) else {}
    called = [str(about[key]) for key in _ABOUT if about.get(key)]
    tags = top.get("tag")
    if isinstance(tags, dict):
        tags = [tags]
    file = uncompressed_name(name).removesuffix(".json")
    title = " / ".join(called) or (f"{file} {number + 1}" if number else file)
    return Record(title, list(written_tags(tags, "tag")), str(about.get("artist") or title))
