"""A look at a catalogue's beginning: what its format is recognised by."""

from __future__ import annotations

import codecs
import io
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from models.catalogues.compression import decompressed
from models.catalogues.fields import Fields
from models.catalogues.json_values import json_values
from models.catalogues.lines import known_encoding
from models.catalogues.records import Fault
from models.catalogues.source import Source, files_below, uncompressed_name
from models.errors import CorpusError

HEAD_BYTES = 1 << 22
MOST_NAMES = 1000
SQLITE_MAGIC = b"SQLite format 3\x00"


@dataclass(frozen=True)
class Sample:
    """What is seen of a catalogue without reading it.

    Attributes
    ----------
    fields
        The names of its fields, where they are given.
    names
        The first files of a folder.
    head
        The first bytes of a text; those of a folder's first JSON file.
    value
        The first JSON value in it, or None.
    tables
        The columns of each table of an SQLite database.
    """

    fields: Fields
    names: tuple[str, ...] = ()
    head: bytes = b""
    value: Any = None
    tables: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Source, fields: Fields) -> Sample:
        """Look at a file, at a member of an archive, or at a folder."""
        if source.kind == "folder":
            names = tuple(
                file.relative_to(source.path).as_posix()
                for file in islice(files_below(source.path), MOST_NAMES)
            )
            first = next((name for name in names if uncompressed_name(name).endswith(".json")), None)
            if first is None:
                return cls(fields, names)
            with (source.path / first).open("rb") as raw:
                return cls(fields, names, value=cls.of_stream(decompressed(raw), fields).value)
        with source.open() as stream:
            sample = cls.of_stream(stream, fields)
        if not sample.is_database:
            return sample
        with source.as_file() as file:
            return cls(fields, head=sample.head, tables=tables_of(file))

    @classmethod
    def of_stream(cls, stream: BinaryIO, fields: Fields) -> Sample:
        """Look at the beginning of a stream."""
        head = stream.read(HEAD_BYTES)
        if head.startswith(SQLITE_MAGIC):
            return cls(fields, head=head[:100])
        text = head
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = head.decode("utf-16", "replace").encode("utf-8", "replace")
        value = None
        if text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
            value = next((value for _, value in json_values(io.BytesIO(text))), None)
        return cls(fields, head=head, value=None if isinstance(value, Fault) else value)

    @property
    def is_database(self) -> bool:
        """Whether it is an SQLite database, looked into or not."""
        return self.head.startswith(SQLITE_MAGIC)

    @property
    def is_json(self) -> bool:
        """Whether it begins as JSON, sound or not."""
        return self.head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")

    @property
    def first_line(self) -> str:
        """The first line that is not blank, as far as it can be decoded."""
        encoding = known_encoding(self.fields.encoding or "utf-8")
        if self.head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            encoding = "utf-16"
        lines = self.head[: 1 << 16].decode(encoding, "replace").lstrip("\ufeff").splitlines()
        return next((line for line in lines if line.strip()), "")


def open_read_only(file: Path) -> sqlite3.Connection:
    """Open an SQLite database without ever writing to it; text that is not UTF-8 keeps its odd bytes."""
    connection = sqlite3.connect(f"file:{quote(str(file.absolute()))}?mode=ro", uri=True)
    connection.text_factory = lambda content: content.decode("utf-8", "surrogateescape")
    return connection


def tables_of(file: Path) -> dict[str, frozenset[str]]:
    """Return the columns of each table of an SQLite database; CorpusError if it is damaged."""
    try:
        with closing(open_read_only(file)) as connection:
            names = [
                name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            query = "SELECT name FROM pragma_table_info(?)"
            return {name: frozenset(row[0] for row in connection.execute(query, (name,))) for name in names}
    except sqlite3.Error as error:
        raise CorpusError(f"{file} cannot be read as an SQLite database: {error}") from None
