"""Keeps what requests see of the store fresh, behind their backs.

A request never waits for the database: it reads a serving's view of the moment. This task replaces
views when the store has changed, and keeps the last ones while the store is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import Engine

from app.db.aliases import alias_table, aliases_mark
from app.db.engine import transaction
from app.db.idempotency import forget_older_than
from app.db.migrations import ensure_current
from app.db.repository import change_mark
from app.services.rules import TagRules
from app.services.serving import Serving, StoreView
from app.services.usage import read_usage
from app.settings import Settings
from models.errors import StoreError

_TIDY_SECONDS = 3600

log = structlog.get_logger(__name__)


class StoreMonitor:
    """Refreshes the views of what is served.

    Parameters
    ----------
    engine
        The store.
    servings
        Returns the bundles in service.
    settings
        How often to look, and how much to hold.
    """

    def __init__(self, engine: Engine, servings: Callable[[], Sequence[Serving]], settings: Settings) -> None:
        self.up = False
        self._engine = engine
        self._servings = servings
        self._max_tags = settings.usage_max_tags
        self._interval = settings.store_refresh_seconds
        self._idempotency_hours = settings.idempotency_hours
        self._seen: dict[int, tuple[Any, ...]] = {}
        self._migrated = False
        self._tidied = 0.0
        self._stopping = asyncio.Event()

    def refresh(self) -> int:
        """Bring every view that is behind up to date; return how many were.

        Raises
        ------
        StoreError
            If the store does not answer; the views stay as they are.
        """
        if not self._migrated:
            ensure_current(self._engine)
            self._migrated = True
        servings = self._servings()
        with transaction(self._engine, reads_only=True) as connection:
            mark = (*change_mark(connection), *aliases_mark(connection))
            behind = [serving for serving in servings if self._seen.get(id(serving)) != mark]
            if behind:
                rules = TagRules.of(alias_table(connection))
            for serving in behind:
                usage = read_usage(connection, serving.vocabulary, rules, self._max_tags)
                index_of = serving.vocabulary.key_to_index
                junk = frozenset(index_of[tag] for tag in rules.junk if tag in index_of)
                serving.view = StoreView(rules, usage, junk)
        self._seen = {id(serving): mark for serving in servings}
        return len(behind)

    def _tidy(self) -> None:
        if monotonic() - self._tidied > _TIDY_SECONDS:
            with transaction(self._engine) as connection:
                forget_older_than(connection, self._idempotency_hours)
            self._tidied = monotonic()

    def stop(self) -> None:
        """End `run` after the look it may be at."""
        self._stopping.set()

    async def run(self) -> None:
        """Refresh until stopped; an absent store is tried again."""
        while not self._stopping.is_set():
            try:
                refreshed = await asyncio.to_thread(self.refresh)
                if refreshed or not self.up:
                    log.info("store read", refreshed=refreshed)
                self.up = True
                await asyncio.to_thread(self._tidy)
            except StoreError as error:
                self.up = False
                log.warning("store not read", reason=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._interval)
