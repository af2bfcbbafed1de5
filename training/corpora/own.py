"""A user's own catalogue as a corpus, from the formats `jsonl` and `csv`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from models.document_files import Format, read_documents
from models.documents import Document
from models.errors import CorpusError
from models.vocabulary import shown
from training.corpora.published import digests, fault
from training.corpus import Provenance, TagCorpus

SOURCE = "the user's own catalogue"
CITATION = "none"
LICENCE = "the user's own"
CHECKSUMS: dict[str, str | None] = {}
DOWNLOAD = None


def load_file(format: Format, path: Path | str | None, layout: str) -> TagCorpus:
    """Load one file of documents; tags are sorted, documents come in file order.

    Raises
    ------
    CorpusError
        If the file is missing, a line is not as its format says, an id comes twice, or only some
        documents name a group.
    """
    if path is None:
        raise CorpusError(f"a path is needed: {layout}")
    file = Path(path)
    if not file.is_file():
        raise CorpusError(f"{file} is missing or not a file; expected: {layout}")
    documents = list(_distinct(file, format))
    found = digests({file.name: file}, CHECKSUMS, copy="none")
    return TagCorpus.from_documents(format, documents, Provenance(SOURCE, CITATION, LICENCE, found))


def _distinct(file: Path, format: Format) -> Iterator[Document]:
    first_line: dict[str, int] = {}
    for line, document in read_documents(file, format):
        if first_line.setdefault(document.id, line) != line:
            first = first_line[document.id]
            raise fault(file, line, f"id {shown(document.id)} comes again; first on line {first}")
        yield document
