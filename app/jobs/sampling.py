"""Which documents of a store an evaluation asks: all of them, or as many as one may ask."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from app.db.documents import all_documents

_TELL_EVERY = 1000


def sample_documents(
    connection: Connection, most: int, seed: int, tell: Callable[[], None]
) -> list[Sequence[str]]:
    """Return the tags of up to `most` documents, drawn with the same chance for each.

    `tell` is called every now and then: reading a large store takes longer than a worker may be silent.
    """
    drawn: list[Sequence[str]] = []
    choose = random.Random(seed)
    for seen, document in enumerate(all_documents(connection)):
        if seen % _TELL_EVERY == 0:
            tell()
        if len(drawn) < most:
            drawn.append(document.tags)
        elif (place := choose.randrange(seen + 1)) < most:
            drawn[place] = document.tags
    return drawn
