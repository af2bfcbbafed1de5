"""Where a catalogue is read from: a file, a member of an archive, an archive or a folder.

Files may be compressed, and so may the members of archives (tar, itself compressed or not, and zip).
Everything is read as a stream; an archive is never unpacked.
"""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal, cast

from models.catalogues.compression import damage_reported, decompressed, is_compressed
from models.errors import CorpusError, shown

MEMBER_SIGN = "::"
_TAR_MAGIC = slice(257, 262), b"ustar"
_ZIP_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True)
class Source:
    """A place to read from.

    Attributes
    ----------
    path
        The file or folder.
    kind
        What it is: a plain or compressed ``file``, an archive (``tar`` or ``zip``), or a ``folder``.
    member
        The one file of an archive that is read; None for all of them.
    """

    path: Path
    kind: Literal["file", "tar", "zip", "folder"]
    member: str | None = None

    @classmethod
    def at(cls, given: Path | str) -> Source:
        """Return the source at a path, or at ``PATH::MEMBER`` of an archive.

        Raises
        ------
        CorpusError
            If there is nothing there, or it cannot be read.
        """
        path, sign, member = Path(given), "", ""
        if not path.exists():
            before, sign, member = str(given).partition(MEMBER_SIGN)
            path = Path(before) if sign else path
        if not path.exists():
            raise CorpusError(f"{shown(str(path), 200)[1:-1]} is missing: there is no such file or folder")
        kind = cls._kind(path)
        if sign and kind not in ("tar", "zip"):
            raise CorpusError(f"{path} is no archive, so it has no member {shown(member)}")
        return cls(path, kind, member or None)

    @staticmethod
    def _kind(path: Path) -> Literal["file", "tar", "zip", "folder"]:
        if path.is_dir():
            return "folder"
        with damage_reported(str(path)), path.open("rb") as raw:
            if raw.read(4) == _ZIP_MAGIC:
                return "zip"
            raw.seek(0)
            place, magic = _TAR_MAGIC
            return "tar" if decompressed(raw).read(512)[place] == magic else "file"

    @property
    def name(self) -> str:
        """How it is called in messages, in printable characters."""
        whole = str(self.path) if self.member is None else f"{self.path}{MEMBER_SIGN}{self.member}"
        return whole if whole.isprintable() else shown(whole, 1000)[1:-1]

    @property
    def is_one_file(self) -> bool:
        """Whether it is one file's content, and not that of several."""
        return self.kind == "file" or self.member is not None

    def of(self, member: str) -> Source:
        """Return the source of one member of this archive."""
        return replace(self, member=member)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the one file's content, decompressed; CorpusError if an archive has no such member."""
        if self.kind == "file":
            with self.path.open("rb") as raw:
                yield decompressed(raw)
            return
        if self.member is None:
            raise CorpusError(f"{self.name} holds several files; one is needed here")
        for name, stream in self.files():
            if name == self.member:
                yield stream
                return
        raise CorpusError(f"{self.path} has no member {shown(self.member)}")

    def files(self) -> Iterator[tuple[str, BinaryIO]]:
        """Yield the name and the content of each file, decompressed; to be read before the next is taken.

        Those of a folder come in alphabetical order, those of an archive as they stand in it.
        """
        if self.kind == "tar":
            with self.path.open("rb") as raw, tarfile.open(fileobj=decompressed(raw), mode="r|") as tar:
                for entry in tar:
                    content = tar.extractfile(entry) if entry.isreg() else None
                    if content is not None:
                        yield entry.name, decompressed(cast("BinaryIO", content))
        elif self.kind == "zip":
            with zipfile.ZipFile(self.path) as archive:
                for info in archive.infolist():
                    if not info.is_dir():
                        with _member(archive, info) as content:
                            yield info.filename, decompressed(content)
        elif self.kind == "folder":
            for file in files_below(self.path):
                with file.open("rb") as raw:
                    yield file.relative_to(self.path).as_posix(), decompressed(raw)
        else:
            with self.open() as stream:
                yield self.path.name, stream

    @contextmanager
    def as_file(self) -> Iterator[Path]:
        """Give the one file's content as a plain file; where it is none, as a temporary copy."""
        with self.open() as stream:
            if self.kind == "file" and not is_compressed(self.path):
                yield self.path
                return
            with tempfile.TemporaryDirectory() as folder:
                copy = Path(folder) / "content"
                with copy.open("wb") as out:
                    shutil.copyfileobj(stream, out)
                yield copy


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    try:
        return cast("BinaryIO", archive.open(info))
    except (NotImplementedError, RuntimeError) as error:  # a password is needed, or an odd method is used
        raise CorpusError(f"{shown(info.filename, 200)} cannot be unpacked: {error}") from None


def uncompressed_name(name: str) -> str:
    """Return a file's name without the suffix of its compression."""
    bare, dot, suffix = name.rpartition(".")
    return bare if dot and suffix.casefold() in ("gz", "xz", "bz2", "zst") else name


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder and below it, in alphabetical order; links to folders are not followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise CorpusError(f"{folder} cannot be read: {error.strerror}") from None
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from files_below(Path(entry.path))
        elif entry.is_file():
            yield Path(entry.path)
