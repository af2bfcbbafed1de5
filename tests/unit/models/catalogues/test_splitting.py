"""Joined strings: what is split, what stays whole, and how a catalogue's account tells of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalogues.account import Account
from models.catalogues.cleaning import Cleaning
from models.catalogues.document import Document
from models.catalogues.reading import Reading, open_catalogue
from models.catalogues.separators import separators_used
from models.catalogues.splitting import SEPARATORS, Splitting, split_tag
from models.errors import CorpusError

ALONE = {"rock", "pop", "indie", "r&b", "soul", "world", "techno", "folk, world, & country", "ac", "pop/rock"}

SPLIT = [
    ("rock; pop", ["rock", "pop"]),
    ("r&b/soul", ["r&b", "soul"]),
    ("rock, pop, indie", ["rock", "pop", "indie"]),
    ("rock,, pop;", ["rock", "pop"]),
    ("rock / pop ; indie", ["rock", "pop", "indie"]),
    ("folk, world, & country; rock", ["folk, world, & country", "rock"]),
]
WHOLE = [
    "folk, world, & country",
    "ac/dc",
    "techno (peak / time)",
    "r&b",
    "rock; polka",
    "rock, pop, polka",
    "24/7",
    ";",
    "rock",
]


@pytest.mark.parametrize(("tag", "parts"), SPLIT)
def test_a_string_is_split_where_both_sides_are_tags_elsewhere(tag: str, parts: list[str]) -> None:
    assert split_tag(tag, ";,/", ALONE) == parts


@pytest.mark.parametrize("tag", WHOLE)
def test_a_string_stays_whole_where_a_part_is_no_tag(tag: str) -> None:
    assert split_tag(tag, ";,/", ALONE) == [tag]


def test_only_the_given_signs_split() -> None:
    assert split_tag("rock; pop, indie", ";", ALONE | {"pop, indie"}) == ["rock", "pop, indie"]
    assert split_tag("rock; pop", "", ALONE) == ["rock; pop"]


def test_always_splits_at_every_sign_outside_of_brackets() -> None:
    assert split_tag("rock; polka (fast; loud); ", ";", None) == ["rock", "polka (fast; loud)"]
    assert split_tag(";;", ";", None) == [";;"]
    assert split_tag("ac/dc", "/", None) == ["ac", "dc"]


def test_a_tag_that_stands_alone_itself_is_split_as_well_if_its_parts_do() -> None:
    assert split_tag("pop/rock", "/", ALONE) == ["pop", "rock"]


@given(st.lists(st.sampled_from(["rock", "pop", "r&b", "(live)", "x", " ", *SEPARATORS])).map("".join))
def test_splitting_loses_nothing_but_separators(text: str) -> None:
    for alone in (None, ALONE):
        parts = split_tag(text, SEPARATORS, alone)
        assert parts
        if parts != [text]:
            assert all(part == part.strip() != "" for part in parts)
            kept = "".join(parts)
            assert [c for c in kept if c not in SEPARATORS + " "] == [
                c for c in text if c not in SEPARATORS + " "
            ]
            assert alone is None or all(part in alone for part in parts)


def test_a_string_of_very_many_parts_is_left_alone() -> None:
    text = ";".join(["rock"] * 101)
    assert split_tag(text, ";", ALONE) == [text]
    assert len(split_tag(text, ";", None)) == 101


def test_signs_are_given_for_all_fields_or_for_one() -> None:
    splitting = Splitting.of(["; ,", "genre=/"])
    assert (splitting.at("mood"), splitting.at("genre")) == (";,", "/")
    for wrong in ("", "genre=", "and", "(", "genre=a"):
        with pytest.raises(CorpusError, match="tags are split at signs such as"):
            Splitting.of([wrong])
    with pytest.raises(CorpusError, match="--split-always needs --split"):
        Splitting.of([], always=True)


LIBRARY = (
    '{"id": "1", "tags": ["Rock; Pop"]}\n{"id": "2", "tags": ["rock", "AC/DC"]}\n'
    '{"id": "3", "tags": ["pop", "Folk, World, & Country"]}\n{"id": "4", "tags": ["Rock; Pop", "R&B"]}\n'
)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "own.jsonl"
    path.write_text(LIBRARY)
    return path


def scan(path: Path, *signs: str, always: bool = False) -> tuple[list[object], Account]:
    account = Account()
    reading = Reading(cleaning=Cleaning(Splitting.of(signs, always)))
    return [item for _, item in open_catalogue(path, reading).scan(account)], account


def test_a_catalogue_is_split_by_what_stands_alone_in_it(library: Path) -> None:
    documents, account = scan(library, ";,/")
    assert documents == [
        Document("1", ("rock", "pop")),
        Document("2", ("rock", "ac/dc")),
        Document("3", ("pop", "folk, world, & country")),
        Document("4", ("rock", "pop", "r&b")),
    ]
    assert account.split == 2
    assert not account.separators()


def test_a_catalogue_is_split_everywhere_on_demand(library: Path) -> None:
    documents, _ = scan(library, ";/", always=True)
    assert documents[1] == Document("2", ("rock", "ac", "dc"))


def test_the_account_offers_the_split_that_helps(library: Path) -> None:
    _, account = scan(library)
    (use,) = account.separators()
    assert (use.field, use.separator, use.tags, use.of, use.parted) == ("tags", ";", 2, 7, 2)
    (sentence,) = (text for label, text in account.lines() if label == "joined?")
    assert "rock; pop (2)" in sentence
    assert "--split 'tags=;' splits 2 of them" in sentence
    assert account.as_dict()["separators"][0]["commonest"] == [{"tag": "rock; pop", "documents": 2}]


def test_a_separator_in_few_tags_is_passed_over() -> None:
    uses = {"rock": 1000, "ac/dc": 19, "rock; pop": 1}
    assert separators_used("tags", uses, uses) == []
    assert [use.separator for use in separators_used("tags", uses | {"ac/dc": 21}, uses)] == ["/"]


def test_parts_of_one_string_weigh_as_much_as_the_string(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"id": "1", "tags": {"Rock; Pop": 3, "rock": 2}}\n{"id": "2", "tags": ["pop"]}\n')
    documents, account = scan(path, ";")
    assert documents[0] == Document("1", ("rock", "pop"), None, (5.0, 3.0))
    assert account.merged == 1
