"""What a running service holds: what it serves, the store, and what keeps both fresh."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Self

import faiss
from sqlalchemy import Engine

from app.db.engine import open_engine
from app.services.access.keys import KeyRing
from app.services.access.sessions import Sessions
from app.services.evaluations import Evaluations
from app.services.explorer.tag_listing import TagListings
from app.services.models.registry import DEFAULT, Registry
from app.services.models.serving import Serving
from app.services.store.monitor import StoreMonitor
from app.settings import Settings
from models.errors import BundleError, StoreError


@dataclass(frozen=True)
class Runtime:
    """Everything that requests are answered from."""

    settings: Settings
    engine: Engine
    registry: Registry
    monitor: StoreMonitor
    keys: KeyRing
    evaluations: Evaluations
    listings: TagListings
    sessions: Sessions

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Load and verify what is served; the store is not waited for.

        Raises
        ------
        BundleError
            If there is nothing that can be served.
        StoreError
            If the database URL cannot be used at all.
        """
        engine = open_engine(settings.store_url, settings.store_timeout_seconds)
        faiss.omp_set_num_threads(settings.threads)
        registry = Registry(settings)
        registry.open()
        keys = KeyRing(engine)
        monitor = StoreMonitor(engine, registry, keys, settings)
        evaluations = Evaluations(engine, registry, settings)
        listings = TagListings(engine, monitor, settings.library_max_tags)
        sessions = Sessions(engine, keys, settings)
        return cls(settings, engine, registry, monitor, keys, evaluations, listings, sessions)

    async def serving(self, model: str | None) -> Serving:
        """Return what answers for `model`; one that is not in memory is loaded.

        Raises
        ------
        NotFoundError
            If there is no such model.
        BundleError
            If it cannot be served.
        """
        found = self.registry.serving(model)
        if found is not None:
            return found
        self._check_alias(model or DEFAULT)
        if model in {None, DEFAULT}:
            raise BundleError("no bundle can be served; /v1/models says what is wrong with each")
        return await asyncio.to_thread(self.registry.load, str(model))

    def faults(self) -> list[str]:
        """Return what is not as it should be; queries may be answered all the same."""
        unserved = self.registry.unserved().items()
        found = [f"the model alias {alias} cannot serve {model}" for alias, model in unserved]
        if self.monitor.fault is not None:
            found.append(f"store monitor: {self.monitor.fault}")
        elif not self.monitor.up:
            found.append("the store does not answer")
        return found

    def check_ready(self) -> None:
        """Raise an error unless `default` serves what it should.

        Raises
        ------
        BundleError
            If `default` cannot be served.
        StoreError
            If the first reading of the store is under way, if a reading ended with a fault of the service
            itself, or if the store has never been read although it may name another bundle of the registry.
        """
        self._check_alias(DEFAULT)
        if self.registry.serving(None) is None:
            raise BundleError("no bundle can be served; /v1/models says what is wrong with each")
        if self.monitor.fault is not None:
            raise StoreError(self.monitor.fault)
        if not self.monitor.has_tried:
            raise StoreError("the store is being opened")
        if self.settings.bundles is not None and not self.monitor.has_read:
            raise StoreError("the store has not been read since the start, so model aliases are unknown")

    def _check_alias(self, alias: str) -> None:
        model = self.registry.unserved().get(alias)
        if model is not None:
            raise BundleError(f"the model alias {alias} cannot serve {model}; the log has the reason")
