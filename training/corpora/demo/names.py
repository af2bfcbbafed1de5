"""Invented names for invented artists and their tracks, so that a list of them reads like a library."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import numpy as np

from models.catalogues.document import Document
from training.corpora.demo.knowledge import FOLDER

NAMES: dict[str, list[str]] = {
    key: [part.strip() for part in text.split(",")]
    for key, text in tomllib.loads((FOLDER / "names.toml").read_text(encoding="utf-8")).items()
}


def named(documents: Iterable[Document], seed: int) -> Iterator[Document]:
    """Yield the documents with names instead of numbers, each track as `Artist - Title`, each name once."""
    rng = np.random.Generator(np.random.PCG64(seed))
    artists: dict[str | None, str] = {}
    used: set[str] = set()
    for document in documents:
        artist = artists.get(document.group)
        if artist is None:
            artist = artists[document.group] = _unused(rng, used, "", _artist)
        track = _unused(rng, used, f"{artist} - ", _title)
        yield replace(document, id=track, group=artist)


def _unused(
    rng: np.random.Generator, used: set[str], prefix: str, draw: Callable[[np.random.Generator], str]
) -> str:
    """Return a name that was not given before: after some draws in vain, one with a number."""
    for _ in range(20):
        name = prefix + draw(rng)
        if name not in used:
            break
    number = 2
    while name in used:
        name = f"{prefix}{draw(rng)} {number}"
        number += 1
    used.add(name)
    return name


def _artist(rng: np.random.Generator) -> str:
    return _one(rng, "artists").format(_word(rng), _word(rng))


def _title(rng: np.random.Generator) -> str:
    return _one(rng, "titles").format(_one(rng, "title_beginnings"), _one(rng, "title_endings"))


def _word(rng: np.random.Generator) -> str:
    return (_one(rng, "artist_beginnings") + _one(rng, "artist_endings")).capitalize()


def _one(rng: np.random.Generator, key: str) -> str:
    # As in the generator, only uniform doubles are drawn: the same names under every NumPy release.
    choices = NAMES[key]
    return choices[int(rng.random() * len(choices))]
