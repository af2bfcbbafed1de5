"""Lines of text out of a stream of bytes; after one that cannot be read, the next one can."""

from __future__ import annotations

import codecs
from typing import BinaryIO, Self

from models.errors import CorpusError, shown

MAX_LINE_BYTES = 1 << 20

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class TextLines:
    """The lines of a stream as text.

    Parameters
    ----------
    stream
        Bytes. A byte order mark at the beginning is passed over; one of UTF-16 sets the encoding.
    encoding
        What the text is encoded in; UTF-8 by default.
    max_bytes
        Longest accepted line, and longest accepted record of several lines.

    Attributes
    ----------
    number
        Of the line that was read last, from 1.

    Raises
    ------
    CorpusError
        From `next`, if a line or a record is too long or not in the encoding.
    """

    def __init__(
        self, stream: BinaryIO, encoding: str | None = None, max_bytes: int = MAX_LINE_BYTES
    ) -> None:
        self._stream = stream
        self._encoding = known_encoding(encoding or "utf-8")
        self._max_bytes = max_bytes
        self.number = 0
        self._end = "\n".encode(self._encoding)
        self._record_bytes: int | None = None

    def begin_record(self) -> None:
        """Begin to count the bytes of a record of several lines; without it, each line is a record."""
        self._record_bytes = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        raw = self._readline(self._max_bytes + 1)
        if not raw:
            raise StopIteration
        self.number += 1
        if len(raw) > self._max_bytes:
            while raw and not raw.endswith(self._end):
                raw = self._readline(self._max_bytes)
            raise CorpusError(f"a line may have at most {self._max_bytes} bytes; this one has more")
        if self._record_bytes is not None:
            self._record_bytes += len(raw)
            if self._record_bytes > self._max_bytes:
                raise CorpusError(f"a record may have at most {self._max_bytes} bytes; this one has more")
        try:
            return raw.decode(self._encoding)
        except UnicodeDecodeError:
            seen = shown(raw.decode("latin-1").strip())
            hint = " (--encoding says what it is)" if self._encoding == "utf-8" else ""
            raise CorpusError(f"not {self._encoding.upper()}{hint}: {seen}") from None

    def _readline(self, size: int) -> bytes:
        raw = self._stream.readline(size)
        if self.number == 0 and raw.startswith(_UTF16):
            self._encoding = "utf-16-le" if raw.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
            self._end = "\n".encode(self._encoding)
            raw = raw[2:]
        elif self.number == 0 and self._encoding == "utf-8":
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if self._end == b"\n":
            return raw
        return self._whole_utf16(raw, size)

    def _whole_utf16(self, raw: bytes, size: int) -> bytes:
        """Go on where the line feed's byte was part of another character, or has its other half to come."""
        while raw and len(raw) < size:
            if len(raw) % 2:
                raw += self._stream.read(1)
            if raw.endswith(self._end):
                break
            more = self._stream.readline(size - len(raw))
            if not more:
                break
            raw += more
        return raw


def known_encoding(name: str) -> str:
    """Return Python's name of a text encoding; CorpusError if there is none, or lines cannot be cut in it."""
    try:
        found = codecs.lookup(name).name
        line_feed = "\n".encode(found)
    except (LookupError, UnicodeError):
        raise CorpusError(f"there is no text encoding {shown(name)}; such as utf-8, cp1252, utf-16") from None
    if found == "utf-16":
        return "utf-16-le"  # what Windows means by it; a byte order mark overrules it
    if line_feed != b"\n" and found not in ("utf-16-le", "utf-16-be"):
        raise CorpusError(f"text in {found} is not read; utf-8, utf-16 or an encoding that extends ASCII is")
    return found
