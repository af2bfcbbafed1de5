"""Signs that tags seem to be joined by: how many tags hold them, and what splitting would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from models.catalogues.splitting import SEPARATORS, split_tag

SHOWN = 5
LEAST, LEAST_SHARE = 2, 0.02
"""Fewer tags than these, or a smaller share, may hold a separator without a word."""


@dataclass(frozen=True)
class SeparatorUse:
    """A separator in the tags of a field.

    Attributes
    ----------
    field, separator
        Where, and which.
    tags, of
        How many tags of documents hold it, and how many tags there are.
    parted
        Those that would be split, because their parts stand alone elsewhere.
    commonest
        Tags that hold it, most used first, with their uses.
    """

    field: str
    separator: str
    tags: int
    of: int
    parted: int
    commonest: tuple[tuple[str, int], ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self) | {"commonest": [{"tag": tag, "documents": n} for tag, n in self.commonest]}

    def sentence(self) -> str:
        """Return what is seen and what can be done, in words."""
        examples = ", ".join(f"{tag} ({n:,})" for tag, n in self.commonest)
        option = f"--split '{self.field}={self.separator}'"
        can = f"{option} splits {self.parted:,} of them, whose parts stand alone elsewhere"
        if not self.parted:
            can = (
                f"{option} splits none, as their parts stand nowhere alone; with --split-always it splits all"
            )
        return (
            f'"{self.separator}" is in {self.tags:,} of {self.of:,} tags of {self.field}: {examples}; {can}'
        )


def separators_used(field: str, uses: Mapping[str, int], alone: Mapping[str, int]) -> list[SeparatorUse]:
    """Return the separators that many tags of a field hold, those that most do first.

    Parameters
    ----------
    field
        Its name.
    uses
        Documents that hold each of its tags.
    alone
        The tags of all fields.
    """
    total = sum(uses.values())
    found = []
    for separator in SEPARATORS:
        holding = {tag: n for tag, n in uses.items() if separator in tag}
        n_tags = sum(holding.values())
        if n_tags < max(LEAST, LEAST_SHARE * total):
            continue
        parted = sum(n for tag, n in holding.items() if split_tag(tag, separator, alone) != [tag])
        commonest = sorted(holding.items(), key=lambda use: (-use[1], use[0]))[:SHOWN]
        found.append(SeparatorUse(field, separator, n_tags, total, parted, tuple(commonest)))
    return sorted(found, key=lambda use: -use.tags)
