"""The MTG-Jamendo dataset: tracks of Jamendo with tags of genre, instrument, mood and theme.

Tab-separated text with the header ``TRACK_ID ARTIST_ID ALBUM_ID PATH DURATION TAGS``; a row has a cell a
tag, ``genre---rock``, ``mood/theme---happy``, ``instrument---guitar``. The part before ``---`` is the tag's
field; the tag is what follows. The group is the artist.
"""

from __future__ import annotations

from models.catalogues.fields import Fields
from models.catalogues.lines import TextLines
from models.catalogues.records import Fault, Record, Records, WrittenTag
from models.catalogues.sample import Sample
from models.catalogues.source import Source
from models.errors import CorpusError, shown

SOURCE = "MTG-Jamendo dataset: https://github.com/MTG/mtg-jamendo-dataset"
LICENCE = "metadata CC BY-NC-SA 4.0"
LAYOUT = "autotagging.tsv or another of the tab-separated files in data/"
FIELDS: frozenset[str] = frozenset()
OWN = False
MANY = False

HEADER = ("TRACK_ID", "ARTIST_ID", "ALBUM_ID", "PATH", "DURATION", "TAGS")
SIGN = "---"


def recognise(sample: Sample) -> str | None:
    """Return the evidence for the data set, or None."""
    if tuple(sample.first_line.split("\t")) == HEADER:
        return f"its header is {' '.join(HEADER)}"
    return None


def scan(source: Source, fields: Fields) -> Records:
    """Yield (line number, record or fault)."""
    with source.open() as stream:
        lines = TextLines(stream)
        while True:
            try:
                cells = next(lines).rstrip("\r\n").split("\t")
                if lines.number == 1 and tuple(cells) != HEADER:
                    raise CorpusError(f"the header must be {' '.join(HEADER)}, tab-separated")
                if lines.number > 1 and any(cells):
                    yield lines.number, record_of(cells)
            except StopIteration:
                return
            except CorpusError as error:
                yield lines.number, Fault(str(error))


def record_of(cells: list[str]) -> Record:
    """Return the record of a row; CorpusError if it has too few cells, or one is no tag."""
    fixed = len(HEADER) - 1
    if len(cells) < fixed:
        raise CorpusError(f"at least {fixed} cells are needed; got {len(cells)}: {shown(' '.join(cells))}")
    tags = []
    for cell in cells[fixed:]:
        field, sign, tag = cell.partition(SIGN)
        if not sign:
            raise CorpusError(f"a tag must be written as field{SIGN}tag; got {shown(cell)}")
        tags.append(WrittenTag(tag, None, field))
    return Record(cells[0], tags, cells[1])
