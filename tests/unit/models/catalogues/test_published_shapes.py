"""Each publisher's shape, read from a small file of it: documents, weights, groups, and what is left out."""

from __future__ import annotations

import json
import lzma
import sqlite3
import tarfile
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from models.catalogues.account import Account
from models.catalogues.document import Document
from models.catalogues.formats import FORMATS, format_named
from models.catalogues.reading import Reading, open_catalogue
from models.catalogues.records import Fault
from models.errors import CorpusError
from tests import catalogue_files
from tests.catalogue_files import BAND, LASTFM_ANSWERS, SOLO

Items = list[tuple[int, Document | Fault]]

MUSICBRAINZ = [
    (1, Document(BAND, ("british", "rock"), BAND, (3.0, 12.0))),
    (2, Document(SOLO, ("rock; pop",), SOLO)),
]


def read(path: Path | str, format: str | None = None) -> tuple[Items, Account]:
    account = Account()
    return list(open_catalogue(path, Reading(format)).scan(account)), account


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_says_whose_it_is_and_what_path_to_give(name: str) -> None:
    rules = format_named(name)
    for declared in (rules.SOURCE, rules.LICENCE, rules.LAYOUT):
        assert declared.strip() == declared != ""


@pytest.mark.parametrize("name", catalogue_files.PLAIN)
def test_a_shape_is_recognised_by_its_content(name: str, tmp_path: Path) -> None:
    path = catalogue_files.PLAIN[name](tmp_path)
    if path.is_file():
        path = path.rename(tmp_path / "nameless")
    catalogue = open_catalogue(path)
    assert catalogue.format == name
    assert catalogue.why
    # Named, it is read the same.
    assert read(path, name)[0] == read(path)[0] != []


def test_musicbrainz_reads_artists_straight_from_the_archive(tmp_path: Path) -> None:
    items, account = read(catalogue_files.musicbrainz(tmp_path))
    assert items == MUSICBRAINZ
    assert account.dropped == {"tags that weigh 0 or less": 1, "documents without a tag": 1}
    assert "mbdump/artist" in account.why


def test_musicbrainz_reads_a_member_and_an_unpacked_file_alike(tmp_path: Path) -> None:
    path = catalogue_files.musicbrainz(tmp_path)
    assert read(f"{path}::mbdump/artist")[0] == MUSICBRAINZ
    with lzma.open(path) as stream, tarfile.open(fileobj=stream) as tar:
        content = tar.extractfile("mbdump/artist")
        assert content is not None
        (tmp_path / "artist").write_bytes(content.read())
    assert read(tmp_path / "artist")[0] == MUSICBRAINZ
    with pytest.raises(CorpusError, match=r"has no member 'mbdump/label'"):
        read(f"{path}::mbdump/label", "musicbrainz")


def test_musicbrainz_groups_release_groups_and_recordings_by_the_first_credited_artist(
    tmp_path: Path,
) -> None:
    credit = [
        {"name": "Band", "joinphrase": " feat. ", "artist": {"id": BAND, "name": "Band"}},
        {"name": "Solo", "joinphrase": "", "artist": {"id": SOLO, "name": "Solo"}},
    ]
    group = {"id": "f5093c06-23e3-404f-aeaa-40f72885ee3a", "title": "Album", "primary-type": "Album"}
    recording = {"id": "b1a9c0e9-d987-4042-ae91-78d6a3267d69", "title": "Song", "isrcs": [], "length": 1000}
    path = tmp_path / "mixed"
    path.write_text(
        "".join(
            json.dumps(
                entity | {"artist-credit": credit, "tags": [], "genres": [{"count": 2, "name": "rock"}]}
            )
            + "\n"
            for entity in (group, recording)
        )
        + '{"id": 5}\nnot JSON\n'
    )
    items, account = read(path)
    assert [item for _, item in items[:2]] == [
        Document(str(entity["id"]), ("rock",), BAND, (2.0,)) for entity in (group, recording)
    ]
    assert [line for line, _ in account.faults] == [3, 4]
    assert "not JSON" in account.faults[1][1]


def test_lastfm_reads_a_folder_of_answers_and_goes_on_after_an_error(tmp_path: Path) -> None:
    items, account = read(catalogue_files.lastfm(tmp_path))
    assert [item for _, item in items] == [
        Document("Band", ("rock", "seen live"), "Band", (100.0, 40.0)),
        Fault("'nobody.json': Last.fm answered: 'The artist you supplied could not be found'"),
        Document("Solo / Song", ("pop",), "Solo", (100.0,)),
    ]
    assert account.dropped == {"tags that weigh 0 or less": 1}


@pytest.mark.parametrize("layout", ["lines", "list", "one after the other", "zip"])
def test_lastfm_answers_may_stand_in_one_file(layout: str, tmp_path: Path) -> None:
    answers = list(LASTFM_ANSWERS.values())
    path = tmp_path / "answers"
    if layout == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, answer in LASTFM_ANSWERS.items():
                archive.writestr(name, json.dumps(answer))
    elif layout == "list":
        path.write_text(json.dumps(answers, indent=1))
    else:
        path.write_text(("\n" if layout == "lines" else "").join(map(json.dumps, answers)))
    items, _ = read(path)
    assert [item.id for _, item in items if isinstance(item, Document)] == ["Band", "Solo / Song"]


def test_msd_lastfm_reads_folders_of_json(tmp_path: Path) -> None:
    items, account = read(catalogue_files.msd_lastfm(tmp_path))
    assert [item for _, item in items] == [
        Document("TRAAAAW128F429D538", ("bay area", "hip hop"), "Casual", (100.0, 60.0)),
        Document("TRAABCL128F4286650", ("hip hop",), "Casual", (100.0,)),
    ]
    assert account.dropped == {"tags that weigh 0 or less": 1, "documents without a tag": 1}


def test_msd_lastfm_reads_the_database_by_row_numbers(tmp_path: Path) -> None:
    path = catalogue_files.msd_lastfm_database(tmp_path)
    expected = [
        (1, Document("TRAAAAW128F429D538", ("bay area", "hip hop"), None, (100.0, 60.0))),
        (2, Document("TRAABCL128F4286650", ("hip hop",), None, (100.0,))),
    ]
    assert read(path)[0] == expected
    with lzma.open(tmp_path / "lastfm_tags.db.xz", "wb") as out:
        out.write(path.read_bytes())
    assert read(tmp_path / "lastfm_tags.db.xz")[0] == expected


def test_mtg_jamendo_keeps_the_fields_of_tags_apart(tmp_path: Path) -> None:
    items, account = read(catalogue_files.mtg_jamendo(tmp_path))
    assert items == [
        (2, Document("track_0000214", ("punkrock", "happy"), "artist_000014")),
        (3, Document("track_0000215", ("metal",), "artist_000014")),
        (4, Document("track_0000248", ("guitar", "metal"), "artist_000021")),
    ]
    assert account.uses.keys() == {"genre", "mood/theme", "instrument"}


def test_mtg_jamendo_names_the_cell_that_is_no_tag(tmp_path: Path) -> None:
    path = catalogue_files.mtg_jamendo(tmp_path)
    path.write_text(path.read_text() + "track_1\tartist_1\talbum_1\t1/1.mp3\t1.0\trock\ntrack_2\n")
    items, _ = read(path)
    assert items[-2:] == [
        (5, Fault("a tag must be written as field---tag; got 'rock'")),
        (6, Fault("at least 5 cells are needed; got 1: 'track_2'")),
    ]


def test_a_catalogue_of_another_format_than_is_said_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"was to be read as beets, but is mtg-jamendo: its header is"):
        read(catalogue_files.mtg_jamendo(tmp_path), "beets")
    with pytest.raises(CorpusError, match=r"no format 'itunes'; known: musicbrainz, lastfm"):
        read(tmp_path / "autotagging.tsv", "itunes")


def test_a_database_of_somebody_else_is_told_by_its_tables(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE songs (name)")
    with pytest.raises(CorpusError, match="no format fits; it is an SQLite database with the tables songs"):
        read(path)


def test_a_harmed_database_is_told_as_one(tmp_path: Path) -> None:
    path = catalogue_files.msd_lastfm_database(tmp_path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(CorpusError, match="cannot be read as an SQLite database"):
        read(path)
