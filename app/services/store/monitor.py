"""Keeps what requests see of the store fresh, behind their backs.

A request never waits for the database: it reads a serving's view of the moment. This task replaces
views when the store has changed, and keeps the last ones while the store is away.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Event, Lock
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import Connection, Engine

from app.db.aliases import alias_table, aliases_mark
from app.db.engine import transaction
from app.db.evaluations import counts
from app.db.idempotency import forget_older_than
from app.db.migrations import ensure_current
from app.db.model_aliases import stored_aliases
from app.db.repository import change_mark
from app.services.access.keys import KeyRing
from app.services.models.registry import Registry
from app.services.models.serving import Serving, StoreView
from app.services.store.usage import UsageSnapshot, read_usage
from app.services.tags.rules import TagRules
from app.settings import Settings
from models.errors import StoreError

_TIDY_SECONDS = 3600
_REST = 9
"""Counting usage rests so many times as long as it took: of a store that never stands still, a tenth."""

log = structlog.get_logger(__name__)


class _StoppedError(Exception):
    """The service is told to stop in the middle of counting."""


class StoreMonitor:
    """Refreshes the views of what is served.

    Parameters
    ----------
    engine
        The store.
    registry
        The bundles in service, and their aliases.
    keys
        The keys that open the service.
    settings
        How often to look, and how much to hold.
    """

    def __init__(self, engine: Engine, registry: Registry, keys: KeyRing, settings: Settings) -> None:
        self.up = False
        self.jobs: dict[str, int] = {}
        self._engine = engine
        self._registry = registry
        self._keys = keys
        self._max_tags = settings.usage_max_tags
        self._interval = settings.store_refresh_seconds
        self._idempotency_hours = settings.idempotency_hours
        self._migrated = False
        self._tidied = 0.0
        self._count_at = 0.0
        self._stopping = asyncio.Event()
        self._ending = Event()
        self._looked = Event()
        # One after the other, so that what was read earlier never replaces what was read later.
        self._looking, self._counting, self._publishing = Lock(), Lock(), Lock()

    def refresh(self) -> int:
        """Bring every view that is behind up to date; return how many were.

        Raises
        ------
        StoreError
            If the store does not answer; the views stay as they are.
        """
        self.look()
        return self.count()

    def look(self) -> bool:
        """Read keys, aliases and tag rules, which is quick; return whether usage is to be counted anew."""
        with self._looking:
            return self._look()

    def _look(self) -> bool:
        if not self._migrated:
            ensure_current(self._engine)
            self._migrated = True
        self._keys.read()
        self._follow_aliases()
        servings = self._registry.active()
        with transaction(self._engine, reads_only=True) as connection:
            mark, rules_mark = _mark(connection), aliases_mark(connection)
            self.jobs = counts(connection)
            if any(serving.seen_rules != rules_mark for serving in servings):
                rules = TagRules.of(alias_table(connection))
                for serving in servings:
                    with self._publishing:
                        serving.view = _view(serving, rules, serving.view.usage)
                        serving.seen_rules, serving.seen = rules_mark, None
        return any(serving.seen != mark for serving in servings)

    def count(self) -> int:
        """Count usage for every view that is behind; return how many were. A large store takes a while."""
        with self._counting, transaction(self._engine, reads_only=True) as connection:
            mark = _mark(connection)
            behind = [serving for serving in self._registry.active() if serving.seen != mark]
            rules = TagRules.of(alias_table(connection)) if behind else TagRules()
            for serving in behind:
                usage = self._usage(connection, serving, rules)
                with self._publishing:
                    # The rules are the look's: it may have read newer ones meanwhile.
                    serving.view = _view(serving, serving.view.rules, usage)
                    serving.seen = mark
        return len(behind)

    def prepare(self, serving: Serving) -> None:
        """Give a bundle its view before it answers; without the store it starts from an empty one."""
        with suppress(StoreError), transaction(self._engine, reads_only=True) as connection:
            rules = TagRules.of(alias_table(connection))
            serving.view = _view(serving, rules, self._usage(connection, serving, rules))

    def _follow_aliases(self) -> None:
        # Held from the reading to the following, so that no older answer undoes a move made meanwhile.
        with self._registry.moving:
            with transaction(self._engine, reads_only=True) as connection:
                aliases = stored_aliases(connection)
            self._registry.follow(
                {
                    alias.name: [alias.model, *([alias.previous] if alias.previous else [])]
                    for alias in aliases
                }
            )
        self._looked.set()

    def _usage(self, connection: Connection, serving: Serving, rules: TagRules) -> UsageSnapshot:
        return read_usage(connection, serving.vocabulary, rules, self._max_tags, self._go_on)

    def _go_on(self) -> None:
        if self._ending.is_set():
            raise _StoppedError

    async def first_look(self, seconds: float) -> None:
        """Wait until aliases have been read once, or the store has failed, or `seconds` are over."""
        await asyncio.to_thread(self._looked.wait, seconds)

    def _tidy(self) -> None:
        if monotonic() - self._tidied > _TIDY_SECONDS:
            with transaction(self._engine) as connection:
                forget_older_than(connection, self._idempotency_hours)
            self._tidied = monotonic()

    def stop(self) -> None:
        """End `run` after the look it may be at."""
        self._stopping.set()
        self._ending.set()

    async def run(self) -> None:
        """Refresh until stopped; an absent store is tried again."""
        counting: asyncio.Task[None] | None = None
        while not self._stopping.is_set():
            try:
                behind = await asyncio.to_thread(self.look)
                if not self.up:
                    log.info("store read")
                self.up = True
                # Beside the looking: keys and aliases are followed while a large store is counted.
                if behind and monotonic() >= self._count_at and (counting is None or counting.done()):
                    counting = asyncio.create_task(self._count())
                await asyncio.to_thread(self._tidy)
            except StoreError as error:
                if self.up or not self._looked.is_set():  # said once, not at every look
                    log.warning("store not read", reason=str(error))
                self.up = False
                self._looked.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._interval)
        if counting is not None:
            await counting

    async def _count(self) -> None:
        started = monotonic()
        try:
            counted = await asyncio.to_thread(self.count)
            log.info("usage counted", models=counted, seconds=round(monotonic() - started, 2))
        except StoreError as error:
            log.warning("usage not counted", reason=str(error))
        except _StoppedError:
            return
        self._count_at = monotonic() + _REST * (monotonic() - started)


def _mark(connection: Connection) -> tuple[Any, ...]:
    return (*change_mark(connection), *aliases_mark(connection))


def _view(serving: Serving, rules: TagRules, usage: UsageSnapshot) -> StoreView:
    index_of = serving.vocabulary.key_to_index
    junk = frozenset(index_of[tag] for tag in rules.junk if tag in index_of)
    return StoreView(rules, usage, junk)
