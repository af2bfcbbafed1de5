"""Records: documents as a file has them, before tags are cleaned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class WrittenTag(NamedTuple):
    """A tag as it stands in a file.

    Attributes
    ----------
    text
        What is written; it may hold several tags that are joined by a separator.
    weight
        What is stated of how much backs it, a finite number; None where nothing is.
    field
        The field it comes from, such as ``genre``.
    """

    text: str
    weight: float | None = None
    field: str = "tags"


@dataclass(frozen=True, slots=True)
class Record:
    """A document as its file has it."""

    id: str
    tags: Sequence[WrittenTag]
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line of a file is no document; `message` shows what was seen, in printable characters."""

    message: str


Records = Iterator[tuple[int, Record | Fault]]
"""Records or faults, with their lines; in a folder or a database, with their place in it."""
