"""Tags as people write them, and the vocabulary a model was trained on.

`normalize_tag` is the only normaliser in the project: corpora, the store, the bundle and the
service all go through it, so two spellings that differ only in case, width or white space are one
tag everywhere.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html.entities import html5
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from models.errors import TagError
from models.types import AnyArray, IndexArray, NamedArrays

MAX_TAG_LENGTH = 200
NORMALIZER_VERSION = 2
"""1 knew neither HTML entities nor format characters."""

_WRITTEN_LENGTHS = 4
"""So many times the longest tag may be written at most: entities and decomposed letters take more room."""

_SEPARATORS = re.compile(r"[\s\-_‐‑–]+")
_ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_FLAG_AT_END = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f$")
_ZERO_WIDTH_JOINER, _VIRAMA = "\u200d", 9
# Format characters that are seen: signs of numbers and verses, and those that join hieroglyphs.
_SEEN_FORMATS = re.compile(
    "[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd\U00013430-\U0001343f]"
)


def normalize_tag(text: str, max_length: int = MAX_TAG_LENGTH) -> str:
    """Return the canonical spelling of a tag.

    HTML entities are decoded, as often as they were encoded; NFKC; casefold; inner white space folded to
    one space; white space and format characters (zero-width spaces, marks of direction, soft hyphens)
    dropped at the ends. Inside they stay: joiners make emoji, and words of Persian and of India. What ends
    in a joiner after a virama, or in the tags of a flag, keeps it. Idempotent.

    Parameters
    ----------
    text
        The tag as somebody wrote it.
    max_length
        Longest accepted result, in code points; what is written may be four times as long.

    Raises
    ------
    TagError
        If nothing is left, the text or the result is too long, or it holds a control character or a lone
        surrogate (neither can be stored or sent on).
    """
    # The length first: composing a long run of combining characters takes time by its square.
    if len(text) > _WRITTEN_LENGTHS * max_length:
        raise TagError(f"a tag may have at most {max_length} characters; got {len(text)}: {shown(text)}")
    if text.isascii() and text.isprintable() and "&" not in text:
        tag = " ".join(text.casefold().split())
    else:
        tag, before = text, None
        while tag != before:  # an entity may stand for part of another one
            before = tag
            tag = _without_blank_ends(_folded(decode_entities(tag)))
    if not tag:
        raise TagError(f"a tag needs at least one visible character; got {shown(text)}")
    if len(tag) > max_length:
        raise TagError(f"a tag may have at most {max_length} characters; got {len(tag)}: {shown(text)}")
    return tag


def _folded(text: str) -> str:
    """Return a tag as version 1 spelt it."""
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs" or (category == "Cc" and not character.isspace()):
            raise TagError(f"a tag cannot hold the character U+{ord(character):04X}: {shown(text)}")
    # Case folding can leave a string that is no longer NFKC, so it is composed once more.
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def decode_entities(text: str) -> str:
    """Return a text with its HTML entities decoded once; what only looks like one stays."""
    return _ENTITY.sub(_decoded, text) if "&" in text else text


def _decoded(entity: re.Match[str]) -> str:
    name = entity[1]
    return html.unescape(entity[0]) if name.startswith("#") else html5.get(f"{name};", entity[0])


def _without_blank_ends(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _is_blank(text[start]):
        start += 1
    while start < end and _is_blank(text[end - 1]):
        last, before = text[end - 1], text[end - 2 : end - 1]
        joined = last == _ZERO_WIDTH_JOINER and before and unicodedata.combining(before) == _VIRAMA
        if joined or _FLAG_AT_END.search(text, start, end):
            break
        end -= 1
    return text[start:end]


def _is_blank(character: str) -> bool:
    if character.isspace():
        return True
    return unicodedata.category(character) == "Cf" and not _SEEN_FORMATS.match(character)


def respelled(tags: Iterable[str]) -> dict[str, str | None]:
    """Return how tags of an older normaliser are spelt now, those that are spelt as before left out.

    None stands for one that is no tag any more. Two tags may have come to share a spelling, with each other
    or with one that is left out: whoever keeps tags joins what it keeps of them.
    """
    now: dict[str, str | None] = {}
    for tag in tags:
        try:
            spelling = normalize_tag(tag)
        except TagError:
            now[tag] = None
        else:
            if spelling != tag:
                now[tag] = spelling
    return now


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
            # Of several spellings in the vocabulary, the most used one speaks for the others.
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
        keys = tensors["tags"].tobytes().decode().split("\n")
        return cls(keys, tensors["document_frequency"], normalizer)


def _checked(keys: Sequence[str], normalizer: int) -> tuple[str, ...]:
    """Return the tags of a vocabulary in today's spelling; TagError if they are none of their version."""
    rule = normalize_tag if normalizer == NORMALIZER_VERSION else _folded
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
