"""Libraries of music on somebody's own machine: one that beets makes, and folders of audio files."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from models.catalogues.account import Account
from models.catalogues.cleaning import Cleaning
from models.catalogues.document import Document
from models.catalogues.fields import Fields
from models.catalogues.reading import Reading, open_catalogue
from models.catalogues.records import Fault
from models.catalogues.splitting import Splitting
from models.errors import CorpusError
from tests import audio_files, catalogue_files


def read(path: Path, reading: Reading | None = None) -> tuple[list[Document | Fault], Account]:
    account = Account()
    return [item for _, item in open_catalogue(path, reading).scan(account)], account


@pytest.fixture
def beets_library(tmp_path: Path) -> Path:
    pytest.importorskip("beets", reason="the package beets is not installed")
    return catalogue_files.beets_library(tmp_path)


def test_a_library_of_beets_gives_genres_styles_groupings_and_moods(beets_library: Path) -> None:
    items, account = read(beets_library)
    assert items == [
        Document("1", ("rock", "indie pop", "lo-fi; noise", "happy"), "Band"),
        Document("2", ("rock, lo-fi", "favourites"), "Solo"),
        Document("3", ("lo-fi",), "Solo"),
        Document("4", (), "item 4"),
    ]
    assert account.uses.keys() == {"genres", "style", "grouping", "mood"}
    assert "beets" in account.why


def test_joined_genres_of_beets_are_split_where_their_parts_stand_alone(beets_library: Path) -> None:
    items, account = read(beets_library, Reading(cleaning=Cleaning(Splitting.of([";,"]))))
    assert items[0] == Document("1", ("rock", "indie pop", "lo-fi; noise", "happy"), "Band")
    assert items[1] == Document("2", ("rock", "lo-fi", "favourites"), "Solo")
    assert account.split == 1


def test_other_columns_and_attributes_of_beets_can_be_asked_for(beets_library: Path) -> None:
    fields = Fields(id="path", tags=("mood", "genres"), group="title")
    items, _ = read(beets_library, Reading(fields=fields))
    assert isinstance(items[0], Document)
    assert items[0].tags == ("rock", "indie pop", "happy")
    assert items[0].group == "A"
    assert items[0].id.endswith("0.mp3")
    with pytest.raises(CorpusError, match="items of beets have no column 'artist_of_cover'"):
        read(beets_library, Reading(fields=Fields(group="artist_of_cover")))
    with pytest.raises(CorpusError, match="beets takes no option for the weight"):
        read(beets_library, Reading(fields=Fields(weight="bpm")))


def test_an_older_library_of_beets_has_one_genre_column(tmp_path: Path) -> None:
    path = tmp_path / "library.blb"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE items (id INTEGER PRIMARY KEY, path BLOB, title TEXT, artist TEXT,"
            " albumartist TEXT, genre TEXT, grouping TEXT);"
            "CREATE TABLE item_attributes (id INTEGER PRIMARY KEY, entity_id INTEGER, key TEXT, value TEXT);"
            "INSERT INTO items VALUES (7, x'2f61', 'A', 'X', '', 'Rock, Indie', NULL);"
        )
    assert read(path)[0] == [Document("7", ("rock, indie",), "X")]


@pytest.fixture
def music(tmp_path: Path) -> Path:
    pytest.importorskip("mutagen", reason="the package mutagen is not installed")
    from mutagen.id3 import TCON, TIT1, TMOO, TPE1, TPE2, TXXX

    folder = tmp_path / "music"
    (folder / "band").mkdir(parents=True)
    audio_files.mp3(
        folder / "band" / "1.mp3",
        [TCON(3, ["17", "Indie Pop"]), TPE2(3, ["Band"]), TMOO(3, ["happy"]), TXXX(3, "STYLE", ["Lo-Fi"])],
    )
    audio_files.flac(folder / "band" / "2.FLAC", {"GENRE": ["Rock", "Jazz"], "ALBUMARTIST": ["Band"]})
    audio_files.ogg_vorbis(folder / "3.ogg", {"genre": ["Rock; Jazz"], "mood": ["calm"]})
    audio_files.opus(folder / "4.opus", {"genre": ["Rock"], "artist": ["Solo"], "grouping": ["favourites"]})
    audio_files.m4a(
        folder / "5.m4a",
        {"©gen": ["Rock", "Pop"], "©ART": ["Solo"], "----:com.apple.iTunes:MOOD": [b"sad"]},
    )
    audio_files.wav(folder / "6.wav", [TCON(3, ["Rock"]), TIT1(3, ["live"]), TPE1(3, ["Solo"])])
    (folder / "cover.jpg").write_bytes(b"\xff\xd8\xff")
    (folder / "7.mp3").write_bytes(b"no audio at all")
    return folder


def test_a_folder_gives_the_fields_of_every_kind_of_audio_file(music: Path) -> None:
    items, account = read(music)
    documents = [item for item in items if isinstance(item, Document)]
    assert documents == [
        Document("3.ogg", ("rock; jazz", "calm"), "3.ogg"),
        Document("4.opus", ("rock", "favourites"), "Solo"),
        Document("5.m4a", ("rock", "pop", "sad"), "Solo"),
        Document("6.wav", ("rock", "live"), "Solo"),
        Document("band/1.mp3", ("rock", "indie pop", "happy", "lo-fi"), "Band"),
        Document("band/2.FLAC", ("rock", "jazz"), "Band"),
    ]
    assert account.n_faults == 1
    assert "7.mp3" in account.faults[0][1]
    assert account.why.startswith("it is a folder with audio files, such as ")


def test_fields_of_a_folder_can_be_chosen_and_split_apart(music: Path) -> None:
    splitting = Splitting.of(["genre=;"], always=True)
    items, account = read(music, Reading(fields=Fields(tags=("genre",)), cleaning=Cleaning(splitting)))
    tags = [item.tags for item in items if isinstance(item, Document)]
    assert tags[0] == ("rock", "jazz")
    assert tags[1] == ("rock",)
    assert account.split == 1


def test_null_characters_separate_the_values_of_an_id3_field(tmp_path: Path) -> None:
    pytest.importorskip("mutagen", reason="the package mutagen is not installed")
    from mutagen.id3 import TCON, TMOO

    audio_files.mp3(tmp_path / "a.mp3", [TCON(3, ["Rock\x00Jazz"]), TMOO(1, ["happy\x00calm"])])
    assert read(tmp_path)[0] == [Document("a.mp3", ("rock", "jazz", "happy", "calm"), "a.mp3")]


def test_a_folder_without_music_is_told_by_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(CorpusError, match=r"no format fits; it is a folder with files such as 'notes\.txt'"):
        read(tmp_path)
