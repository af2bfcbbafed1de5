"""Cleaning and the account of it: what was mended, merged, dropped, and what looks odd."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.catalogues.account import SHOWN, Account, printable
from models.catalogues.document import Document
from models.catalogues.oddity import oddity
from models.catalogues.reading import open_catalogue
from models.catalogues.records import Fault
from tests import catalogue_files


def scan(path: Path) -> tuple[list[Document | Fault], Account]:
    account = Account()
    return [item for _, item in open_catalogue(path).scan(account)], account


@pytest.fixture
def messy(tmp_path: Path) -> Path:
    path = tmp_path / "own.jsonl"
    records = [
        {"id": "1", "tags": ["R&amp;B", "r&b", "rock &#39;n&#39; roll", "\u200bchill\u200f", "#chill"]},
        {"id": "2", "tags": ["chill", "http://example.com/?a=b", "#chill", "👩\u200d🎤"]},
        {"id": "3", "tags": ["\u200b"]},
        {"id": "4", "tags": ["chill", "x" * 201]},
        {"id": "5", "tags": []},
    ]
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), "utf-8")
    return path


def test_cleaning_is_counted(messy: Path) -> None:
    items, account = scan(messy)
    assert items[:2] == [
        Document("1", ("r&b", "rock 'n' roll", "chill", "#chill")),
        Document("2", ("chill", "http://example.com/?a=b", "#chill", "👩\u200d🎤")),
    ]
    assert items[4] == Document("5", ())
    assert (account.documents, account.without_tags, account.tags) == (3, 1, 8)
    assert (account.decoded, account.trimmed, account.merged, account.split) == (2, 1, 1, 0)
    assert [line for line, _ in account.faults] == [3, 4]


def test_faults_name_the_tag(messy: Path) -> None:
    _, account = scan(messy)
    blank, long = (message for _, message in account.faults)
    assert "visible character" in blank
    assert r"'\u200b'" in blank
    assert "at most 200 characters; got 201: 'xxx" in long


def test_a_hashtag_beside_its_word_is_shown_as_a_variant(messy: Path) -> None:
    _, account = scan(messy)
    assert account.hashtags() == [("chill", 2, 2)]
    assert ("variant?", "#chill (2) beside chill (2)") in list(account.lines())


def test_the_oddest_tags_come_first(messy: Path) -> None:
    _, account = scan(messy)
    assert account.oddest()[0] == ("http://example.com/?a=b", 1)
    assert account.commonest()[0] == ("#chill", 2)


@pytest.mark.parametrize("tag", ["rock", "hip-hop", "r&b", "日本", "80s", "👩\u200d🎤", "rock 'n' roll", "a"])
def test_usual_tags_do_not_look_odd(tag: str) -> None:
    assert oddity(tag) == 0


@pytest.mark.parametrize(
    "tag", ["<b>rock</b>", "www.x.com", "!!!", "a" * 90, "rock\ufffd", "20091231", "zzzzz"]
)
def test_unusual_tags_do(tag: str) -> None:
    assert oddity(tag) > 0.3


def test_publishers_texts_that_are_no_tags_are_left_out_and_counted(tmp_path: Path) -> None:
    artists = catalogue_files.musicbrainz_artists()
    artists[0]["tags"].append({"count": 1, "name": "x" * 300})
    path = tmp_path / "artist"
    path.write_text("".join(json.dumps(artist) + "\n" for artist in artists))
    items, account = scan(path)
    assert len(items) == 2
    assert account.n_faults == 0
    assert account.dropped["tags that are none (a tag may have at most 200 characters)"] == 1


def test_only_the_first_faults_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text('{"id": "1", "tags": ["rock"]}\n' + "{}\n" * 1000)
    items, account = scan(path)
    assert len(items) == 1001
    assert account.n_faults == 1000
    assert [line for line, _ in account.faults] == list(range(2, 2 + SHOWN))


def test_an_account_is_the_same_in_words_and_in_json(messy: Path) -> None:
    _, account = scan(messy)
    told = json.loads(json.dumps(account.as_dict()))
    assert told["documents"] == 3
    assert told["distinct_tags"] == 6
    assert told["faults"][0]["line"] == 3
    assert told["commonest"][0] == {"tag": "#chill", "documents": 2}
    words = dict(account.lines())
    assert words["documents"] == "3, 1 of them without a tag"
    assert words["tags"] == "8 on documents, 6 distinct"
    assert words["faulty lines"] == "2"


def test_what_a_terminal_is_shown_cannot_steer_it() -> None:
    assert printable("a\x1b[2Jb\u202ec 日本") == r"a\x1b[2Jb\u202ec 日本"
