"""Catalogues into the store, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from sqlalchemy import Engine

from app.db.engine import transaction
from app.db.repository import Upserted, upsert_documents
from app.services.limits import check_document_size
from app.settings import DEMO_DOCUMENTS
from models.catalogues.account import Account
from models.catalogues.document import Document
from models.catalogues.reading import Catalogue, open_catalogue
from models.catalogues.records import Fault
from models.errors import CorpusError

BATCH = 1000
"""Documents written in one transaction."""


def check_catalogue(catalogue: Catalogue, max_tags: int) -> Account:
    """Read a whole catalogue without storing it, and return the account of it.

    Parameters
    ----------
    catalogue
        What to read, and how.
    max_tags
        Most tags on one document; a document with more is a fault.

    Raises
    ------
    CorpusError
        If the catalogue cannot be read.
    """
    account = Account()
    for _ in _scan(catalogue, max_tags, account):
        pass
    return account


def import_catalogue(
    catalogue: Catalogue, engine: Engine, max_tags: int, progress: Callable[[int], None]
) -> Upserted:
    """Write the documents of a catalogue batch by batch, leaving out its faulty lines.

    A batch is written completely or not at all. Batches written before an interruption stay in the
    store; importing the same catalogue again is safe.

    Parameters
    ----------
    catalogue
        What to read, and how.
    engine
        The store.
    max_tags
        Most tags on one document; a document with more is left out.
    progress
        Called with the size of each batch after its transaction has been committed.

    Raises
    ------
    CorpusError
        If the catalogue cannot be read.
    StoreError
        If the store cannot be written.
    """
    written = Upserted()
    sound = (item for _, item in _scan(catalogue, max_tags) if not isinstance(item, Fault))
    while batch := list(islice(sound, BATCH)):
        with transaction(engine) as connection:
            written += upsert_documents(connection, batch)
        progress(len(batch))
    return written


def import_demo(engine: Engine) -> Upserted:
    """Write the invented tracks that come with Tagprime, all or none.

    Raises
    ------
    StoreError
        If the store cannot be written.
    """
    tracks = [document for _, document in open_catalogue(DEMO_DOCUMENTS).documents()]
    with transaction(engine) as connection:
        return upsert_documents(connection, tracks)


def refuse_faults(catalogue: Catalogue, account: Account) -> None:
    """Raise CorpusError if a user's own file has a faulty line; publishers' dumps are taken as they are."""
    if account.n_faults and catalogue.rules.OWN:
        line, message = account.faults[0]
        raise CorpusError(
            f"{catalogue.source.name} has {account.n_faults} faulty lines, so nothing was imported "
            f"(--skip-faulty imports the {account.documents} sound documents); line {line}: {message}"
        )


def _scan(
    catalogue: Catalogue, max_tags: int, account: Account | None = None
) -> Iterator[tuple[int, Document | Fault]]:
    return catalogue.scan(account, lambda document: check_document_size(document, max_tags))
