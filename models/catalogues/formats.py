"""The formats that catalogues are read in, and which of them one has."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

from models.catalogues import table
from models.catalogues.fields import Fields
from models.catalogues.records import Fault, Records
from models.catalogues.sample import Sample
from models.catalogues.source import Source, uncompressed_name
from models.errors import CorpusError, shown

_MODULES = {
    "musicbrainz": "models.catalogues.musicbrainz",
    "lastfm": "models.catalogues.lastfm",
    "msd-lastfm": "models.catalogues.msd_lastfm",
    "mtg-jamendo": "models.catalogues.mtg_jamendo",
    "beets": "models.catalogues.beets",
    "folder": "models.catalogues.folder",
    "jsonl": "models.catalogues.jsonl",
    "csv": "models.catalogues.table",
}
"""Those that look closest come first: what they read may look like JSONL or a table as well."""

FORMATS = tuple(_MODULES)

_SUFFIXES = {"jsonl": "jsonl", "ndjson": "jsonl", "csv": "csv", "tsv": "csv"}


class Format(Protocol):
    """What every format's module offers.

    Attributes
    ----------
    SOURCE, LICENCE, LAYOUT
        Who publishes such catalogues, the terms of the data, and what path to give.
    FIELDS
        Which names of fields can be given for it.
    OWN
        Whether it is the user's own file, in which a text that is no tag is a fault, and a document may
        have none; in others such texts and documents are left out and counted.
    MANY
        Whether a catalogue may be several files.
    """

    SOURCE: str
    LICENCE: str
    LAYOUT: str
    FIELDS: frozenset[str]
    OWN: bool
    MANY: bool
    recognise: Callable[[Sample], str | None]
    scan: Callable[[Source, Fields], Records]


def format_named(name: str) -> Format:
    """Return a format's module; CorpusError for an unknown name."""
    if name not in _MODULES:
        raise CorpusError(f"there is no format {shown(name)}; known: {', '.join(FORMATS)}")
    return cast("Format", import_module(_MODULES[name]))


def recognised(sample: Sample) -> tuple[str, str] | None:
    """Return the name of a sample's format and the evidence for it; None if it has none of those known."""
    for name in FORMATS:
        why = format_named(name).recognise(sample)
        if why is not None:
            return name, why
    return None


def identify(source: Source, fields: Fields, given: str | None = None) -> tuple[Source, str, str]:
    """Return where to read, the name of the format, and the evidence for it.

    Parameters
    ----------
    source
        Where the catalogue is; of an archive whose members are not one catalogue, the member that fits.
    fields
        The names of its fields, where they are given.
    given
        The format, if one is given.

    Raises
    ------
    CorpusError
        If no format is recognised, or another one than is given.
    """
    if given is not None:
        format_named(given)
    if source.kind in ("tar", "zip") and source.member is None:
        return _member(source, fields, given)
    sample = Sample.of(source, fields)
    if given is not None:
        own = format_named(given).recognise(sample)
        found = None if own else recognised(sample)
        if found:
            raise CorpusError(f"{source.name} was to be read as {given}, but is {found[0]}: {found[1]}")
        return source, given, own or "it was given as the format"
    found = recognised(sample)
    if found is None:
        suffix = uncompressed_name(source.member or source.path.name).rpartition(".")[2].casefold()
        if source.kind == "folder" or suffix not in _SUFFIXES:
            raise CorpusError(f"{source.name}: no format fits; {_seen(sample)}. Known: {', '.join(FORMATS)}")
        found = _SUFFIXES[suffix], "its name has this suffix"
    return source, *found


def _member(source: Source, fields: Fields, given: str | None) -> tuple[Source, str, str]:
    """Return the member of an archive that fits; the first, in an archive that is read as a stream."""
    fitting: list[tuple[Source, str, str]] = []
    for name, stream in source.files():
        sample = Sample.of_stream(stream, fields)
        if sample.is_database:
            sample = Sample.of(source.of(name), fields)
        if given is None:
            found = recognised(sample)
        else:
            own = format_named(given).recognise(sample)
            found = (given, own) if own else None
        if found is None:
            continue
        kind, why = found
        if format_named(kind).MANY and not sample.tables:
            return source, kind, f"{why} (in {shown(name, 200)})"
        fitting.append((source.of(name), kind, f"{why} (in {shown(name, 200)}, the first member that fits)"))
        if source.kind == "tar":
            break
    if len(fitting) > 1:
        names = ", ".join(shown(str(one.member), 200) for one, _, _ in fitting[:10])
        raise CorpusError(f"{source.name} holds several catalogues: {names}; choose one as PATH::MEMBER")
    if not fitting:
        wanted = "any format" if given is None else given
        raise CorpusError(f"{source.name}: no member fits {wanted}; known: {', '.join(FORMATS)}")
    return fitting[0]


def _seen(sample: Sample) -> str:
    """Return what a catalogue looks like that fits no format."""
    if sample.tables:
        return f"it is an SQLite database with the tables {', '.join(sorted(sample.tables)[:10])}"
    if sample.names:
        return f"it is a folder with files such as {', '.join(shown(name) for name in sample.names[:3])}"
    if not sample.head:
        return "it is empty"
    header = table.header_of(sample)
    fault = header if isinstance(header, Fault) else table.table_columns(header, sample.fields)
    return f"as a table: {fault.message}" if isinstance(fault, Fault) else "it holds no text"
