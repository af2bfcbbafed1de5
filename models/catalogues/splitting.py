"""Joined strings: ``Rock; Pop``, ``R&B/Soul``, ``rock, pop, indie`` in the place of one tag.

A separator separates only where what stands on both of its sides is a tag of its own elsewhere in the
catalogue, so that ``Folk, World, & Country``, ``AC/DC`` and ``R&B`` stay whole; with ``--split-always`` it
always does. In brackets it never does: ``Techno (Peak / Time)``.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from models.errors import CorpusError, shown

SEPARATORS = ";,/|\\、・"
"""What people join tags with; looked for in every catalogue."""

MAX_SEGMENTS = 100
EVERY_FIELD = "*"


@dataclass(frozen=True)
class Splitting:
    """What to split tags at.

    Attributes
    ----------
    separators
        The signs, by field; those of `EVERY_FIELD` for fields that are not named.
    always
        Whether to split whatever stands around them.
    """

    separators: Mapping[str, str] = field(default_factory=dict)
    always: bool = False

    @classmethod
    def of(cls, given: Iterable[str], always: bool = False) -> Splitting:
        """Return what an option gives: ``;,/``, or ``genre=;,`` for one field.

        Raises
        ------
        CorpusError
            If a separator is a letter, a digit or a bracket, or there is none.
        """
        separators: dict[str, str] = {}
        for text in given:
            named, sign, signs = text.partition("=")
            name = named.strip() if sign else EVERY_FIELD
            signs = "".join((signs if sign else text).split())
            if not signs or any(sign.isalnum() or sign in "()[]{}" for sign in signs):
                raise CorpusError(f"tags are split at signs such as ';,/', or field=';,/'; got {shown(text)}")
            separators[name] = separators.get(name, "") + signs
        if always and not separators:
            raise CorpusError("--split-always needs --split to say at which signs")
        return cls(separators, always)

    def at(self, field: str) -> str:
        """Return the signs at which tags of a field are split."""
        return self.separators.get(field, self.separators.get(EVERY_FIELD, ""))


def split_tag(tag: str, separators: str, alone: Container[str] | None) -> list[str]:
    """Return the tags that a joined string stands for; itself, if it is none.

    Parameters
    ----------
    tag
        A normalised tag, of any length.
    separators
        The signs that may join tags.
    alone
        The tags that stand alone somewhere; None to split at every sign outside of brackets.
    """
    segments = _segments(tag, separators)
    if len(segments) == 1:
        return [tag]
    if alone is None:
        return [part for start, end in segments if (part := tag[start:end].strip())] or [tag]
    if len(segments) > MAX_SEGMENTS:
        return [tag]
    # The most parts that the first segments make, and where the last of them begins; None if they make none.
    best: list[tuple[int, int] | None] = [(0, 0)]
    for end in range(1, len(segments) + 1):
        reached: tuple[int, int] | None = None
        for start in range(end):
            before = best[start]
            part = tag[segments[start][0] : segments[end - 1][1]].strip()
            if before is None or (start, end) == (0, len(segments)) or (part and part not in alone):
                continue
            n_parts = before[0] + bool(part)
            if reached is None or n_parts > reached[0]:
                reached = (n_parts, start)
        best.append(reached)
    return _parts(tag, segments, best) or [tag]


def _parts(tag: str, segments: list[tuple[int, int]], best: list[tuple[int, int] | None]) -> list[str]:
    parts: list[str] = []
    end = len(segments)
    while end and (reached := best[end]) is not None:
        part = tag[segments[reached[1]][0] : segments[end - 1][1]].strip()
        parts = [part, *parts] if part else parts
        end = reached[1]
    return [] if end else parts


def _segments(tag: str, separators: str) -> list[tuple[int, int]]:
    """Return where the stretches between separators outside of brackets begin and end."""
    segments: list[tuple[int, int]] = []
    start = depth = 0
    for found in re.finditer(f"[()\\[\\]{{}}{re.escape(separators)}]", tag) if separators else ():
        sign = found[0]
        if sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth = max(0, depth - 1)
        elif not depth:
            segments.append((start, found.start()))
            start = found.end()
    return [*segments, (start, len(tag))]
