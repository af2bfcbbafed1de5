"""Compressed bytes: gzip, xz, bzip2 and Zstandard, distinguished by their first bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from models.errors import CorpusError

_GZIP, _XZ, _BZIP2, _ZSTANDARD = b"\x1f\x8b", b"\xfd7zXZ\x00", b"BZh", b"\x28\xb5\x2f\xfd"


def decompressed(stream: BinaryIO) -> BinaryIO:
    """Return what a stream holds, decompressed as it is read if it is compressed.

    Raises
    ------
    CorpusError
        If it is Zstandard's and the library for it is not installed.
    """
    head = stream if hasattr(stream, "peek") else io.BufferedReader(cast("io.RawIOBase", stream))
    first = head.peek(6)[:6]
    if first.startswith(_GZIP):
        return cast("BinaryIO", gzip.GzipFile(fileobj=head))
    if first.startswith(_XZ):
        return cast("BinaryIO", lzma.LZMAFile(head))
    if first.startswith(_BZIP2):
        return cast("BinaryIO", bz2.BZ2File(head))
    if first.startswith(_ZSTANDARD):
        return _zstandard(head)
    return head


def is_compressed(path: Path) -> bool:
    """Whether a file is compressed in one of the ways that are read."""
    with path.open("rb") as raw:
        return raw.read(6).startswith((_GZIP, _XZ, _BZIP2, _ZSTANDARD))


def _zstandard(stream: IO[bytes]) -> BinaryIO:
    import zstandard  # only few files need it, and it takes time to import

    return cast("BinaryIO", io.BufferedReader(_Frames(stream, zstandard.ZstdDecompressor().decompressobj)))


class _Frames(io.RawIOBase):
    """Zstandard frames one after the other; the library's reader does not report one that is cut short."""

    CHUNK_BYTES = 1 << 10  # so small, because a few bytes may stand for very many

    def __init__(self, stream: IO[bytes], new_frame: Callable[[], Any]) -> None:
        self._stream = stream
        self._new_frame = new_frame
        self._frame: Any = None
        self._compressed, self._ready = b"", memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            self._compressed = self._compressed or self._stream.read(self.CHUNK_BYTES)
            if not self._compressed:
                if self._frame is not None:
                    raise EOFError("the last frame is not whole")
                return 0
            if self._frame is None:
                self._frame = self._new_frame()
            self._ready = memoryview(self._frame.decompress(self._compressed))
            self._compressed = self._frame.unused_data
            if self._frame.eof:
                self._frame = None
        given, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(given)] = given
        return len(given)


@contextmanager
def damage_reported(name: str) -> Iterator[None]:
    """Raise CorpusError where a file cannot be read, or its compressed bytes are damaged or cut short."""
    try:
        yield
    except (EOFError, lzma.LZMAError, zlib.error, tarfile.TarError, zipfile.BadZipFile) as error:
        raise CorpusError(f"{name} is damaged or cut short: {error}") from None
    except OSError as error:
        raise CorpusError(f"{name} cannot be read: {error.strerror or error}") from None
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "zstandard":
            raise
        raise CorpusError(f"{name} is damaged or cut short: {error}") from None
