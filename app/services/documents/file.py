"""Files of documents into the store, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine

from app.db.engine import transaction
from app.db.repository import Upserted, upsert_documents
from models.document_files import Fault, scan_documents
from models.errors import CorpusError

BATCH = 1000
"""Documents written in one transaction."""


@dataclass(frozen=True)
class Checked:
    """What a file holds."""

    n_documents: int
    n_faults: int
    first_faults: list[str]


def check_file(path: Path, shown: int = 20) -> Checked:
    """Read a whole file without keeping it; the first faults are told, with their lines."""
    n_documents, n_faults = 0, 0
    faults: list[str] = []
    for line, item in scan_documents(path):
        if isinstance(item, Fault):
            n_faults += 1
            if len(faults) < shown:
                faults.append(f"line {line}: {item.message}")
        else:
            n_documents += 1
    return Checked(n_documents, n_faults, faults)


def import_file(path: Path, engine: Engine, progress: Callable[[int], None]) -> Upserted:
    """Write the sound documents of a file, batch by batch.

    A batch is whole or not there at all. What an interrupted import has written stays, and importing
    the file again goes over it without harm.

    Parameters
    ----------
    path
        The file, as `scan_documents` reads it.
    engine
        The store.
    progress
        Called with the size of each batch when it is safe.

    Raises
    ------
    CorpusError
        If the file cannot be read.
    StoreError
        If the store cannot be written.
    """
    written = Upserted()
    sound = (item for _, item in scan_documents(path) if not isinstance(item, Fault))
    while batch := list(islice(sound, BATCH)):
        with transaction(engine) as connection:
            written += upsert_documents(connection, batch)
        progress(len(batch))
    return written


def refuse_faults(path: Path, checked: Checked) -> None:
    """Raise CorpusError if the file has a faulty line."""
    if checked.n_faults:
        raise CorpusError(
            f"{path} has {checked.n_faults} faulty lines, so nothing was imported "
            f"(--skip-faulty imports the {checked.n_documents} sound documents); {checked.first_faults[0]}"
        )
