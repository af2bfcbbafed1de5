"""CAL500: 502 Western popular songs annotated by listeners in a survey, with 174 tags.

Layout, all in one folder: ``vocab.txt`` (a tag a line), ``songNames.txt`` (a song a line) and
``hardAnnotations.txt`` (a song a line: comma-separated 0 and 1 in the order of ``vocab.txt``).
"""

from __future__ import annotations

from pathlib import Path

from models.catalogues.document import Document
from models.errors import CorpusError, shown
from training.corpora.published import digests, fault, lines, locate, normalised
from training.corpus import Provenance, TagCorpus

SOURCE = "Computer Audition Laboratory, UC San Diego: http://calab1.ucsd.edu/~datasets/cal500/"
CITATION = (
    "D. Turnbull, L. Barrington, D. Torres, G. Lanckriet: Towards musical query-by-semantic-description "
    "using the CAL500 data set. SIGIR 2007"
)
LICENCE = "none stated; published for research"
CHECKSUMS = {
    "vocab.txt": "1aa85532f92025d603cd590435f27b927676f1132772cfcdb79b66d35e9426c2",
    "songNames.txt": "de2f1b4aba08256639039b1b9d1b12359ee88d6f23cc16d1296570c9fd5f6356",
    "hardAnnotations.txt": "254659f8fa538cf0c6a51d871e10b57c01d63cc72ba93a14e15d3003a87b75d7",
}
CHECKED_COPY = "502 songs, 174 tags"
DOWNLOAD = None  # no address that can be relied on
DOCUMENTS = "502 songs"
LAYOUT = "a folder with vocab.txt, songNames.txt and hardAnnotations.txt"

# The 16 tags "Genre-Best-..." repeat one of the "Genre-..." tags each; the paper leaves them out.
LEFT_OUT = "Genre-Best"


def load(path: Path | str | None, all_tags: bool = False) -> TagCorpus:
    """Load CAL500: 158 tags as in the paper, or all 174 with `all_tags`.

    Raises
    ------
    CorpusError
        If a file is missing or a line is not as the layout says; names file, line and content.
    """
    files = locate(path, CHECKSUMS, LAYOUT)
    tags = _tags(files["vocab.txt"])
    songs = [name for _, name in lines(files["songNames.txt"])]
    rows = _annotations(files["hardAnnotations.txt"], len(tags))
    if len(rows) != len(songs):
        raise CorpusError(
            f"{files['hardAnnotations.txt']} has {len(rows)} lines for the {len(songs)} songs of "
            f"{files['songNames.txt']}"
        )
    kept = [all_tags or not written.startswith(LEFT_OUT) for written, _ in tags]
    keys = [key for _, key in tags]
    documents = [
        Document(song, tuple(key for key, keep, cell in zip(keys, kept, row, strict=True) if keep and cell))
        for song, row in zip(songs, rows, strict=True)
    ]
    return TagCorpus.from_documents(
        "cal500",
        documents,
        Provenance(SOURCE, CITATION, LICENCE, digests(files, CHECKSUMS, CHECKED_COPY)),
        index_to_key=[key for key, keep in zip(keys, kept, strict=True) if keep],
    )


def _tags(file: Path) -> list[tuple[str, str]]:
    """Return (tag as written, normalised) in file order."""
    first_line: dict[str, int] = {}
    tags = []
    for number, written in lines(file):
        key = normalised(file, number, written)
        if first_line.setdefault(key, number) != number:
            raise fault(file, number, f"the tag of line {first_line[key]} comes again: {shown(written)}")
        tags.append((written, key))
    return tags


def _annotations(file: Path, n_tags: int) -> list[list[bool]]:
    rows = []
    for number, text in lines(file):
        cells = [cell.strip() for cell in text.split(",")]
        if len(cells) != n_tags:
            raise fault(
                file, number, f"{n_tags} values are needed, one a tag; got {len(cells)}: {shown(text)}"
            )
        for column, cell in enumerate(cells, start=1):
            if cell not in ("0", "1"):
                raise fault(file, number, f"value {column} must be 0 or 1; got {shown(cell)}")
        rows.append([cell == "1" for cell in cells])
    return rows
