"""Reading publishers' files: locate, decode by line and hash them; errors name file and line."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from models.errors import CorpusError, TagError, shown
from models.normalizer import normalize_tag

logger = logging.getLogger(__name__)


def fault(file: Path, line: int, what: str) -> CorpusError:
    """Return the error for line `line` of `file`."""
    return CorpusError(f"{file}, line {line}: {what}")


def locate(path: Path | str | None, names: Iterable[str], layout: str) -> dict[str, Path]:
    """Return where each of the publisher's files is, by file name.

    Raises
    ------
    CorpusError
        If no path is given, or a file is missing; names it and the expected layout.
    """
    if path is None:
        raise CorpusError(f"a path is needed: {layout}")
    folder = Path(path)
    files = {name: folder / name for name in names}
    for file in files.values():
        if not file.is_file():
            raise CorpusError(f"{file} is missing or not a file; expected: {layout}")
    return files


def lines(file: Path, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, text without its end of line), skipping blank lines and a byte order mark.

    Raises
    ------
    CorpusError
        If the file cannot be read, or a line's bytes are not `encoding`.
    """
    try:
        with file.open("rb") as stream:
            for number, raw in enumerate(stream, start=1):
                line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
                if not line.strip():
                    continue
                try:
                    text = line.decode(encoding)
                except UnicodeDecodeError:
                    content = shown(line.decode("latin-1").rstrip("\r\n"))
                    raise fault(file, number, f"not {encoding.upper()}: {content}") from None
                yield number, text.rstrip("\r\n")
    except OSError as error:
        raise CorpusError(f"{file} cannot be read: {error.strerror}") from None


def normalised(file: Path, line: int, text: str) -> str:
    """Return the tag a publisher wrote, normalised; CorpusError names the line of one that is no tag."""
    try:
        return normalize_tag(text)
    except TagError as error:
        raise fault(file, line, str(error)) from None


def whole_number(file: Path, line: int, text: str, column: str) -> int:
    """Return `text` as an integer >= 0; CorpusError names the line and the column otherwise."""
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise fault(file, line, f"{column} must be a whole number of at most 18 digits; got {shown(text)}")
    return int(text)


def digests(files: Mapping[str, Path], checksums: Mapping[str, str | None], copy: str) -> dict[str, str]:
    """Return the SHA-256 of each file, by name, and warn of those that differ from what is on record.

    A difference is no error: a publisher may have released a newer or fuller variant. What is
    returned is always the digest of the file that was read.
    """
    found = {}
    for name, file in files.items():
        with file.open("rb") as stream:
            found[name] = hashlib.file_digest(stream, "sha256").hexdigest()
        recorded = checksums.get(name)
        if recorded is not None and found[name] != recorded:
            logger.warning(
                "%s is not the copy on record (%s): its SHA-256 is %s, the recorded one %s. "
                "Figures may differ from those published for it.",
                file,
                copy,
                found[name],
                recorded,
            )
    return found
