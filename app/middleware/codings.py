"""Content codings of request bodies: gzip (RFC 1952) and zstd (RFC 8878), decoded piece by piece.

Output is produced in small pieces, so that a caller who counts the bytes can stop a compression bomb.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

import zstandard

from app.errors import CodingError

PIECE_BYTES = 1 << 16
MAX_ZSTD_WINDOW_BYTES = 8 * 2**20
"""The largest window that RFC 9659 allows a sender of ``Content-Encoding: zstd``."""
_ZSTD_SLICE_BYTES = 64
"""zstandard bounds no output. 4 bytes encode a block of 128 KiB at most, so a slice inflates to 2 MiB."""
_GZIP_SLICE_BYTES = 1 << 14
"""What is left behind each piece is copied, and a member may have 20 bytes: slices keep that short."""
_GZIP_FRAMING = 16 + zlib.MAX_WBITS


class _Member(Protocol):
    """One gzip member or one zstd frame; a stream is one or more of them."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...


class Decoder(Protocol):
    """Decodes one body."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk holds, in pieces of at most `PIECE_BYTES`; CodingError if it is corrupt."""

    def end(self) -> None:
        """Raise CodingError if the body ended too early."""


class Gzip:
    """Decodes gzip."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_FRAMING)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk holds, in pieces of at most `PIECE_BYTES`; CodingError if it is corrupt."""
        for start in range(0, len(chunk), _GZIP_SLICE_BYTES):
            rest = chunk[start : start + _GZIP_SLICE_BYTES]
            while rest:
                if self._member.eof:
                    self._member = zlib.decompressobj(_GZIP_FRAMING)
                try:
                    piece = self._member.decompress(rest, PIECE_BYTES)
                except zlib.error as error:
                    raise CodingError(f"the body is not what gzip makes: {error}") from None
                rest = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
                if piece:
                    yield piece

    def end(self) -> None:
        """Raise CodingError if the body ended too early."""
        _check_ended(self._member, "gzip")


class Zstd:
    """Decodes zstd."""

    def __init__(self) -> None:
        self._frames = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW_BYTES)
        self._frame = self._frames.decompressobj()

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk holds, in pieces of at most `PIECE_BYTES`; CodingError if it is corrupt."""
        for start in range(0, len(chunk), _ZSTD_SLICE_BYTES):
            rest = chunk[start : start + _ZSTD_SLICE_BYTES]
            while rest:
                if self._frame.eof:
                    self._frame = self._frames.decompressobj()
                try:
                    inflated = self._frame.decompress(rest)
                except zstandard.ZstdError as error:
                    raise CodingError(
                        f"the body is not what zstd makes, or needs a window of more than "
                        f"{MAX_ZSTD_WINDOW_BYTES} bytes: {error}"
                    ) from None
                rest = self._frame.unused_data if self._frame.eof else b""
                for at in range(0, len(inflated), PIECE_BYTES):
                    yield inflated[at : at + PIECE_BYTES]

    def end(self) -> None:
        """Raise CodingError if the body ended too early."""
        _check_ended(self._frame, "zstd")


DECODERS: dict[str, type[Gzip] | type[Zstd]] = {"gzip": Gzip, "x-gzip": Gzip, "zstd": Zstd}
ACCEPTED = "gzip, zstd"


def _check_ended(member: _Member, coding: str) -> None:
    if not member.eof:
        raise CodingError(f"the body ends before its {coding} stream does")
