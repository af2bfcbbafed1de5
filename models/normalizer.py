"""Tags as people write them: the one spelling of each.

`normalize_tag` is the only normaliser in the project: corpora, the store, the bundle and the service all
go through it, so two spellings that differ only in case, width or white space are one tag everywhere.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable
from html.entities import html5

from models.errors import TagError, shown

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
            tag = _without_blank_ends(normalize_tag_version_1(decode_entities(tag)))
    if not tag:
        raise TagError(f"a tag needs at least one visible character; got {shown(text)}")
    if len(tag) > max_length:
        raise TagError(f"a tag may have at most {max_length} characters; got {len(tag)}: {shown(text)}")
    return tag


def normalize_tag_version_1(text: str) -> str:
    """Return a tag as version 1 of the normaliser spells it: NFKC, casefold, white space folded."""
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


def separator_key(tag: str) -> str:
    """Return what is left of a tag without spaces, hyphens and underscores.

    ``hip hop``, ``hip-hop`` and ``hiphop`` share one key.
    """
    return _SEPARATORS.sub("", tag)
