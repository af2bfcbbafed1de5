"""A folder of music: the genres, moods, styles and groupings in the audio files' own tags.

MP3, FLAC, Ogg, Opus and M4A (and AIFF and WAV with ID3), read by mutagen. Fields may hold several values,
by their format's own rules or by null characters. A document is called by the file's path in the folder;
the group is the album's artist, else the artist, else the folder that the file is in. ``--tags-field``
says which fields are read, by the names they have in Vorbis comments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from models.catalogues.fields import Fields
from models.catalogues.records import Fault, Record, Records, WrittenTag
from models.catalogues.sample import Sample
from models.catalogues.source import Source, files_below
from models.errors import CorpusError, shown

SOURCE = "a folder of audio files"
LICENCE = "the user's own"
LAYOUT = "a folder with MP3, FLAC, Ogg, Opus or M4A files, in folders of any depth"
FIELDS = frozenset({"tags"})
OWN = False
MANY = True

SUFFIXES = frozenset(
    {".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".m4b", ".mp4", ".aif", ".aiff", ".wav"}
)
_TAGS = ("genre", "mood", "style", "grouping")
_ARTISTS = ("albumartist", "album artist", "artist")
_ID3 = {
    "genre": ("TCON",),
    "mood": ("TMOO",),
    "grouping": ("TIT1", "GRP1"),
    "albumartist": ("TPE2",),
    "artist": ("TPE1",),
}
_MP4 = {"genre": "©gen", "grouping": "©grp", "albumartist": "aART", "artist": "©ART"}

Values = Callable[[str], Iterator[str]]
"""The values of a field, by its name."""


def recognise(sample: Sample) -> str | None:
    """Return the evidence for a folder of music, or None."""
    first = next((name for name in sample.names if _is_audio(name)), None)
    return None if first is None else f"it is a folder with audio files, such as {shown(first, 200)}"


def _is_audio(name: str) -> bool:
    return PurePosixPath(name).suffix.casefold() in SUFFIXES


def scan(source: Source, fields: Fields) -> Records:
    """Yield (number of the file, record or fault).

    Raises
    ------
    CorpusError
        If mutagen is not installed, or the folder cannot be read.
    """
    try:
        import mutagen
    except ImportError:
        raise CorpusError(
            "a folder of music takes the package mutagen: pip install 'tagprime[library]'"
        ) from None
    if source.kind != "folder":
        raise CorpusError(f"{source.name} is no folder, so it is no folder of music")
    number = 0
    for file in files_below(source.path):
        if not _is_audio(file.name):
            continue
        number += 1
        name = file.relative_to(source.path).as_posix()
        try:
            opened = mutagen.File(file)
        except (mutagen.MutagenError, OSError) as error:
            yield number, Fault(f"{shown(name, 200)} cannot be read: {shown(str(error), 200)}")
            continue
        if opened is None:
            yield number, Fault(f"{shown(name, 200)} is no audio file of a kind that is read")
        else:
            yield number, _record(name, _values(opened.tags), fields.tags or _TAGS)


def _record(name: str, values: Values, wanted: tuple[str, ...]) -> Record:
    tags = [
        WrittenTag(part, None, field)
        for field in wanted
        for value in values(field)
        for part in value.split("\x00")
        if part.strip()
    ]
    artists = (value for field in _ARTISTS for value in values(field) if value.strip())
    parent = PurePosixPath(name).parent.as_posix()
    return Record(name, tags, next(artists, name if parent == "." else parent))


def _values(tags: Any) -> Values:
    """Return how to look a field up in a file's tags, whatever format they have."""
    from mutagen.id3 import ID3
    from mutagen.mp4 import MP4Tags

    if tags is None:
        return lambda field: iter(())
    if isinstance(tags, ID3):
        return lambda field: _of_id3(tags, field)
    if isinstance(tags, MP4Tags):
        return lambda field: _of_mp4(tags, field)
    return lambda field: _of_comments(tags, field)


def _of_id3(tags: Any, field: str) -> Iterator[str]:
    for key in _ID3.get(field, ()):
        for frame in tags.getall(key):
            yield from map(str, frame.genres if key == "TCON" else frame.text)
    for frame in tags.getall("TXXX"):
        if frame.desc.casefold() == field.casefold():
            yield from map(str, frame.text)


def _of_mp4(tags: Any, field: str) -> Iterator[str]:
    yield from map(str, tags.get(_MP4.get(field, ""), ()))
    for key, values in tags.items():
        # What iTunes has no field for is kept as ----:com.apple.iTunes:MOOD.
        if key.startswith("----:") and key.rpartition(":")[2].casefold() == field.casefold():
            yield from (bytes(value).decode("utf-8", "replace") for value in values)


def _of_comments(tags: Mapping[str, list[str]], field: str) -> Iterator[str]:
    yield from tags.get(field, ())
