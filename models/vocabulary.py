"""Tags as people write them, and the vocabulary a model was trained on.

`normalize_tag` is the only normaliser in the project: corpora, the store, the bundle and the
service all go through it, so two spellings that differ only in case, width or white space are one
tag everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from models.errors import TagError
from models.types import AnyArray, IndexArray, NamedArrays

MAX_TAG_LENGTH = 200

_SEPARATORS = re.compile(r"[\s\-_‐‑–]+")


def normalize_tag(text: str, max_length: int = MAX_TAG_LENGTH) -> str:
    """Return the canonical spelling of a tag.

    NFKC, casefold, trimmed, inner white space folded to one space. Idempotent.

    Parameters
    ----------
    text
        The tag as somebody wrote it.
    max_length
        Longest accepted result, in code points.

    Raises
    ------
    TagError
        If nothing is left, the result is too long, or the text holds a control character or a
        lone surrogate (neither can be stored or sent on).
    """
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs" or (category == "Cc" and not character.isspace()):
            raise TagError(f"a tag cannot hold the character U+{ord(character):04X}: {shown(text)}")
    # Case folding can leave a string that is no longer NFKC, so it is composed once more.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    tag = " ".join(folded.split())
    if not tag:
        raise TagError(f"a tag needs at least one visible character; got {shown(text)}")
    if len(tag) > max_length:
        raise TagError(f"a tag may have at most {max_length} characters; got {len(tag)}: {shown(text)}")
    return tag


def shown(text: str, limit: int = 60) -> str:
    """Return `text` quoted, shortened and in printable ASCII, fit for an error message or a log."""
    return ascii(text if len(text) <= limit else text[:limit] + "...")


def separator_key(tag: str) -> str:
    """Return what is left of a tag without spaces, hyphens and underscores.

    ``hip hop``, ``hip-hop`` and ``hiphop`` share one key.
    """
    return _SEPARATORS.sub("", tag)


@dataclass(frozen=True)
class Resolution:
    """How a tag as typed was understood.

    Attributes
    ----------
    tag
        The tag it was taken for: a vocabulary tag, or the normalised text if there is none.
    index
        Its position in the vocabulary, or None if it is out of vocabulary (OOV).
    step
        Which rule found it: ``exact``, ``separator`` (a spelling with other separators), or ``oov``.
    """

    tag: str
    index: int | None
    step: Literal["exact", "alias", "separator", "oov"]


class Vocabulary:
    """The tags a model knows, in the order of its rows.

    Parameters
    ----------
    index_to_key
        Distinct normalised tags.
    document_frequency : array of shape (n_tags,), int
        Training documents that hold each tag.

    Raises
    ------
    TagError
        If a tag is not normalised or comes twice, or the counts do not fit the tags.
    """

    def __init__(self, index_to_key: Sequence[str], document_frequency: npt.ArrayLike) -> None:
        self.index_to_key: tuple[str, ...] = tuple(index_to_key)
        self.document_frequency: IndexArray = np.asarray(document_frequency, dtype=np.int64)
        if self.document_frequency.shape != (len(self.index_to_key),):
            raise TagError(
                f"{len(self.index_to_key)} tags need as many document frequencies; "
                f"got an array of shape {self.document_frequency.shape}"
            )
        self.key_to_index: dict[str, int] = {}
        for index, key in enumerate(self.index_to_key):
            if normalize_tag(key) != key:
                raise TagError(f"vocabulary tag {index} is not normalised: {shown(key)}")
            if self.key_to_index.setdefault(key, index) != index:
                raise TagError(f"vocabulary tag {index} comes twice: {shown(key)}")

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __contains__(self, tag: object) -> bool:
        return tag in self.key_to_index

    @cached_property
    def _by_separator_key(self) -> dict[str, int]:
        best: dict[str, int] = {}
        for index, key in enumerate(self.index_to_key):
            bare = separator_key(key)
            # Of several spellings in the vocabulary, the most used one speaks for the others.
            if bare and (
                bare not in best or self.document_frequency[index] > self.document_frequency[best[bare]]
            ):
                best[bare] = index
        return best

    def resolve(self, text: str) -> Resolution:
        """Find the vocabulary tag that `text` stands for: exact, then separator variants, then OOV."""
        tag = normalize_tag(text)
        index = self.key_to_index.get(tag)
        if index is not None:
            return Resolution(tag, index, "exact")
        index = self._by_separator_key.get(separator_key(tag))
        if index is not None:
            return Resolution(self.index_to_key[index], index, "separator")
        return Resolution(tag, None, "oov")

    def indices(self, tags: Iterable[str]) -> IndexArray:
        """Return the positions of normalised in-vocabulary `tags`; KeyError for any other."""
        return np.asarray([self.key_to_index[tag] for tag in tags], dtype=np.int64)

    def tensors(self) -> dict[str, AnyArray]:
        """Return the arrays a bundle keeps, by name: the tags as UTF-8, a line each, and their counts."""
        # A normalised tag holds no line feed, so one separates them.
        text = "\n".join(self.index_to_key).encode()
        return {
            "tags": np.frombuffer(text, dtype=np.uint8),
            "document_frequency": self.document_frequency,
        }

    @classmethod
    def from_tensors(cls, tensors: NamedArrays) -> Self:
        """Rebuild it from what `tensors` gave.

        Raises
        ------
        TagError
            If a tensor is missing or of another kind, a tag is not normalised or comes twice, or the counts
            do not fit the tags.
        UnicodeDecodeError
            If the tags are not UTF-8.
        """
        if set(tensors) != {"tags", "document_frequency"} or tensors["tags"].dtype != np.uint8:
            raise TagError("needs the tensors tags (uint8) and document_frequency")
        return cls(tensors["tags"].tobytes().decode().split("\n"), tensors["document_frequency"])
