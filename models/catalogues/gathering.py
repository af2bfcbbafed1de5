"""Rows of a tag each, gathered into documents: as numbers, so that millions of them fit in memory."""

from __future__ import annotations

import math
from array import array

import numpy as np

from models.catalogues.records import Record, Records, WrittenTag
from models.errors import CorpusError, shown


class Gathered:
    """The rows met so far; `records` makes the documents of them."""

    def __init__(self) -> None:
        self._documents: dict[str, int] = {}
        self._lines = array("q")
        self._groups: list[str | None] = []
        self._tags: dict[tuple[str, str], int] = {}
        self._rows, self._held, self._weights = array("q"), array("q"), array("d")

    def add(self, line: int, row: Record) -> None:
        """Add a row; CorpusError if its document has another group on an earlier one."""
        document = self._documents.setdefault(row.id, len(self._documents))
        if document == len(self._lines):
            self._lines.append(line)
            self._groups.append(None)
        before = self._groups[document]
        if before is not None and row.group is not None and before != row.group:
            raise CorpusError(
                f"id {shown(row.id)} has group {shown(before)} on an earlier line; got {shown(row.group)}"
            )
        self._groups[document] = before or row.group
        for text, weight, field in row.tags:
            self._rows.append(document)
            self._held.append(self._tags.setdefault((text, field), len(self._tags)))
            self._weights.append(math.nan if weight is None else weight)

    def records(self) -> Records:
        """Yield the documents with the line of their first row, in the order of these rows."""
        tags = list(self._tags)
        of = np.frombuffer(self._rows, dtype=np.int64)
        order = np.argsort(of, kind="stable")
        ends = np.cumsum(np.bincount(of, minlength=len(self._lines)))
        held = np.frombuffer(self._held, dtype=np.int64)
        weights = np.frombuffer(self._weights)
        start = 0
        for name, line, group, end in zip(self._documents, self._lines, self._groups, ends, strict=True):
            rows = order[start:end]
            written = [
                WrittenTag(tags[tag][0], None if math.isnan(weight) else weight, tags[tag][1])
                for tag, weight in zip(held[rows].tolist(), weights[rows].tolist(), strict=True)
            ]
            yield line, Record(name, written, group)
            start = end
