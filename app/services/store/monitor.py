"""Keeps what requests use of the store up to date, in the background.

A request never waits for the database: it uses what was last read, while the store is away as well.
"""

from __future__ import annotations

from contextlib import suppress
from threading import Event, Lock

import structlog
from sqlalchemy import Engine

from app.db.engine import transaction
from app.db.evaluations import counts
from app.db.migrations import ensure_current
from app.services.access.keys import KeyRing
from app.services.models.following import ModelAliasFollower
from app.services.models.registry import Registry
from app.services.models.serving import Serving
from app.services.store.counting import UsageCounter
from app.services.store.rules import RulesRefresher
from app.services.store.tidying import IdempotencyTidier
from app.settings import Settings
from models.errors import StoreError

log = structlog.get_logger(__name__)

LONGEST_PAUSE_SECONDS = 60.0


class StoreMonitor:
    """Reads the store at an interval and reports whether it answers.

    Parameters
    ----------
    engine
        The store.
    registry
        The bundles in service, and their aliases.
    keys
        The API keys.
    settings
        The interval, how many OOV tags are counted, and how long idempotency keys are remembered.

    Attributes
    ----------
    up
        Whether the store answered when it was last read.
    fault
        What ended the last reading, if that was a fault of the service and not of the store; else None.
    has_read
        Whether keys and model aliases have been read since the start.
    evaluations
        The number of evaluations by status, as last read.
    """

    def __init__(self, engine: Engine, registry: Registry, keys: KeyRing, settings: Settings) -> None:
        self.up = False
        self.evaluations: dict[str, int] = {}
        self._engine = engine
        self._registry = registry
        self._keys = keys
        self._interval = settings.store_refresh_seconds
        self._aliases = ModelAliasFollower(engine, registry)
        self._rules = RulesRefresher(engine)
        self._usage = UsageCounter(engine, settings.usage_max_tags)
        self._idempotency = IdempotencyTidier(engine, settings.idempotency_hours)
        self.fault: str | None = None
        self.has_read = False
        self._failures = 0
        self._migrated = False
        self._migrating = Lock()
        self._stopping = Event()
        self._first_read = Event()

    def read(self) -> None:
        """Read keys, model aliases, tag rules and the number of evaluations, all of which is quick.

        Raises
        ------
        StoreError
            If the store does not answer; what was read before stays in use.
        """
        with self._migrating:
            if not self._migrated:
                ensure_current(self._engine)
                self._migrated = True
        self._keys.read()
        self._aliases.follow()
        self.has_read = True
        self._first_read.set()
        self._rules.refresh(self._registry.active())
        with transaction(self._engine, reads_only=True) as connection:
            self.evaluations = counts(connection)

    def refresh(self) -> int:
        """Read the store and count usage now; return how many bundles were counted anew.

        Raises
        ------
        StoreError
            If the store does not answer.
        """
        self.read()
        return self._usage.count(self._registry.active())

    def prepare(self, serving: Serving) -> None:
        """Read rules and usage for a bundle before it answers; while the store is away it has none."""
        with suppress(StoreError):
            self._rules.refresh([serving])
            self._usage.count([serving])

    @property
    def has_tried(self) -> bool:
        """Whether the store has been read, or has failed to answer, since the start."""
        return self._first_read.is_set()

    def wait_for_first_read(self, seconds: float) -> None:
        """Wait until model aliases have been read or the store has failed, at most `seconds`."""
        self._first_read.wait(seconds)

    def run(self) -> None:
        """Read the store until stopped, whatever happens.

        A store that does not answer is tried again at every interval; after a fault of the service itself,
        the pauses double up to `LONGEST_PAUSE_SECONDS`.
        """
        while not self._stopping.is_set():
            try:
                self._step()
                self.fault, self._failures = None, 0
            except StoreError as error:
                if self.up or not self._first_read.is_set():  # logged once, not at every interval
                    log.warning("store not read", reason=str(error))
                self.fault, self._failures = None, 0
                self._failed()
            except Exception as error:  # a thread that ended here would leave keys and aliases as they are
                log.exception("store monitor failed")
                self.fault = f"{type(error).__name__} while reading the store; the log has the details"
                self._failures += 1
                self._failed()
            self._stopping.wait(self._pause())
        self._usage.join()

    def stop(self) -> None:
        """End `run` after the statement that it is at; usage is not counted to the end."""
        self._stopping.set()
        self._usage.stop()

    def _failed(self) -> None:
        self.up = False
        self._migrated = False  # what comes back may be another store, of an earlier schema
        self._first_read.set()

    def _pause(self) -> float:
        doublings = min(self._failures, 10)
        return self._interval if not doublings else min(self._interval * 2**doublings, LONGEST_PAUSE_SECONDS)

    def _step(self) -> None:
        self.read()
        if not self.up:
            log.info("store read")
        self.up = True
        # Keys and aliases are read at every interval, also while a large store is counted.
        servings = self._registry.active()
        if self._usage.is_behind(servings):
            self._usage.count_in_background(servings)
        self._idempotency.tidy()
