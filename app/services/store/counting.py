"""Counts the usage of OOV tags for the bundles in service, in the background."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event, Thread
from time import monotonic
from typing import Any

import structlog
from sqlalchemy import Connection, Engine

from app.db.engine import transaction
from app.db.repository import change_mark
from app.db.tag_aliases import alias_table, aliases_mark
from app.services.models.serving import Serving
from app.services.store.usage import read_usage
from app.services.tags.resolve import TagRules
from models.errors import StoreError

_REST = 9
"""A background count is followed by a pause of this many times its duration, so that counting a store
that changes all the time takes at most a tenth of the time."""

log = structlog.get_logger(__name__)


class StoppedError(Exception):
    """The service was stopped while usage was being counted."""


class UsageCounter:
    """Counts usage anew for every serving whose documents or tag aliases have changed.

    Parameters
    ----------
    engine
        The store.
    max_tags
        How many OOV tags are counted, the most used first.
    """

    def __init__(self, engine: Engine, max_tags: int) -> None:
        self._engine = engine
        self._max_tags = max_tags
        self._stopping = Event()
        self._thread: Thread | None = None
        self._not_before = 0.0

    def is_behind(self, servings: Sequence[Serving]) -> bool:
        """Return whether the store has changed since the usage of any serving was counted.

        Raises
        ------
        StoreError
            If the store does not answer.
        """
        with transaction(self._engine, reads_only=True) as connection:
            mark = _mark(connection)
        return any(serving.usage_mark != mark for serving in servings)

    def count(self, servings: Sequence[Serving]) -> int:
        """Count usage for every serving that is behind; return how many were.

        Raises
        ------
        StoreError
            If the store does not answer; servings not counted yet keep the usage that they have.
        StoppedError
            If `stop` was called meanwhile.
        """
        return sum(self._count(serving) for serving in servings)

    def count_in_background(self, servings: Sequence[Serving]) -> None:
        """Count in a thread of its own, unless one is counting or the pause after one is not over."""
        counting = self._thread is not None and self._thread.is_alive()
        if not counting and monotonic() >= self._not_before:
            self._thread = Thread(target=self._count_and_log, args=(servings,), name="usage", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Interrupt counting; a store with many documents may take minutes to count."""
        self._stopping.set()

    def join(self) -> None:
        """Wait until the background thread has given its connection back."""
        if self._thread is not None:
            self._thread.join()

    def _count(self, serving: Serving) -> bool:
        with serving.counting, transaction(self._engine, reads_only=True) as connection:
            mark = _mark(connection)
            if serving.usage_mark == mark:
                return False
            rules = TagRules.of(alias_table(connection))
            usage = read_usage(connection, serving.vocabulary, rules, self._max_tags, self._raise_if_stopped)
            serving.publish_usage(usage, mark)
            return True

    def _raise_if_stopped(self) -> None:
        if self._stopping.is_set():
            raise StoppedError

    def _count_and_log(self, servings: Sequence[Serving]) -> None:
        started = monotonic()
        try:
            counted = self.count(servings)
            log.info("usage counted", models=counted, seconds=round(monotonic() - started, 2))
        except StoreError as error:
            log.warning("usage not counted", reason=str(error))
        except StoppedError:
            return
        except Exception:  # counted again after the pause
            log.exception("usage not counted")
        self._not_before = monotonic() + _REST * (monotonic() - started)


def _mark(connection: Connection) -> tuple[Any, ...]:
    return (*change_mark(connection), *aliases_mark(connection))
