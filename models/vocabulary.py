"""The vocabulary that a model was trained on, and the steps that find a tag in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from models.errors import TagError, shown
from models.normalizer import (
    NORMALIZER_VERSION,
    normalize_tag,
    normalize_tag_version_1,
    respelled,
    separator_key,
)
from models.types import AnyArray, IndexArray, NamedArrays


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
    normalizer
        The version of `normalize_tag` that the tags are normalised by. Tags of an older one are respelt,
        unless the new spelling is that of another tag, which then answers for both.

    Raises
    ------
    TagError
        If a tag is not normalised or comes twice, or the counts do not fit the tags.
    """

    def __init__(
        self,
        index_to_key: Sequence[str],
        document_frequency: npt.ArrayLike,
        normalizer: int = NORMALIZER_VERSION,
    ) -> None:
        self.index_to_key = _checked(index_to_key, normalizer)
        self.document_frequency: IndexArray = np.asarray(document_frequency, dtype=np.int64)
        if self.document_frequency.shape != (len(self.index_to_key),):
            raise TagError(
                f"{len(self.index_to_key)} tags need as many document frequencies; "
                f"got an array of shape {self.document_frequency.shape}"
            )
        self.key_to_index = {key: index for index, key in enumerate(self.index_to_key)}

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __contains__(self, tag: object) -> bool:
        return tag in self.key_to_index

    @cached_property
    def _by_separator_key(self) -> dict[str, int]:
        best: dict[str, int] = {}
        for index, key in enumerate(self.index_to_key):
            bare = separator_key(key)
            # Of several spellings in the vocabulary, other spellings resolve to the most used one.
            if bare and (
                bare not in best or self.document_frequency[index] > self.document_frequency[best[bare]]
            ):
                best[bare] = index
        return best

    def resolve(self, text: str) -> Resolution:
        """Find the vocabulary tag that `text` stands for: exact, then separator variants, then OOV."""
        return self.resolve_normalised(normalize_tag(text))

    def resolve_normalised(self, tag: str) -> Resolution:
        """Find the vocabulary tag that a normalised `tag` stands for."""
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
    def from_tensors(cls, tensors: NamedArrays, normalizer: int = NORMALIZER_VERSION) -> Self:
        """Rebuild it from what `tensors` gave; `normalizer` is the version that the tags are spelt by.

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
        if tensors["document_frequency"].dtype.kind not in "iu":
            raise TagError(
                f"document_frequency must be whole numbers; got {tensors['document_frequency'].dtype}"
            )
        keys = tensors["tags"].tobytes().decode().split("\n")
        return cls(keys, tensors["document_frequency"], normalizer)


def _checked(keys: Sequence[str], normalizer: int) -> tuple[str, ...]:
    """Return the tags of a vocabulary in today's spelling; TagError if they are none of their version."""
    rule = normalize_tag if normalizer == NORMALIZER_VERSION else normalize_tag_version_1
    known: set[str] = set()
    for index, key in enumerate(keys):
        if not key or rule(key) != key:
            raise TagError(f"vocabulary tag {index} is not normalised: {shown(key)}")
        if key in known:
            raise TagError(f"vocabulary tag {index} comes twice: {shown(key)}")
        known.add(key)
    if normalizer == NORMALIZER_VERSION:
        return tuple(keys)
    spelt = dict.fromkeys(keys)
    for old, new in respelled(keys).items():
        if new is not None and new not in known:
            known.add(new)
            spelt[old] = new
    return tuple(new or old for old, new in spelt.items())
