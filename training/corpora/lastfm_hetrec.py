"""Last.fm tag assignments of the HetRec 2011 release: a folksonomy with a long tail.

Documents are artists, in the order of their ids; tags stand in the order of theirs. An artist holds a
tag if any user gave it. Layout, in one folder: ``user_taggedartists.dat`` (tab-separated with a header:
userID, artistID, tagID, day, month, year) and ``tags.dat`` (tagID, tagValue; Latin-1). The release's
``artists.dat`` is not needed: it lacks some of the tagged artists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from models.catalogues.document import Document
from models.errors import shown
from training.corpora.download import Download
from training.corpora.published import digests, fault, lines, locate, normalised, whole_number
from training.corpus import Provenance, TagCorpus

SOURCE = "GroupLens Research, HetRec 2011 (hetrec2011-lastfm-2k): https://grouplens.org/datasets/hetrec-2011/"
CITATION = (
    "I. Cantador, P. Brusilovsky, T. Kuflik: 2nd Workshop on Information Heterogeneity and Fusion in "
    "Recommender Systems (HetRec 2011). RecSys 2011"
)
LICENCE = "non-commercial use, by the release's terms; the data are Last.fm's"
ASSIGNMENTS = "user_taggedartists.dat"
TAGS = "tags.dat"
CHECKSUMS = {
    ASSIGNMENTS: "43b6a8b38a17bc18696c4c989b12fc694e4bb0cbbda6d60a1e9c9cca29e94710",
    TAGS: "e95175f259be4c0c47644ae23d66131cd6d5767142a1405000e79f5584691d70",
}
DOWNLOAD = Download("https://files.grouplens.org/datasets/hetrec2011/hetrec2011-lastfm-2k.zip", CHECKSUMS)
CHECKED_COPY = "12,523 tagged artists, 11,946 tags"
DOCUMENTS = "12,523 artists"
LAYOUT = f"a folder with {ASSIGNMENTS} and {TAGS}"


def load(path: Path | str | None, merge_spellings: bool = False, counts: bool = False) -> TagCorpus:
    """Load the Last.fm tag assignments.

    Parameters
    ----------
    path
        The folder.
    merge_spellings
        What becomes of a tag that differs from an earlier one in case, width or white space only
        (6 of 11,946: ``1st vine`` and ``1st  vine``). Merged with the earlier one, or, by default,
        left out: the published figures count such spellings apart, where each of them is too rare
        to pass the filters. Merged, the usual filters (5 artists a tag, 3 tags an artist) keep one
        tag and one artist more, and every fold changes.
    counts
        Whether a tag weighs as many users as gave it to the artist; by default there are no weights, as
        the published figures have none.

    Raises
    ------
    CorpusError
        If a file is missing or a line is not as the layout says; names file, line and content.
    """
    files = locate(path, CHECKSUMS, LAYOUT)
    key_of = _tags(files[TAGS])
    index_to_key = list(dict.fromkeys(key_of.values()))
    later = set(key_of) - {tag for tag, _ in _first_spellings(key_of)}
    users: dict[int, Counter[str]] = {}
    n_later = 0
    for artist, tag in _assignments(files[ASSIGNMENTS], key_of):
        tags = users.setdefault(artist, Counter())
        n_later += tag in later
        if merge_spellings or tag not in later:
            tags[key_of[tag]] += 1
    note = (
        f"tags that differ from an earlier one in case, width or white space only: {len(later)}, "
        f"{'merged with it' if merge_spellings else 'left out'} (assignments: {n_later})"
    )
    found = digests(files, CHECKSUMS, CHECKED_COPY)
    return TagCorpus.from_documents(
        "lastfm-hetrec",
        [
            Document.weighing(
                str(artist), {tag: float(n) if counts else None for tag, n in users[artist].items()}, None
            )
            for artist in sorted(users)
        ],
        Provenance(SOURCE, CITATION, LICENCE, found, notes=(note,) if later else ()),
        index_to_key=index_to_key,
    )


def _first_spellings(key_of: dict[int, str]) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for tag, key in key_of.items():
        if key not in seen:
            seen.add(key)
            yield tag, key


def _tags(file: Path) -> dict[int, str]:
    """Return the normalised tag of each tag id, in the order of the ids."""
    key_of: dict[int, str] = {}
    for number, (tag, written) in _rows(file, ("tagID", "tagValue"), "latin-1"):
        identity = whole_number(file, number, tag, "tagID")
        if identity in key_of:
            raise fault(file, number, f"tagID {identity} comes again")
        key_of[identity] = normalised(file, number, written)
    return dict(sorted(key_of.items()))


def _assignments(file: Path, key_of: dict[int, str]) -> Iterator[tuple[int, int]]:
    columns = ("userID", "artistID", "tagID", "day", "month", "year")
    for number, (_, artist, tag, *_) in _rows(file, columns):
        identity = whole_number(file, number, tag, "tagID")
        if identity not in key_of:
            raise fault(file, number, f"tagID {identity} is not in {TAGS}")
        yield whole_number(file, number, artist, "artistID"), identity


def _rows(file: Path, columns: tuple[str, ...], encoding: str = "utf-8") -> Iterator[tuple[int, list[str]]]:
    rows = lines(file, encoding)
    number, header = next(rows, (1, ""))
    if header.split("\t") != list(columns):
        raise fault(
            file, number, f"the header must be {', '.join(columns)}, tab-separated; got {shown(header)}"
        )
    for number, text in rows:
        cells = text.split("\t")
        if len(cells) != len(columns):
            raise fault(file, number, f"{len(columns)} columns are needed; got {len(cells)}: {shown(text)}")
        yield number, cells
