"""How OOV tags are used, as the store has seen it: held in memory, refreshed behind requests' backs.

A request never waits for the database. It reads the snapshot of the moment; a background task
replaces the snapshot when the store has changed, and keeps the last one while the store is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import structlog
from sqlalchemy import Connection, Engine

from app.db.engine import transaction
from app.db.migrations import ensure_current
from app.db.repository import change_mark, co_occurrences, tag_counts
from models.errors import StoreError
from models.features import Usage
from models.vocabulary import Vocabulary, separator_key

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class UsageSnapshot:
    """Usage by tag, and by the tag's spelling without separators."""

    by_tag: Mapping[str, Usage]
    by_separator_key: Mapping[str, Usage]

    def get(self, tag: str) -> Usage | None:
        """Return the usage of a normalised OOV tag, or of its spelling with other separators."""
        return self.by_tag.get(tag) or self.by_separator_key.get(separator_key(tag))


EMPTY = UsageSnapshot({}, {})


def read_usage(connection: Connection, vocabulary: Vocabulary, max_tags: int) -> UsageSnapshot:
    """Count with which vocabulary tags the store's most used OOV tags come."""
    index_of: dict[int, int] = {}
    outside: dict[int, tuple[str, int]] = {}
    for tag in tag_counts(connection):
        index = vocabulary.resolve(tag.name).index
        if index is not None:
            index_of[tag.id] = index
        elif len(outside) < max_tags:
            outside[tag.id] = (tag.name, tag.documents)
    by_tag: dict[str, Usage] = {}
    for tag_id, beside in co_occurrences(connection, list(outside)).items():
        name, n_documents = outside[tag_id]
        counts: dict[int, int] = {}
        for other_id, count in beside:
            if (index := index_of.get(other_id)) is not None:
                # Two spellings of one vocabulary tag may stand on the same document.
                counts[index] = min(counts.get(index, 0) + count, n_documents)
        if counts:
            indices = np.array(sorted(counts), dtype=np.int64)
            by_tag[name] = Usage(
                n_documents, indices, np.array([counts[int(i)] for i in indices], dtype=np.float32)
            )
    by_key: dict[str, Usage] = {}
    for name, usage in by_tag.items():  # most used first: it speaks for the other spellings
        by_key.setdefault(separator_key(name), usage)
    return UsageSnapshot(by_tag, by_key)


class UsageMonitor:
    """Keeps the snapshot no older than asked for while the store answers."""

    def __init__(self, engine: Engine, vocabulary: Vocabulary, max_tags: int, interval: float) -> None:
        self.snapshot = EMPTY
        self._engine = engine
        self._vocabulary = vocabulary
        self._max_tags = max_tags
        self._interval = interval
        self._mark: tuple[Any, ...] | None = None

    def refresh(self) -> bool:
        """Read the store if it has changed; return whether it had.

        Raises
        ------
        StoreError
            If the store does not answer; the snapshot stays as it is.
        """
        with transaction(self._engine, reads_only=True) as connection:
            mark = change_mark(connection)
            if mark == self._mark:
                return False
            self.snapshot = read_usage(connection, self._vocabulary, self._max_tags)
            self._mark = mark
            return True

    async def run(self) -> None:
        """Bring the store's schema up to date, then refresh for ever; an absent store is tried again."""
        ready = False
        while True:
            try:
                if not ready:
                    await asyncio.to_thread(ensure_current, self._engine)
                    ready = True
                if await asyncio.to_thread(self.refresh):
                    log.info("usage refreshed", tags=len(self.snapshot.by_tag))
            except StoreError as error:
                log.warning("usage not refreshed", reason=str(error))
            await asyncio.sleep(self._interval)
