"""The documents of a store that an evaluation uses: all of them, or a sample of the largest size allowed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from app.db.documents import all_documents

_TELL_EVERY = 1000


def sample_documents(
    connection: Connection, most: int, seed: int, report: Callable[[], None]
) -> list[Sequence[str]]:
    """Return the tags of up to `most` documents, drawn with the same chance for each.

    `report` is called every now and then: reading a large store takes longer than the lease of a job.
    """
    drawn: list[Sequence[str]] = []
    choose = random.Random(seed)
    for seen, document in enumerate(all_documents(connection)):
        if seen % _TELL_EVERY == 0:
            report()
        if len(drawn) < most:
            drawn.append(document.tags)
        elif (place := choose.randrange(seen + 1)) < most:
            drawn[place] = document.tags
    return drawn
