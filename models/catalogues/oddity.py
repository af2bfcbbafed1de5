"""How little a text looks like a tag: what to look at first when a catalogue is cleaned."""

from __future__ import annotations

import re
import unicodedata

_ADDRESS = re.compile(r"https?:|www\.|\.com\b|@\w+\.\w")
_MARKUP = re.compile(r"[<>{}\\]|&\w+;|%[0-9a-f]{2}")
_USUAL_LENGTH = 30
# Emoji, what changes the colour of their skin, and what joins them; and what words are joined by.
_EMOJI = ("So", "Sk")
_JOINING = "-_'&/+.#\u200c\u200d"


def oddity(tag: str) -> float:
    """Return how odd a normalised tag is: 0 for one that looks like a tag, more for what sticks out.

    Addresses and remains of markup count most, then a tag without a letter, a digit or an emoji, then unusual
    length, replacement characters, runs of one sign, and the share of characters that are neither letters,
    digits, marks, emoji nor what words are joined by.
    """
    kinds = [unicodedata.category(sign) for sign in tag]
    strange = sum(
        kind[0] not in "LNMZ" and kind not in _EMOJI and sign not in _JOINING
        for sign, kind in zip(tag, kinds, strict=True)
    )
    score = strange / len(tag)
    score += 3 * bool(_ADDRESS.search(tag)) + 2 * bool(_MARKUP.search(tag)) + 2 * ("\ufffd" in tag)
    if not any(kind[0] in "LN" or kind == "So" for kind in kinds):
        score += 2
    if re.search(r"(.)\1{4}", tag):
        score += 1
    if all(kind[0] in "NZ" for kind in kinds) and len(tag) > 4:
        score += 1
    return score + max(0, len(tag) - _USUAL_LENGTH) / _USUAL_LENGTH
