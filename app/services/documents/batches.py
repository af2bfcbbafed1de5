"""The lines of a stream that arrives in chunks, gathered into batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from time import monotonic

from models.catalogues.lines import MAX_LINE_BYTES

BATCH_LINES = 1000
BATCH_BYTES = 8 * 2**20
BATCH_SECONDS = 5


class Lines:
    """Cuts a stream of chunks into lines; an overlong one is cut short, which no parser takes."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the lines that end in this chunk, with their line feeds."""
        ended = []
        # What is held is never copied for a chunk without a line feed: a line may come byte by byte.
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            ended.append(self._taken(line) + b"\n")
            self._rest.clear()
        self._hold(rest)
        return ended

    def end(self) -> list[bytes]:
        """Return what is left without a line feed."""
        return [bytes(self._rest) + b"\n"] if self._rest else []

    def _taken(self, line: bytes) -> bytes:
        self._hold(line)
        return bytes(self._rest)

    def _hold(self, part: bytes) -> None:
        self._rest += part[: MAX_LINE_BYTES + 1 - len(self._rest)]


class Batches:
    """Gathers the lines of a stream into batches, bounded in lines, in bytes and in time."""

    def __init__(self) -> None:
        self._lines = Lines()
        self._held: list[bytes] = []
        self._bytes = 0
        self._last = monotonic()

    def feed(self, chunk: bytes) -> Iterator[list[bytes]]:
        """Yield the batches that are full with this chunk."""
        yield from self._add(self._lines.feed(chunk))
        # What a slow sender has sent is written before its claim on the key runs out.
        if self._held and monotonic() - self._last > BATCH_SECONDS:
            yield self._given()

    def end(self) -> Iterator[list[bytes]]:
        """Yield what is left."""
        yield from self._add(self._lines.end())
        if self._held:
            yield self._given()

    def _add(self, lines: Iterable[bytes]) -> Iterator[list[bytes]]:
        for line in lines:
            self._held.append(line)
            self._bytes += len(line)
            if len(self._held) == BATCH_LINES or self._bytes >= BATCH_BYTES:
                yield self._given()

    def _given(self) -> list[bytes]:
        given, self._held, self._bytes = self._held, [], 0
        self._last = monotonic()
        return given
