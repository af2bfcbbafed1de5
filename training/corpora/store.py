"""The documents of the service's store, with tag aliases resolved and without junk tags.

The store's tables, migrations and settings belong to the service. It registers a function from a database
URL to documents under the entry-point group ``tagprime.documents``, so that training reads a store without
importing the service.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

from models.catalogues.document import Document
from models.errors import CorpusError
from training.corpus import Provenance, TagCorpus

SOURCE = "the documents of the service's store"
CITATION = "none"
LICENCE = "the user's own"
CHECKSUMS: dict[str, str | None] = {}
DOWNLOAD = None
DOCUMENTS = "documents of the service"
LAYOUT = "none: the store is given by --database URL or TAGPRIME_DATABASE_URL"

DOCUMENTS_GROUP = "tagprime.documents"


def load(path: Path | str | None, database: str | None = None) -> TagCorpus:
    """Load a store; tags are sorted, documents come by id.

    Raises
    ------
    CorpusError
        If a path is given, or the store holds no document with a tag.
    StoreError
        If the store cannot be read.
    """
    if path is not None:
        raise CorpusError(f"a store has no path, got {path}; give it by --database URL")
    corpus = TagCorpus.from_documents("store", _documents(database), Provenance(SOURCE, CITATION, LICENCE))
    origin = replace(corpus.provenance, files={"documents": corpus.fingerprint})
    return replace(corpus, provenance=origin)


def _documents(database: str | None) -> Iterable[Document]:
    for entry in entry_points(group=DOCUMENTS_GROUP, name="store"):
        found: Iterable[Document] = entry.load()(database)
        return found
    raise CorpusError("the serving side of tagprime, which keeps the store, is not installed here")
