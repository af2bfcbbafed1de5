"""Small catalogues in the shapes in which their publishers give them out, made where a test wants them."""

from __future__ import annotations

import io
import json
import lzma
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

BAND, SOLO = "5441c29d-3602-4898-b1a1-b77fa23b8e50", "9c9f1380-2516-4fc9-a3e6-f9f61941d090"
ROCK_GENRE = "0e3fc579-2d24-4f20-9dae-736e1ec78798"


def musicbrainz_artists() -> list[dict[str, Any]]:
    """Two artists and one without a tag, with the keys that a dump's artists have."""
    common = {
        "type": "Group",
        "type-id": "e431f5f6-b5d2-343d-8b36-72607fffb74b",
        "country": "GB",
        "life-span": {"begin": "1985", "end": None, "ended": False},
        "aliases": [],
        "relations": [{"type": "member of band", "direction": "backward"}],
        "rating": {"value": 4.2, "votes-count": 10},
        "isnis": [],
    }
    rock = {"count": 12, "name": "rock"}
    return [
        {"id": BAND, "name": "Band", "sort-name": "Band", **common}
        | {"tags": [{"count": 3, "name": "british"}, rock, {"count": -1, "name": "polka"}]}
        | {"genres": [rock | {"id": ROCK_GENRE, "disambiguation": ""}]},
        {"id": SOLO, "name": "Solo", "sort-name": "Solo", **common}
        | {"tags": [{"count": 1, "name": "Rock; Pop"}], "genres": []},
        {"id": ROCK_GENRE, "name": "Nobody", "sort-name": "Nobody", **common, "tags": [], "genres": []},
    ]


def musicbrainz(folder: Path) -> Path:
    """The archive of MusicBrainz's artists."""
    lines = "".join(json.dumps(artist) + "\n" for artist in musicbrainz_artists())
    members = {
        "TIMESTAMP": "2026-11-21 00:30:02.5+00\n",
        "COPYING": "The JSON data dumps come under ...\n",
        "README": "MusicBrainz JSON data dumps, {not JSON}\n",
        "JSON_DUMPS_SCHEMA_NUMBER": "1\n",
        "mbdump/artist": lines,
    }
    path = folder / "artist.tar.xz"
    with lzma.open(path, "wb") as out, tarfile.open(fileobj=out, mode="w|") as tar:
        for name, text in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return path


LASTFM_ANSWERS: dict[str, Any] = {
    "band.json": {
        "toptags": {
            "tag": [
                {"count": 100, "name": "rock", "url": "https://www.last.fm/tag/rock"},
                {"count": 40, "name": "seen live", "url": "https://www.last.fm/tag/seen+live"},
                {"count": 0, "name": "polka", "url": "https://www.last.fm/tag/polka"},
            ],
            "@attr": {"artist": "Band"},
        }
    },
    "solo.json": {
        "toptags": {
            "tag": {"count": "100", "name": "pop", "url": "https://www.last.fm/tag/pop"},
            "@attr": {"artist": "Solo", "track": "Song"},
        }
    },
}


def lastfm(folder: Path) -> Path:
    """A folder of saved answers of the Last.fm API, one of them an error."""
    answers = folder / "answers"
    answers.mkdir()
    for name, answer in LASTFM_ANSWERS.items():
        (answers / name).write_text(json.dumps(answer), "utf-8")
    error = {"error": 6, "message": "The artist you supplied could not be found", "links": []}
    (answers / "nobody.json").write_text(json.dumps(error), "utf-8")
    return answers


def msd_lastfm(folder: Path) -> Path:
    """The Million Song Dataset's Last.fm set as a folder of JSON."""
    tracks = [
        {
            "artist": "Casual",
            "timestamp": "2011-08-02 20:13:25.674526",
            "similars": [["TRABACN128F425B784", 0.871737]],
            "tags": [["Bay Area", "100"], ["hip hop", "60"], ["polka", "0"]],
            "track_id": "TRAAAAW128F429D538",
            "title": "I Didn't Mean To",
        },
        {
            "artist": "Adelitas Way",
            "timestamp": "2011-08-12 07:18:59.290393",
            "similars": [],
            "tags": [],
            "track_id": "TRAAAQO12903CD8E1C",
            "title": "Untitled",
        },
        {
            "artist": "Casual",
            "timestamp": "2011-08-12 13:03:44.771968",
            "similars": [],
            "tags": [["hip hop", "100"]],
            "track_id": "TRAABCL128F4286650",
            "title": "Another",
        },
    ]
    root = folder / "lastfm_train"
    for track in tracks:
        name = str(track["track_id"])
        place = root / name[2] / name[3] / name[4]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{name}.json").write_text(json.dumps(track), "utf-8")
    return root


def msd_lastfm_database(folder: Path) -> Path:
    """The same as the SQLite database that is published."""
    path = folder / "lastfm_tags.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE tags (tag TEXT); CREATE TABLE tids (tid TEXT);"
            "CREATE TABLE tid_tag (tid INT, tag INT, val FLOAT, FOREIGN KEY(tid) REFERENCES tids(ROWID),"
            " FOREIGN KEY(tag) REFERENCES tags(ROWID)); CREATE INDEX idx_tid_tag_tag ON tid_tag (tag);"
        )
        names = [("TRAAAAW128F429D538",), ("TRAABCL128F4286650",)]
        connection.executemany("INSERT INTO tids VALUES (?)", names)
        connection.executemany("INSERT INTO tags VALUES (?)", [("Bay Area",), ("hip hop",), ("polka",)])
        rows = [(1, 1, 100.0), (2, 2, 100.0), (1, 2, 60.0), (1, 3, 0.0)]
        connection.executemany("INSERT INTO tid_tag VALUES (?, ?, ?)", rows)
        connection.commit()
    return path


def mtg_jamendo(folder: Path) -> Path:
    """MTG-Jamendo's tab-separated table."""
    path = folder / "autotagging.tsv"
    path.write_text(
        "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
        "track_0000214\tartist_000014\talbum_000031\t14/214.mp3\t124.6\tgenre---punkrock\tmood/theme---happy\n"
        "track_0000215\tartist_000014\talbum_000031\t15/215.mp3\t151.4\tgenre---metal\n"
        "track_0000248\tartist_000021\talbum_000049\t48/248.mp3\t200.0\tinstrument---guitar\tgenre---metal\n",
        "utf-8",
    )
    return path


def beets_library(folder: Path) -> Path:
    """A library that beets itself makes."""
    from beets.library import Item, Library

    path = folder / "library.db"
    library = Library(str(path), directory=str(folder))
    items = (
        Item(title="A", artist="X", albumartist="Band", genres=["Rock", "Indie Pop"], style="Lo-Fi; Noise"),
        Item(title="B", artist="Solo", genres=["Rock, Lo-Fi"], grouping="Favourites"),
        Item(title="C", artist="Solo", genres=["Lo-Fi"]),
        Item(title="D", artist="", genres=[]),
    )
    for number, item in enumerate(items):
        item.path = str(folder / f"{number}.mp3").encode()
        library.add(item)
    items[0]["mood"] = "happy"
    items[0].store()
    library._close()  # beets offers no other way to close its file
    return path


def jsonl(folder: Path) -> Path:
    """A user's own catalogue with weights in every shape."""
    path = folder / "own.jsonl"
    path.write_text(
        '{"id": "a", "tags": ["rock", {"name": "pop", "count": 5}], "group": "x"}\n'
        '{"id": "b", "tags": {"rock": 5, "pop": 1}, "group": "x"}\n'
        '{"id": "c", "tags": [["rock", "100"], ["lo-fi", 2.5]], "group": "y"}\n',
        "utf-8",
    )
    return path


def semicolon_table(folder: Path) -> Path:
    """A table as a spreadsheet writes it in a country of decimal commas, a row a tag."""
    path = folder / "own.csv"
    path.write_bytes(
        "sep=;\r\nid;tag;count;group\r\na;Rock;3;x\r\nb;Café;1;y\r\n;;;\r\na;pop;2;x\r\n".encode("utf-8-sig")
    )
    return path


PLAIN: dict[str, Callable[[Path], Path]] = {
    "musicbrainz": musicbrainz,
    "lastfm": lastfm,
    "msd-lastfm": msd_lastfm,
    "mtg-jamendo": mtg_jamendo,
    "jsonl": jsonl,
    "csv": semicolon_table,
}
"""Those that take no further library."""
