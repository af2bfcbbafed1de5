"""Files of documents into the store, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine

from app.db.engine import transaction
from app.db.repository import Upserted, upsert_documents
from app.services.limits import check_document_size
from models.document_files import Fault, scan_documents
from models.documents import Document
from models.errors import CorpusError

BATCH = 1000
"""Documents written in one transaction."""


@dataclass(frozen=True)
class FileCheck:
    """How many documents and faulty lines a file has, and the first faults with their line numbers."""

    n_documents: int
    n_faults: int
    first_faults: list[str]


def check_file(path: Path, max_tags: int, shown: int = 20) -> FileCheck:
    """Read a whole file without storing it, and count its documents and faulty lines.

    Parameters
    ----------
    path
        The file, as `scan_documents` reads it.
    max_tags
        Most tags on one document; a document with more is a fault.
    shown
        How many faults are listed.

    Raises
    ------
    CorpusError
        If the file cannot be read.
    """
    n_documents, n_faults = 0, 0
    faults: list[str] = []
    for line, item in _scan(path, max_tags):
        if isinstance(item, Fault):
            n_faults += 1
            if len(faults) < shown:
                faults.append(f"line {line}: {item.message}")
        else:
            n_documents += 1
    return FileCheck(n_documents, n_faults, faults)


def import_file(path: Path, engine: Engine, max_tags: int, progress: Callable[[int], None]) -> Upserted:
    """Write the documents of a file batch by batch, leaving out its faulty lines.

    A batch is written completely or not at all. Batches written before an interruption stay in the
    store; importing the same file again is safe.

    Parameters
    ----------
    path
        The file, as `scan_documents` reads it.
    engine
        The store.
    max_tags
        Most tags on one document; a document with more is left out.
    progress
        Called with the size of each batch after its transaction has been committed.

    Raises
    ------
    CorpusError
        If the file cannot be read.
    StoreError
        If the store cannot be written.
    """
    written = Upserted()
    sound = (item for _, item in _scan(path, max_tags) if not isinstance(item, Fault))
    while batch := list(islice(sound, BATCH)):
        with transaction(engine) as connection:
            written += upsert_documents(connection, batch)
        progress(len(batch))
    return written


def refuse_faults(path: Path, checked: FileCheck) -> None:
    """Raise CorpusError if the file has a faulty line."""
    if checked.n_faults:
        raise CorpusError(
            f"{path} has {checked.n_faults} faulty lines, so nothing was imported "
            f"(--skip-faulty imports the {checked.n_documents} sound documents); {checked.first_faults[0]}"
        )


def _scan(path: Path, max_tags: int) -> Iterator[tuple[int, Document | Fault]]:
    for line, item in scan_documents(path):
        yield line, item if isinstance(item, Fault) else check_document_size(item, max_tags)
