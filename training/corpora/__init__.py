"""Tag collections, and the function that loads them.

A published collection is a module of its own; `training.corpora.catalogue` makes a collection of each format
that catalogues come in. Every one declares ``SOURCE``, ``CITATION``, ``LICENCE``, ``CHECKSUMS`` (SHA-256 of
the publisher's files, by name; None where none is on record), ``DOWNLOAD`` (where a stable address is known),
``DOCUMENTS`` (their number and kind), ``LAYOUT`` (the path to give) and ``load(path, ...)``.
Documents come in the publisher's file order and tags in the publisher's tag order, so that seeded
folds are the same everywhere.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from models.errors import CorpusError
from training.corpora import catalogue
from training.corpora.download import Download
from training.corpus import TagCorpus

_MODULES = {
    "cal500": "training.corpora.cal500",
    "mtat": "training.corpora.mtat",
    "magtag5k": "training.corpora.magtag5k",
    "lastfm-hetrec": "training.corpora.lastfm_hetrec",
    "store": "training.corpora.store",
    "demo": "training.corpora.demo",
}
NAMES = (*_MODULES, *catalogue.NAMES)


class Collection(Protocol):
    """The interface of every collection."""

    SOURCE: str
    CITATION: str
    LICENCE: str
    CHECKSUMS: Mapping[str, str | None]
    DOWNLOAD: Download | None
    DOCUMENTS: str
    LAYOUT: str
    load: Callable[..., TagCorpus]


def collection(name: str) -> Collection:
    """Return a collection; CorpusError for an unknown name."""
    if name in catalogue.NAMES:
        return cast("Collection", catalogue.catalogue_collection(name))
    if name not in _MODULES:
        raise CorpusError(f"there is no collection {name!r}; known: {', '.join(NAMES)}")
    return cast("Collection", import_module(_MODULES[name]))


def load_corpus(name: str, path: Path | str | None = None, **options: Any) -> TagCorpus:
    """Load a collection by name.

    Parameters
    ----------
    name
        One of `NAMES`.
    path
        The folder or file that holds it; the collection's ``LAYOUT`` says which.
    **options
        Options of the collection, e.g. ``all_tags=True`` for ``cal500``.

    Raises
    ------
    CorpusError
        If the name or an option is unknown, or a file is missing or not as its layout says.
    """
    load = collection(name).load
    known = [option for option in inspect.signature(load).parameters if option != "path"]
    for option in options:
        if option not in known:
            accepted = f"it takes {', '.join(known)}" if known else "it takes none"
            raise CorpusError(f"collection {name} has no option {option!r}; {accepted}")
    return load(path, **options)
