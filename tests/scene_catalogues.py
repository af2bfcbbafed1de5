"""Tracks of two scenes, enough to train on, in every format that catalogues are read in."""

from __future__ import annotations

import csv
import io
import json
import lzma
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests import audio_files

SCENES = (("beats", "chill", "hip hop", "jazz"), ("garage", "indie", "live", "punk"))
N_TRACKS = 64

TRACKS = [(n, f"artist {n // 4}", SCENES[n % 2][: 3 + n % 3 % 2]) for n in range(N_TRACKS)]
"""Number, artist and tags of each track."""


def weight_of(number: int, place: int) -> int:
    """Return the weight of a track's tag, by its place among them."""
    return 1 + (number + 3 * place) % 7


def weighted(number: int) -> list[tuple[str, int]]:
    """Return a track's tags with their weights."""
    return [(tag, weight_of(number, place)) for place, tag in enumerate(TRACKS[number][2])]


def musicbrainz(folder: Path) -> Path:
    """The archive of recordings, compressed."""
    lines = "".join(
        json.dumps(
            {
                "id": f"5441c29d-3602-4898-b1a1-{number:012}",
                "title": f"Track {number}",
                "length": 180000,
                "artist-credit": [
                    {"name": artist, "artist": {"id": artist, "name": artist}, "joinphrase": ""}
                ],
                "tags": [{"name": tag, "count": count} for tag, count in weighted(number)],
                "genres": [],
            }
        )
        + "\n"
        for number, artist, _ in TRACKS
    )
    path = folder / "recording.tar.xz"
    with lzma.open(path, "wb") as out, tarfile.open(fileobj=out, mode="w|") as tar:
        entry = tarfile.TarInfo("mbdump/recording")
        entry.size = len(lines)
        tar.addfile(entry, io.BytesIO(lines.encode()))
    return path


def lastfm(folder: Path) -> Path:
    """A file with an answer of the API a line."""
    path = folder / "toptags.jsonl"
    path.write_text(
        "".join(
            json.dumps(
                {
                    "toptags": {
                        "tag": [
                            {"name": tag, "count": n, "url": "https://last.fm"} for tag, n in weighted(number)
                        ],
                        "@attr": {"artist": artist, "track": f"Track {number}"},
                    }
                }
            )
            + "\n"
            for number, artist, _ in TRACKS
        )
    )
    return path


def msd_lastfm(folder: Path) -> Path:
    """Folders of JSON, a track a file."""
    root = folder / "lastfm_subset"
    for number, artist, _ in TRACKS:
        name = f"TRAAA{number:02}128F4286650"
        place = root / "A" / "A" / "A"
        place.mkdir(parents=True, exist_ok=True)
        track = {"artist": artist, "timestamp": "2011-08-02", "similars": [], "track_id": name, "title": "T"}
        tags = [[tag, str(n)] for tag, n in weighted(number)]
        (place / f"{name}.json").write_text(json.dumps(track | {"tags": tags}))
    return root


def msd_lastfm_database(folder: Path) -> Path:
    """The SQLite database of the same set, which names no artists."""
    path, tags = folder / "lastfm_tags.db", sorted({tag for scene in SCENES for tag in scene})
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE tags (tag TEXT); CREATE TABLE tids (tid TEXT);"
            "CREATE TABLE tid_tag (tid INT, tag INT, val FLOAT)"
        )
        connection.executemany("INSERT INTO tids VALUES (?)", [(f"TRAAA{n:013}",) for n, _, _ in TRACKS])
        connection.executemany("INSERT INTO tags VALUES (?)", [(tag,) for tag in tags])
        rows = [(n + 1, tags.index(tag) + 1, w) for n, _, _ in TRACKS for tag, w in weighted(n)]
        connection.executemany("INSERT INTO tid_tag VALUES (?, ?, ?)", rows)
        connection.commit()
    return path


def mtg_jamendo(folder: Path) -> Path:
    """The tab-separated table; its tags have no weights."""
    path = folder / "autotagging.tsv"
    rows = ["TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"]
    rows += [
        "\t".join(
            [f"track_{n:07}", artist.replace(" ", "_"), "album_0", f"{n}.mp3", "180.0"]
            + [f"genre---{tag}" for tag in tags]
        )
        for n, artist, tags in TRACKS
    ]
    path.write_text("\n".join(rows) + "\n")
    return path


def beets(folder: Path) -> Path:
    """A library that beets itself makes."""
    from beets.library import Item, Library

    path = folder / "library.db"
    library = Library(str(path), directory=str(folder))
    for number, artist, tags in TRACKS:
        item = Item(title=f"Track {number}", artist=artist, albumartist=artist, genres=list(tags))
        item.path = str(folder / f"{number}.mp3").encode()
        library.add(item)
    library._close()  # beets offers no other way to close its file
    return path


def music_folder(folder: Path) -> Path:
    """A folder of audio files, a folder an artist."""
    from mutagen import id3

    root = folder / "music"
    for number, artist, tags in TRACKS:
        place = root / artist
        place.mkdir(parents=True, exist_ok=True)
        if number % 2:
            audio_files.flac(place / f"{number}.flac", {"genre": list(tags), "artist": [artist]})
        else:
            frames = [id3.TCON(encoding=3, text=list(tags)), id3.TPE1(encoding=3, text=[artist])]
            audio_files.mp3(place / f"{number}.mp3", frames)
    return root


def jsonl(folder: Path) -> Path:
    """A user's own file."""
    path = folder / "own.jsonl"
    path.write_text(
        "".join(
            json.dumps({"id": number, "tags": dict(weighted(number)), "group": artist}) + "\n"
            for number, artist, _ in TRACKS
        )
    )
    return path


def table(folder: Path) -> Path:
    """A user's own table, a row a tag."""
    path = folder / "own.csv"
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "tag", "count", "group"])
        for number, artist, _ in TRACKS:
            out.writerows([number, tag, n, artist] for tag, n in weighted(number))
    return path


WEIGHTED: dict[str, Callable[[Path], Path]] = {
    "musicbrainz": musicbrainz,
    "lastfm": lastfm,
    "msd-lastfm": msd_lastfm,
    "msd-lastfm database": msd_lastfm_database,
    "jsonl": jsonl,
    "csv": table,
}
UNWEIGHTED: dict[str, Callable[[Path], Path]] = {
    "mtg-jamendo": mtg_jamendo,
    "beets": beets,
    "folder": music_folder,
}
