"""Comparing the spelling of tags: separators, accents, plurals, and misspellings of single words."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import combinations

from rapidfuzz.distance import OSA

Words = tuple[str, ...]

_AND = re.compile(r"\s*&\s*|\s\+\s|(?<=\w)\s*['’]n['’]\s*(?=\w)|(?<=\w)\sn\s(?=\w)")
_SILENT = re.compile(r"['’.]")
_BETWEEN_DIGITS = re.compile(r"(?<=\d) (?=\d)")
_VOWELS = frozenset("aeiou")
_SCRIPTS = frozenset({"LATIN", "CYRILLIC", "GREEK"})
_NOT_PLURALS = frozenset({"blues", "countries", "hips", "news", "series", "souls", "species"})
"""Words with a final s that are not plurals of the word without it, in tags about music."""

MOST_COMPARED = 200
"""The most words with a common beginning or end that are compared with each other."""

LONG, LONGER, LONGEST = 5, 7, 9
"""The least length of a word in which a difference of a vowel, of one letter, or of two letters may be a
misspelling."""


def spelt(tag: str) -> tuple[str, Words]:
    """Return a tag's key and its words, without separators, punctuation and Latin accents.

    Separate numbers are not joined. ``&``, ``+`` and ``'n'`` are read as "and".
    """
    text = _SILENT.sub("", _AND.sub(" and ", without_accents(tag)))
    words = tuple("".join(character if _counts(character) else " " for character in text).split())
    return _BETWEEN_DIGITS.sub("_", " ".join(words)).replace(" ", ""), words


def without_accents(text: str) -> str:
    """Return `text` without the accents of Latin letters; combining marks of other scripts are kept."""
    return text if text.isascii() else "".join(_bare(character) for character in text)


@lru_cache(4096)
def _bare(character: str) -> str:
    if not unicodedata.name(character, "").startswith("LATIN"):
        return character
    return "".join(c for c in unicodedata.normalize("NFD", character) if not unicodedata.combining(c))


@lru_cache(4096)
def _counts(character: str) -> bool:
    return unicodedata.category(character)[0] not in "PZ"


def singulars(word: str) -> Iterator[str]:
    """Yield the words whose English plural `word` may be."""
    if len(word) < 4 or not word.isalpha() or word in _NOT_PLURALS or not word.endswith("s"):
        return
    if not word.endswith(("ss", "us", "is")):
        yield word[:-1]
    if word.endswith("ies"):
        yield word[:-3] + "y"
    if word.endswith(("ses", "xes", "zes", "ches", "shes")):
        yield word[:-2]


def near_words(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield once each pair of words one edit apart, and most pairs of long words two edits apart.

    Words one edit apart (a transposition counts as one) share a string once at most one letter of each is
    deleted; long words two edits apart mostly share their first or their last four letters.
    """
    buckets: dict[tuple[str, str], list[str]] = defaultdict(list)
    for word in words:
        if len(word) < LONG - 1 or not _is_alphabetic(word):
            continue
        for rest in {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}:
            buckets["", rest].append(word)
        if len(word) >= LONGEST:
            buckets["begins", word[:4]].append(word)
            buckets["ends", word[-4:]].append(word)
    seen: set[tuple[str, str]] = set()
    for (kind, _), members in buckets.items():
        if len(members) > MOST_COMPARED:
            continue
        for pair in combinations(sorted(members), 2):
            if pair not in seen and OSA.distance(*pair, score_cutoff=2) <= (2 if kind else 1):
                seen.add(pair)
                yield pair


def is_misspelling(one: str, other: str) -> bool:
    """Return whether the difference of two near words looks like a misspelling, not like another word.

    The first letter is seldom misspelt, so words that differ there are two words. A difference at the end is
    another form of the word: electronic, electronica.
    """
    begin = _alike(one, other)
    end = min(_alike(one[::-1], other[::-1]), min(len(one), len(other)) - begin)
    a, b = one[begin : len(one) - end], other[begin : len(other) - end]
    shorter = min(len(one), len(other))
    if not begin:
        return False
    if len(a) == 2 and a == b[::-1]:
        return shorter >= LONG
    if not end:
        return False
    if len(a) + len(b) == 1:  # a letter more or less
        return _doubles(one, other) or shorter >= (LONG if (a or b) in _VOWELS else LONGER)
    if len(a) == len(b) == 1:
        return shorter >= (LONGER - 1 if {a, b} <= _VOWELS else LONGER)
    return shorter >= LONGEST


def _alike(one: str, other: str) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _doubles(one: str, other: str) -> bool:
    squeeze = re.compile(r"(.)\1+")
    return squeeze.sub(r"\1", one) == squeeze.sub(r"\1", other)


@lru_cache(65536)
def _is_alphabetic(word: str) -> bool:
    return all(unicodedata.name(character, "").partition(" ")[0] in _SCRIPTS for character in word)
