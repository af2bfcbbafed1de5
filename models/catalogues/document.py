"""Documents: the bags of tags that training learns from and the store keeps."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from models.errors import CorpusError, shown
from models.normalizer import MAX_TAG_LENGTH, normalize_tag

MAX_ID_LENGTH = 255

TagAsWritten = str | tuple[str, float | None]
"""A tag as somebody wrote it, alone or with its weight; None where no weight is stated."""

_cached_normalize_tag = lru_cache(maxsize=1 << 16)(normalize_tag)


@dataclass(frozen=True)
class Document:
    """A bag of tags: what is on one track, album or artist.

    Attributes
    ----------
    id
        The owner's name for it.
    tags
        Normalised tags, each once.
    group
        What ties near-copies together (an artist, an album), or None.
    weights
        How much each tag is backed by (votes, plays, a relevance), finite and above 0, in the order of
        `tags`; None if all are 1.
    """

    id: str
    tags: tuple[str, ...]
    group: str | None = None
    weights: tuple[float, ...] | None = None

    @classmethod
    def of(cls, name: str, tags: Iterable[TagAsWritten], group: str | None = None) -> Self:
        """Return a document of tags as people write them, in the order of their first use.

        The stated weights of a tag that comes several times add up. A name without a weight states none:
        it adds nothing to one that has a weight, and a tag that only comes so weighs 1.

        Raises
        ------
        CorpusError
            If the id or the group is blank, longer than 255 characters or not printable, or a weight is
            not finite and above 0.
        TagError
            If a tag is none.
        """
        check_names(name, group)
        stated: dict[str, float | None] = {}
        for written in tags:
            text, weight = (written, None) if isinstance(written, str) else written
            tag = normalized(text)
            before = stated.setdefault(tag, None)
            if weight is not None:
                stated[tag] = checked_weight(tag, (before or 0) + checked_weight(tag, weight))
        return cls.weighing(name, stated, group)

    @classmethod
    def weighing(cls, name: str, stated: dict[str, float | None], group: str | None) -> Self:
        """Return a document of normalised tags and what weight is stated of each."""
        weights = tuple(1.0 if weight is None else float(weight) for weight in stated.values())
        return cls(name, tuple(stated), group, None if all(w == 1 for w in weights) else weights)

    def weighted(self) -> Iterator[tuple[str, float]]:
        """Yield each tag with its weight."""
        return zip(self.tags, self.weights or (1.0,) * len(self.tags), strict=True)

    def strongest(self, min_weight: float = 0.0, top: int | None = None) -> Self:
        """Return the document with the tags that weigh at least `min_weight`, of those the `top` greatest.

        Of equal weights the earlier tag is kept; the order of tags stays.
        """
        weights = self.weights or (1.0,) * len(self.tags)
        kept = [place for place, weight in enumerate(weights) if weight >= min_weight]
        if top is not None and len(kept) > top:
            kept = sorted(sorted(kept, key=lambda place: -weights[place])[:top])
        if len(kept) == len(self.tags):
            return self
        return self.weighing(self.id, {self.tags[place]: weights[place] for place in kept}, self.group)


def checked_weight(tag: str, weight: float) -> float:
    """Return the weight of a tag; CorpusError if it is not finite and above 0."""
    if not (math.isfinite(weight) and weight > 0):
        raise CorpusError(f"the weight of {shown(tag)} must be a finite number above 0; got {weight}")
    return weight


def check_names(name: str, group: str | None) -> None:
    """Raise CorpusError if a document's id or group cannot be one."""
    if group is not None:
        _check_name("group", group)
    _check_name("id", name)


def _check_name(field: str, text: str) -> None:
    if not text.strip() or len(text) > MAX_ID_LENGTH:
        raise CorpusError(
            f"{field} must have 1 to {MAX_ID_LENGTH} characters, not all blank; got {shown(text)}"
        )
    if not text.isprintable() and any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise CorpusError(f"{field} cannot hold control characters or lone surrogates; got {shown(text)}")


def normalized(tag: str) -> str:
    """Return the canonical spelling of a tag, remembered: catalogues repeat their tags.

    Raises
    ------
    TagError
        If it is none.
    """
    # Overlong texts stay out of the cache, so that it stays small.
    return _cached_normalize_tag(tag) if len(tag) <= MAX_TAG_LENGTH else normalize_tag(tag)
