"""Documents: the bags of tags that training learns from and the store keeps."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from models.errors import CorpusError
from models.vocabulary import MAX_TAG_LENGTH, normalize_tag, shown

MAX_ID_LENGTH = 255

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
    """

    id: str
    tags: tuple[str, ...]
    group: str | None = None

    @classmethod
    def of(cls, name: str, tags: Iterable[str], group: str | None = None) -> Self:
        """Return a document of tags as people write them, in the order of their first use.

        Raises
        ------
        CorpusError
            If the id or the group is blank, longer than 255 characters or not printable.
        TagError
            If a tag is none.
        """
        if group is not None:
            _check_name("group", group)
        _check_name("id", name)
        return cls(name, tuple(dict.fromkeys(_normalised(tag) for tag in tags)), group)


def _check_name(field: str, text: str) -> None:
    if not text.strip() or len(text) > MAX_ID_LENGTH:
        raise CorpusError(
            f"{field} must have 1 to {MAX_ID_LENGTH} characters, not all blank; got {shown(text)}"
        )
    if not text.isprintable() and any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise CorpusError(f"{field} cannot hold control characters or lone surrogates; got {shown(text)}")


def _normalised(tag: str) -> str:
    # Catalogues repeat their tags; overlong texts stay out of the cache, so that it stays small.
    return _cached_normalize_tag(tag) if len(tag) <= MAX_TAG_LENGTH else normalize_tag(tag)
