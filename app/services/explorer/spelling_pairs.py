"""Tags that look like spellings of one tag: candidates for the alias table, to be judged by people.

Precision matters more than recall: nearly every pair should be right. Only tags that share a key are
compared. There are three steps; each compares the most used spellings of the groups found before:

1. the same letters and digits with other separators, punctuation or accents: hip hop, hip-hop, hiphop;
2. singular and plural of the last word: female vocalist, female vocalists;
3. one word misspelt, where the right spelling is used several times as often: psychadelic rock.

Tags with different digits (60s, 80s) or different short words (house, horse) are never paired.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from app.services.explorer.spelling import (
    Words,
    is_misspelling,
    near_words,
    singulars,
    spelt,
    without_accents,
)
from models.normalizer import separator_key

Kind = Literal["separator", "sign", "accent", "plural", "spelling"]
Pairs = Callable[[Mapping[str, tuple[str, Words]]], Iterable[tuple[str, str]]]

RARER = 4
"""The right spelling is used at least this many times as often as a misspelling."""


@dataclass(frozen=True)
class SpellingPair:
    """A tag, and the more used tag that it seems to be a spelling of.

    Attributes
    ----------
    kind
        The kind of difference between them.
    alias_uses, target_uses
        Number of documents that hold each.
    """

    alias: str
    target: str
    kind: Kind
    alias_uses: int
    target_uses: int


def find_spelling_pairs(uses: Mapping[str, int]) -> list[SpellingPair]:
    """Return pairs among normalised tags, those with the most used aliases first.

    Parameters
    ----------
    uses
        Number of documents that hold each tag; tags without documents are left out.

    Returns
    -------
    list
        A tag is the alias of one pair at most, and no pair's target is another's alias.
    """
    joined: dict[str, tuple[str, Kind]] = {}
    left: dict[str, tuple[str, Words]] = {}
    for key, spellings in _by_key(uses).items():
        tag, *others = sorted(spellings, key=lambda tag: (-uses[tag], len(tag), tag))
        left[key] = tag, spellings[tag]
        joined |= {other: (tag, _difference(tag, other)) for other in others}
    later: list[tuple[Kind, Pairs]] = [("plural", _plurals), ("spelling", _misspelt)]
    for kind, pairs in later:
        for one, other in list(pairs(left)):
            if one in left and other in left:
                alias, target = sorted((one, other), key=lambda key: (uses[left[key][0]], left[key][0]))
                if kind == "spelling" and uses[left[alias][0]] * RARER > uses[left[target][0]]:
                    continue
                joined[left.pop(alias)[0]] = left[target][0], kind
    found = []
    for alias, (target, kind) in joined.items():
        while target in joined:
            target = joined[target][0]
        found.append(SpellingPair(alias, target, kind, uses[alias], uses[target]))
    return sorted(found, key=lambda v: (-v.alias_uses, -v.target_uses, v.alias))


def _by_key(uses: Mapping[str, int]) -> dict[str, dict[str, Words]]:
    """Return tags with their words, by the key without separators, punctuation and accents."""
    spellings: dict[str, dict[str, Words]] = defaultdict(dict)
    for tag, n in uses.items():
        if n > 0:
            key, words = spelt(tag)
            spellings[key if len(key) > 2 else tag][tag] = words
    return spellings


def _difference(one: str, other: str) -> Kind:
    if separator_key(one) == separator_key(other):
        return "separator"
    return "accent" if without_accents(one) == without_accents(other) else "sign"


def _plurals(left: Mapping[str, tuple[str, Words]]) -> Iterator[tuple[str, str]]:
    for key, (_, words) in left.items():
        for singular in singulars(words[-1]) if words else ():
            other = "".join((*words[:-1], singular))
            if other in left:
                yield key, other
                break


def _misspelt(left: Mapping[str, tuple[str, Words]]) -> Iterator[tuple[str, str]]:
    """Yield keys of tags with equally many words that differ in one word, by what may be a misspelling."""
    holders: dict[str, list[str]] = defaultdict(list)
    for key, (_, words) in left.items():
        for word in set(words):
            holders[word].append(key)
    for one, other in near_words(holders):
        if not is_misspelling(one, other):
            continue
        for key in min(holders[one], holders[other], key=len):
            words = left[key][1]
            mended = {one: other, other: one}
            other_key = "".join(mended.get(word, word) for word in words)
            if other_key in left and other_key != key:
                yield key, other_key
