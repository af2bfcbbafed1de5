"""Tables: CSV, TSV and their kin, with a header that names the columns in any order.

Quoted as in RFC 4180. What separates the columns, a comma, a tab, a semicolon or a bar, is seen in the
header; a line ``sep=;`` before it, as Excel writes, is followed. *Wide*: ``id,tags[,group]``, tags
separated by ``|``, or as a JSON or Python list; a column ``weights`` (``counts``) holds as many weights,
separated alike. *Long*: ``id,tag[,weight][,group]``, a row a tag, the weight in a column ``weight`` or
``count``. A long row with an id and no tag stands for a document without tags. Rows without anything in
them are passed over.

Wide tables are read in the memory of a row. Rows of one id may stand anywhere in a long one, so its
documents are gathered, as numbers, and come at the end.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from models.catalogues.document import check_names, normalized
from models.catalogues.fields import NO_FIELDS, Fields
from models.catalogues.gathering import Gathered
from models.catalogues.lines import TextLines
from models.catalogues.records import Fault, Record, Records, WrittenTag
from models.catalogues.sample import Sample
from models.catalogues.shapes import cell_value, stated_weight, written_tags
from models.catalogues.source import Source
from models.errors import CorpusError, TagError, shown

SOURCE = "the user's own catalogue"
LICENCE = "the user's own"
LAYOUT = (
    "a file with the header id,tags[,group] (tags separated by |) or id,tag[,weight][,group] (a row a tag)"
)
FIELDS = frozenset({"id", "tags", "group", "weight", "delimiter", "long", "encoding"})
OWN = True
MANY = False

SEPARATORS = (",", "\t", ";", "|")
DELIMITER = "|"


def recognise(sample: Sample) -> str | None:
    """Return the evidence for a table, or None."""
    header = header_of(sample)
    if not isinstance(header, Fault) and isinstance(table_columns(header, sample.fields), Columns):
        names = ",".join(header)
        return f"its header names the columns {names}"
    return None


def header_of(sample: Sample) -> list[str] | Fault:
    """Return the cells of a table's first row."""
    if sample.is_json:
        return Fault("it is JSON")
    _, header = next(
        _rows(TextLines(io.BytesIO(sample.head), sample.fields.encoding)), (1, Fault("it is empty"))
    )
    return header


def scan(source: Source, fields: Fields) -> Records:
    """Yield (line number, record or fault)."""
    with source.open() as stream:
        yield from scan_table(stream, fields)


def scan_table(stream: BinaryIO, fields: Fields = NO_FIELDS) -> Records:
    """Yield (line number, record or fault) of a table's byte stream.

    A record over several lines has the number of its first. A long table's faults come as they are met,
    its documents at the end, in the order of their first rows and with those rows' numbers. A header that
    does not name the columns is one fault, and nothing follows it.
    """
    rows = _rows(TextLines(stream, fields.encoding))
    line, header = next(rows, (1, []))
    columns = table_columns(header, fields) if isinstance(header, list) else header
    if isinstance(columns, Fault):
        yield line, columns
        return
    gathered = Gathered()
    for line, row in rows:
        if isinstance(row, Fault):
            yield line, row
            continue
        try:
            record = columns.record(row)
            if columns.long:
                gathered.add(line, record)
            else:
                yield line, record
        except (CorpusError, TagError) as error:
            yield line, Fault(str(error))
    yield from gathered.records()


@dataclass(frozen=True)
class Columns:
    """Where in a row what stands, and how it is written."""

    names: tuple[str, ...]
    id: int
    tags: tuple[int, ...]
    group: int | None
    weight: int | None
    long: bool
    delimiter: str

    def record(self, row: list[str]) -> Record:
        """Return the record of a row; of a long table, with the one tag of this row.

        Raises
        ------
        CorpusError
            If it has too few or too many cells, or one does not hold what it should.
        TagError
            If a long row's tag is none.
        """
        if len(row) != len(self.names):
            raise CorpusError(f"{len(self.names)} columns are needed; got {len(row)}: {shown(','.join(row))}")
        group = "" if self.group is None else row[self.group]
        tags = [tag for column in self.tags for tag in self._tags(row, column)]
        if self.long:
            check_names(row[self.id], group or None)
            for tag in tags:
                normalized(tag.text)
        return Record(row[self.id], tags, group or None)

    def _tags(self, row: list[str], column: int) -> Iterator[WrittenTag]:
        cell, field = row[column], self.names[column]
        if not cell.strip():
            return
        weight = "" if self.weight is None else row[self.weight]
        if self.long:
            yield WrittenTag(cell, stated_weight(weight.strip(), cell), field)
            return
        value = cell_value(cell)
        if value is not None:
            yield from written_tags(value, field)
            return
        parts = cell.split(self.delimiter)
        weights = weight.split(self.delimiter) if weight.strip() else [""] * len(parts)
        if len(weights) != len(parts):
            raise CorpusError(f"{shown(cell)} holds {len(parts)} tags, but there are {len(weights)} weights")
        for part, stated in zip(parts, weights, strict=True):
            if part.strip():
                yield WrittenTag(part, stated_weight(stated.strip(), part), field)


def table_columns(header: list[str], fields: Fields) -> Columns | Fault:
    """Return what a header's columns hold, or a fault that names what it lacks."""
    names = [name.strip().casefold() for name in header]

    def place(wanted: str | None, *defaults: str) -> int | None:
        chosen = defaults if wanted is None else (wanted.casefold(),)
        found = [number for number, name in enumerate(names) if name in chosen]
        if len(found) > 1 or (wanted is not None and not found):
            raise CorpusError(f"{len(found)} columns are called {' or '.join(map(shown, chosen))}")
        return found[0] if found else None

    try:
        identity, group = place(fields.id, "id"), place(fields.group, "group")
        tags = [place(name) for name in fields.tags] or [place(None, "tags", "tag")]
        if identity is None or None in tags:
            raise CorpusError("columns id,tags[,group] or id,tag[,weight][,group] are needed")
        held = tuple(column for column in tags if column is not None)
        long = fields.long or names[held[0]] == "tag" or bool(fields.weight and not fields.delimiter)
        weight = place(fields.weight, *(("weight", "count") if long else ("weights", "counts")))
    except CorpusError as error:
        return Fault(
            f"{error}; --id-field, --tags-field, --group-field and --weight-field say what they are called "
            f"here; the header is {shown(','.join(header), 200)}"
        )
    return Columns(
        names=tuple(name.strip() for name in header),
        id=identity,
        tags=held,
        group=group,
        weight=weight,
        long=long,
        delimiter=fields.delimiter or DELIMITER,
    )


def column_separator(line: str) -> str:
    """Return what separates the columns of a header: the sign that comes most often outside of quotes."""
    plain = "".join(line.split('"')[::2])
    return max(SEPARATORS, key=plain.count)


def _rows(lines: TextLines) -> Iterator[tuple[int, list[str] | Fault]]:
    """Yield (number of the first line, cells or fault); rows without anything in them are passed over."""
    try:
        first = next((line for line in lines if line.strip()), "")
        separator = column_separator(first)
        stated = first.strip("\r\n")
        if stated[:4].casefold() == "sep=" and len(stated) == 5:
            separator, first = stated[4], next(lines, "")
    except CorpusError as error:
        yield lines.number, Fault(str(error))
        return
    start = lines.number
    reader = csv.reader(chain([first], lines), strict=True, delimiter=separator)
    while True:
        lines.begin_record()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield start, Fault(f"not CSV: {error}")
        except CorpusError as error:
            yield lines.number, Fault(str(error))
        else:
            if any(cell.strip() for cell in row):
                yield start, row
        start = lines.number + 1  # the reader takes no more lines than a row has
