"""JSON values out of a stream, one after the other, in the memory of one of them."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from models.catalogues.records import Fault
from models.errors import shown

MAX_VALUE_CHARACTERS = 1 << 24
CHUNK_BYTES = 1 << 16

_DECODER = json.JSONDecoder()
_BETWEEN = re.compile(r"[\s,\[\]\ufeff]*")
_NEXT_OBJECT = re.compile(r"\n\s*\{")
_CUT_SHORT = 12
"""A token that a chunk cuts short is reported at most so many characters before the chunk's end."""


def json_values(stream: BinaryIO) -> Iterator[tuple[int, Any | Fault]]:
    """Yield (line number, value or fault) of JSON values that follow one another, or stand in one list.

    It makes no difference how they are laid out in lines. After what is no JSON, reading goes on at the
    next line that begins an object. Bytes that are not UTF-8 become lone surrogates, which no name or tag
    may hold.
    """
    text = _Incoming(stream)
    while text.skip():
        try:
            value, end = _DECODER.raw_decode(text.held, text.place)
        except (ValueError, RecursionError) as error:
            if not text.grow(error):
                seen = text.held[text.place : text.place + 100].split("\n")[0]
                yield text.line, Fault(f"not JSON, or too long: {shown(seen)}")
                text.give_up()
        else:
            yield text.line, value
            text.advance(end)


class _Incoming:
    """The part of a stream's text that is held in memory, and the place in it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._wanted = CHUNK_BYTES
        self.held, self.place, self.line = "", 0, 1

    def skip(self) -> bool:
        """Go to the next value; whether there is one."""
        while True:
            found = _BETWEEN.match(self.held, self.place)
            self.advance(found.end() if found else self.place)
            if self.place < len(self.held):
                return True
            if not self._read():
                return False

    def advance(self, place: int) -> None:
        """Go on to a place, and forget what lies before it."""
        self.line += self.held.count("\n", self.place, place)
        self.place = place
        if place > CHUNK_BYTES and 2 * place > len(self.held):
            self.held, self.place = self.held[place:], 0
        self._wanted = CHUNK_BYTES

    def grow(self, error: Exception) -> bool:
        """Read on if what is held is the beginning of a value; whether that is so and there was more."""
        if not isinstance(error, json.JSONDecodeError):
            return False
        cut = error.msg.startswith("Unterminated string") or error.pos >= len(self.held) - _CUT_SHORT
        if not cut or len(self.held) - self.place > MAX_VALUE_CHARACTERS:
            return False
        before = len(self.held)
        # Twice as much each time, so that a long value is not tried over and over again.
        while len(self.held) < before + self._wanted and self._read():
            pass
        self._wanted *= 2
        return len(self.held) > before

    def give_up(self) -> None:
        """Go to the next line that begins an object."""
        while True:
            found = _NEXT_OBJECT.search(self.held, self.place)
            if found:
                self.advance(found.end() - 1)
                return
            self.advance(max(self.place, len(self.held) - 1))
            if not self._read():
                self.advance(len(self.held))
                return

    def _read(self) -> bool:
        chunk = self._stream.read(CHUNK_BYTES)
        self.held += self._decoder.decode(chunk, final=not chunk)
        return bool(chunk)
