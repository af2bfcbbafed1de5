"""Which tags are offered as spellings of each other, and which never are."""

from __future__ import annotations

import random

import pytest

from app.services.explorer.spelling_pairs import SpellingPair, find_spelling_pairs


@pytest.mark.parametrize(
    ("rare", "common", "kind"),
    [
        ("hip-hop", "hip hop", "separator"),
        ("hiphop", "hip hop", "separator"),
        ("rock 'n' roll", "rock and roll", "sign"),
        ("drum & bass", "drum n bass", "sign"),
        ("ac/dc", "acdc", "sign"),
        ("80's", "80s", "sign"),
        ("beyonce", "beyoncé", "accent"),
        ("female vocalist", "female vocalists", "plural"),
        ("melody", "melodies", "plural"),
        ("psychadelic rock", "psychedelic rock", "spelling"),
        ("eletronic", "electronic", "spelling"),
        ("industrail", "industrial", "spelling"),
        ("roock and pop", "rock and pop", "spelling"),
        ("экспериментальня", "экспериментальная", "spelling"),
    ],
)
def test_spellings_of_one_tag_are_found_and_the_rarer_one_gives_way(
    rare: str, common: str, kind: str
) -> None:
    assert find_spelling_pairs({rare: 3, common: 40, "ambient": 7}) == [
        SpellingPair(rare, common, kind, 3, 40)
    ]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rock", "punk rock"),
        ("60s", "80s"),
        ("1990s", "1980s"),
        ("90s rock", "80s rock"),
        ("4 4", "44"),
        ("punk", "funk"),
        ("trance", "france"),
        ("house", "horse"),
        ("new wave", "new rave"),
        ("art rock", "alt rock"),
        ("male vocals", "female vocals"),
        ("east coast", "west coast"),
        ("electronic", "electronica"),
        ("metal", "mental"),
        ("blue", "blues"),
        ("country", "countries"),
        ("soul", "souls"),
        ("bas", "bass"),
        ("日本語の歌です", "日本酒の歌です"),
        ("か", "が"),
        ("♥", "♡"),
        ("!!!", "???"),
    ],
)
def test_what_may_be_another_tag_is_left_alone(one: str, other: str) -> None:
    assert find_spelling_pairs({one: 3, other: 40}) == []
    assert find_spelling_pairs({one: 40, other: 3}) == []


def test_a_misspelling_as_common_as_the_word_is_no_misspelling() -> None:
    assert find_spelling_pairs({"psychadelic": 11, "psychedelic": 40}) == []


def test_a_tag_that_no_document_holds_is_no_variant() -> None:
    assert find_spelling_pairs({"hip-hop": 0, "hip hop": 40}) == []


def test_all_spellings_lead_to_one_and_those_that_join_most_come_first() -> None:
    uses = {"hip hop": 9, "hip-hop": 5, "hiphop": 2, "hip hops": 3, "lo-fi": 8, "lofi": 6}
    assert [(v.alias, v.target) for v in find_spelling_pairs(uses)] == [
        ("lofi", "lo-fi"),
        ("hip-hop", "hip hop"),
        ("hip hops", "hip hop"),
        ("hiphop", "hip hop"),
    ]
    chained = {"ballads": 9, "ballad": 4, "bal-lad": 2}
    assert {(v.alias, v.target) for v in find_spelling_pairs(chained)} == {
        ("ballad", "ballads"),
        ("bal-lad", "ballads"),
    }


def test_no_target_is_an_alias_whatever_the_tags() -> None:
    draw = random.Random(0)
    syllables = ["ro", "ck", "me", "tal", "s", "-", " ", "é", "e", "lec", "tro", "nic", "'", "&", "and"]
    tags = {"".join(draw.choices(syllables, k=draw.randint(1, 6))).strip() for _ in range(3000)} - {""}
    pairs = find_spelling_pairs({tag: draw.randint(1, 50) for tag in sorted(tags)})
    aliases = [pair.alias for pair in pairs]
    assert len(pairs) > 300
    assert len(set(aliases)) == len(aliases)
    assert not {pair.target for pair in pairs} & set(aliases)
