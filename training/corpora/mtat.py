"""MagnaTagATune: clips of Magnatune's catalogue, tagged by players of the TagATune game.

Layout: ``annotations_final.csv``, tab-separated with a header: ``clip_id``, a column a tag with 0 or
1, ``mp3_path``. Any number of tag columns is read: the full release (25,863 clips, 188 tags) and its
common 50-tag parts are the same layout.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from models.catalogues.document import Document
from models.errors import shown
from training.corpora.download import Download
from training.corpora.published import digests, fault, lines, locate, normalised, whole_number
from training.corpus import Provenance, TagCorpus

SOURCE = "Music Informatics Research Group, City St George's: https://mirg.city.ac.uk/codeapps/the-magnatagatune-dataset"
CITATION = (
    "E. Law, K. West, M. Mandel, M. Bay, J. S. Downie: Evaluation of algorithms using games: the case of "
    "music tagging. ISMIR 2009"
)
LICENCE = "CC BY-NC-SA 3.0"
ANNOTATIONS = "annotations_final.csv"
CHECKSUMS = {ANNOTATIONS: "4b3f37c6f39a5d3b6d049ad7266a8414472b1c1b658de7005d59bfdea20d4d54"}
# The address holds the full release; the checksum above is that of a part of it.
DOWNLOAD = Download(
    "https://mirg.city.ac.uk/datasets/magnatagatune/annotations_final.csv", {ANNOTATIONS: None}
)
CHECKED_COPY = "the test and validation parts over the 50 most used tags: 5,861 clips"
DOCUMENTS = "25,863 clips; 5,861 in the test and validation parts"
LAYOUT = f"a folder with {ANNOTATIONS}, or that file"


def load(path: Path | str | None) -> TagCorpus:
    """Load MagnaTagATune; documents are clips, groups are artists.

    Raises
    ------
    CorpusError
        If the file is missing or a line is not as the layout says; names file, line and content.
    """
    file = locate_annotations(path, LAYOUT)
    keys, documents = read_annotations(file)
    found = digests({ANNOTATIONS: file}, CHECKSUMS, CHECKED_COPY)
    return TagCorpus.from_documents(
        "mtat", documents, Provenance(SOURCE, CITATION, LICENCE, found), index_to_key=keys
    )


def locate_annotations(path: Path | str | None, layout: str) -> Path:
    """Return the annotations file: `path` itself, or the one of that name in the folder `path`."""
    if path is not None and Path(path).is_file():
        return Path(path)
    return locate(path, [ANNOTATIONS], layout)[ANNOTATIONS]


def read_annotations(file: Path) -> tuple[list[str], list[Document]]:
    """Read an annotations table; return its tags in column order and its clips in file order."""
    table = _rows(file)
    number, header = next(table, (1, []))
    if len(header) < 3 or header[0] != "clip_id" or header[-1] != "mp3_path":
        raise fault(
            file,
            number,
            "the header must be clip_id, a column a tag, mp3_path, separated by tabs; got "
            + shown("\t".join(header)),
        )
    keys = [normalised(file, number, name) for name in header[1:-1]]
    if len(set(keys)) != len(keys):
        again = next(key for index, key in enumerate(keys) if key in keys[:index])
        raise fault(file, number, f"two columns are the tag {shown(again)}")
    return keys, list(_clips(file, table, keys))


def _clips(file: Path, table: Iterator[tuple[int, list[str]]], keys: list[str]) -> Iterator[Document]:
    seen: dict[int, int] = {}
    for number, row in table:
        if len(row) != len(keys) + 2:
            content = shown("\t".join(row))
            raise fault(file, number, f"{len(keys) + 2} columns are needed; got {len(row)}: {content}")
        clip = whole_number(file, number, row[0], "clip_id")
        if seen.setdefault(clip, number) != number:
            raise fault(file, number, f"clip_id {clip} comes again; first on line {seen[clip]}")
        for key, cell in zip(keys, row[1:-1], strict=True):
            if cell not in ("0", "1"):
                raise fault(file, number, f"tag {shown(key)} must be 0 or 1; got {shown(cell)}")
        tags = tuple(key for key, cell in zip(keys, row[1:-1], strict=True) if cell == "1")
        yield Document(str(clip), tags, _artist(file, number, row[-1]))


def _artist(file: Path, line: int, mp3_path: str) -> str:
    """Return the mp3's folder and what stands before the first hyphen of its name: the artist.

    The published folds keep the folder: an artist with albums in two of the release's sixteen folders
    (20 of 93 in the common parts) counts as two.
    """
    folder, slash, name = mp3_path.rpartition("/")
    artist, hyphen, _ = name.partition("-")
    if not artist or not hyphen:
        raise fault(file, line, f"mp3_path must end in ARTIST-...; got {shown(mp3_path)}")
    return folder + slash + artist


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    for number, text in lines(file):
        try:
            yield number, next(csv.reader([text], delimiter="\t", strict=True))
        except csv.Error:
            raise fault(file, number, f"not tab-separated text with sound quotes: {shown(text)}") from None
