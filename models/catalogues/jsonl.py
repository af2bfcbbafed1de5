"""JSONL: an object a line, ``{"id": "track-1", "tags": ["lo-fi", "hip hop"], "group": "artist-9"}``.

``id`` is text or a whole number; ``group`` (an artist, an album: what ties near-copies together) may be
left out or empty; `models.catalogues.shapes` says how tags and weights may stand. Other fields are passed
over. Where fields have other names, `Fields` says which; one that it names may hold a single text. The
objects may as well stand in one JSON list, on as many lines as it likes.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from models.catalogues.document import Document
from models.catalogues.fields import NO_FIELDS, Fields, looked_up
from models.catalogues.json_values import json_values
from models.catalogues.lines import TextLines
from models.catalogues.records import Fault, Record, Records, WrittenTag
from models.catalogues.sample import Sample
from models.catalogues.shapes import written_tags
from models.catalogues.source import Source
from models.errors import CorpusError, shown

SOURCE = "the user's own catalogue"
LICENCE = "the user's own"
LAYOUT = 'a file with a line {"id": ..., "tags": [...], "group"?: ...} a document'
FIELDS = frozenset({"id", "tags", "group", "weight", "delimiter", "encoding"})
OWN = True
MANY = False

_COLUMN_SEPARATORS = (",", "\t", ";")


def recognise(sample: Sample) -> str | None:
    """Return the evidence for JSONL, or None."""
    if isinstance(sample.value, dict):
        names = ", ".join(map(str, list(sample.value)[:10]))
        return f"its first value is a JSON object with {names or 'nothing in it'}"
    return "it begins as JSON does" if sample.is_json else None


def scan(source: Source, fields: Fields) -> Records:
    """Yield (line number, record or fault)."""
    with source.open() as stream:
        head = cast("io.BufferedReader", stream).peek(64)
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
            yield from scan_json_list(stream, fields)
        else:
            yield from scan_jsonl_records(stream, fields)


def scan_jsonl_records(stream: BinaryIO, fields: Fields = NO_FIELDS) -> Records:
    """Yield (line number, record or fault) of a JSONL byte stream; blank lines are skipped."""
    lines = TextLines(stream, fields.encoding)
    while True:
        try:
            text = next(lines)
            if text.strip():
                yield lines.number, record_of_line(text, fields)
        except StopIteration:
            return
        except CorpusError as error:
            yield lines.number, Fault(str(error))


def scan_json_list(stream: BinaryIO, fields: Fields = NO_FIELDS) -> Records:
    """Yield (line number, record or fault) of the objects in one JSON list."""
    for line, value in json_values(stream):
        if isinstance(value, Fault):
            yield line, value
            continue
        try:
            yield line, record_of(value, fields)
        except CorpusError as error:
            yield line, Fault(str(error))


def record_of_line(text: str, fields: Fields = NO_FIELDS) -> Record:
    """Return the record that one line of JSONL holds.

    Raises
    ------
    CorpusError
        If it is not a JSON object with an id and tags.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        seen = text.strip()
        table = not seen.startswith(("{", "[")) and any(sign in seen for sign in _COLUMN_SEPARATORS)
        raise CorpusError(
            f"not JSON{', but like a row of a table' if table else ''}: {shown(seen)}"
        ) from None
    return record_of(value, fields)


def record_of(value: Any, fields: Fields) -> Record:
    """Return the record that a JSON value holds; CorpusError if it is none."""
    if not isinstance(value, dict):
        seen = shown(json.dumps(value, ensure_ascii=False))
        raise CorpusError(f'a record must be an object {{"id", "tags", "group"?}}; got {seen}')
    name = _name("id", looked_up(value, fields.id or "id"))
    group = None
    if fields.group is not None:
        group = looked_up(value, fields.group)
    elif "group" in value:
        group = value["group"]
    tags: list[WrittenTag] = []
    for field in fields.tags or ("tags",):
        tags += _tags(looked_up(value, field), field, fields)
    return Record(name, tags, None if group is None else _name("group", group) or None)


def _tags(value: Any, field: str, fields: Fields) -> Iterator[WrittenTag]:
    # One text instead of a list is more likely a mistake, unless an option names the field or delimiter.
    if isinstance(value, str) and (fields.tags or fields.delimiter):
        parts = value.split(fields.delimiter) if fields.delimiter else [value]
        return (WrittenTag(part, None, field) for part in parts if part.strip())
    if isinstance(value, str):
        raise CorpusError(
            f'"{field}" must be a list of tags; got {shown(value)} (--delimiter says what separates them)'
        )
    return written_tags(value, field, fields.weight)


def _name(field: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise CorpusError(
            f'"{field}" must be text or a whole number; got {shown(json.dumps(value, ensure_ascii=False))}'
        )
    return str(value)


def as_line(document: Document) -> str:
    """Return a document as a line of JSONL; a tag that weighs 1 is its name alone."""
    tags = [
        tag if weight == 1 else {"tag": tag, "weight": int(weight) if weight.is_integer() else weight}
        for tag, weight in document.weighted()
    ]
    group = {} if document.group is None else {"group": document.group}
    return json.dumps({"id": document.id, "tags": tags, **group}, ensure_ascii=False) + "\n"
