"""Files of documents: the two formats in which anybody can bring their own catalogue.

Two formats, both UTF-8 with an optional byte order mark:

JSONL
    An object a line: ``{"id": "track-1", "tags": ["lo-fi", "hip hop"], "group": "artist-9"}``.
CSV
    A header that names the columns, quoted as RFC 4180 says. *Wide*: ``id,tags[,group]``, tags
    separated by ``|``. *Long*: ``id,tag[,group]``, a row a tag.

``id`` is text or a whole number; ``group`` (an artist, an album: what ties near-copies together) may be
left out or empty; other fields and columns are passed over. Tags are normalised, each kept once.

Reading streams: a JSONL or wide CSV file of any length is read in the memory of one line. Rows of one
id may stand anywhere in a long CSV, so its documents are gathered in memory and come at the end.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Literal, Self

from models.documents import Document
from models.errors import CorpusError, TagError
from models.vocabulary import shown

MAX_LINE_BYTES = 1 << 20

Format = Literal["jsonl", "csv"]
_SUFFIXES: dict[str, Format] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}


@dataclass(frozen=True)
class Fault:
    """Why a line of a file is no document; `message` shows what was seen."""

    message: str


Scanned = tuple[int, Document | Fault]


def read_documents(path: Path, format: Format | None = None) -> Iterator[tuple[int, Document]]:
    """Yield (line number, document) of a file that must be sound throughout.

    Raises
    ------
    CorpusError
        At the first fault, naming file, line and what was seen.
    """
    for line, item in scan_documents(path, format):
        if isinstance(item, Fault):
            raise CorpusError(f"{path}, line {line}: {item.message}")
        yield line, item


def scan_documents(path: Path, format: Format | None = None) -> Iterator[Scanned]:
    """Yield (line number, document or fault) of a file, going on after a fault.

    Parameters
    ----------
    path
        The file.
    format
        What it holds; by default its suffix says (``.jsonl``, ``.ndjson``, ``.csv``).

    Raises
    ------
    CorpusError
        If the file cannot be opened or read, or its format is unknown.
    """
    known = format or _SUFFIXES.get(path.suffix.casefold())
    if known is None:
        raise CorpusError(f"{path}: the suffix must be one of {', '.join(_SUFFIXES)}; got {path.suffix!r}")
    try:
        with path.open("rb") as stream:
            yield from scan_jsonl(stream) if known == "jsonl" else scan_csv(stream)
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}") from None


def scan_jsonl(stream: BinaryIO) -> Iterator[Scanned]:
    """Yield (line number, document or fault) of a JSONL byte stream; blank lines are skipped."""
    lines = _TextLines(stream)
    while True:
        try:
            text = next(lines)
            if text.strip():
                yield lines.number, parse_json_line(text)
        except StopIteration:
            return
        except (CorpusError, TagError) as error:
            yield lines.number, Fault(str(error))


def parse_json_line(text: str) -> Document:
    """Return the document that one line of JSONL holds.

    Raises
    ------
    CorpusError
        If it is not a JSON object with an id and tags.
    TagError
        If one of its tags is none.
    """
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        raise CorpusError(f"not JSON: {shown(text.strip())}") from None
    if not isinstance(record, dict):
        raise CorpusError(f'a line must be an object {{"id", "tags", "group"?}}; got {shown(text.strip())}')
    for key in ("id", "tags"):
        if key not in record:
            raise CorpusError(f'"{key}" is missing: {shown(text.strip())}')
    tags = record["tags"]
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise CorpusError(f'"tags" must be a list of strings; got {shown(text.strip())}')
    group = "" if record.get("group") is None else record["group"]
    for key, value in (("id", record["id"]), ("group", group)):
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise CorpusError(f'"{key}" must be text or a whole number; got {shown(text.strip())}')
    return Document.of(str(record["id"]), tags, str(group) or None)


def scan_csv(stream: BinaryIO) -> Iterator[Scanned]:
    """Yield (line number, document or fault) of a wide or long CSV byte stream; blank lines are skipped.

    A record over several lines has the number of its first. A long file's faults come as they are
    met, its documents at the end, in the order of their first rows and with those rows' numbers. A
    header that does not name the columns is one fault, and nothing follows it.
    """
    records = _csv_records(_TextLines(stream))
    line, header = next(records, (1, []))
    columns = _columns(header) if isinstance(header, list) else header
    if isinstance(columns, Fault):
        yield line, columns
        return
    gathered: dict[str, _Gathered] = {}
    for line, row in records:
        if isinstance(row, Fault):
            yield line, row
            continue
        try:
            if len(row) != columns.width:
                raise CorpusError(
                    f"{columns.width} columns are needed; got {len(row)}: {shown(','.join(row))}"
                )
            document = columns.document(row)
            if columns.long:
                gathered.setdefault(document.id, _Gathered(line)).add(document)
            else:
                yield line, document
        except (CorpusError, TagError) as error:
            yield line, Fault(str(error))
    for name, whole in gathered.items():
        yield whole.line, Document(name, tuple(whole.tags), whole.group)


@dataclass(frozen=True)
class _Columns:
    width: int
    id: int
    tags: int
    long: bool
    group: int | None

    def document(self, row: list[str]) -> Document:
        cell = row[self.tags]
        tags = [cell] if self.long else [tag for tag in cell.split("|") if tag.strip()]
        group = "" if self.group is None else row[self.group]
        return Document.of(row[self.id], tags, group or None)


def _columns(header: list[str]) -> _Columns | Fault:
    names = [name.strip().casefold() for name in header]
    counts = {name: names.count(name) for name in ("id", "tags", "tag", "group")}
    if counts["id"] != 1 or counts["tags"] + counts["tag"] != 1 or counts["group"] > 1:
        seen = shown(",".join(header))
        return Fault(f"the header must name the columns id,tags[,group] or id,tag[,group]; got {seen}")
    return _Columns(
        width=len(names),
        id=names.index("id"),
        tags=names.index("tags" if counts["tags"] else "tag"),
        long=bool(counts["tag"]),
        group=names.index("group") if counts["group"] else None,
    )


@dataclass
class _Gathered:
    """The rows of one id in a long CSV so far."""

    line: int
    tags: dict[str, None] = field(default_factory=dict)
    group: str | None = None

    def add(self, row: Document) -> None:
        if self.group is not None and row.group is not None and self.group != row.group:
            before, now = shown(self.group), shown(row.group)
            raise CorpusError(f"id {shown(row.id)} has group {before} on an earlier line; got {now}")
        self.group = self.group or row.group
        self.tags.update(dict.fromkeys(row.tags))


class _TextLines:
    """The lines of a byte stream as text; after a line that cannot be read, the next one can."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.number = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        raw = self._stream.readline(MAX_LINE_BYTES + 1)
        if not raw:
            raise StopIteration
        self.number += 1
        if self.number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) > MAX_LINE_BYTES:
            while raw and not raw.endswith(b"\n"):
                raw = self._stream.readline(MAX_LINE_BYTES)
            raise CorpusError(f"a line may have at most {MAX_LINE_BYTES} bytes; this one has more")
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise CorpusError(f"not UTF-8: {shown(raw.decode('latin-1').strip())}") from None


def _csv_records(lines: _TextLines) -> Iterator[tuple[int, list[str] | Fault]]:
    reader = csv.reader(lines, strict=True)
    while True:
        first = lines.number + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield first, Fault(f"not CSV: {error}")
        except CorpusError as error:
            yield lines.number, Fault(str(error))
        else:
            if row:
                yield first, row
