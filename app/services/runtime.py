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
from app.services.explorer.catalogue import Catalogues
from app.services.models.registry import DEFAULT, Registry
from app.services.models.serving import Serving
from app.services.store.monitor import StoreMonitor
from app.settings import Settings
from models.errors import BundleError


@dataclass(frozen=True)
class Runtime:
    """Everything that requests are answered from."""

    settings: Settings
    engine: Engine
    registry: Registry
    monitor: StoreMonitor
    keys: KeyRing
    evaluations: Evaluations
    catalogues: Catalogues
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
        catalogues = Catalogues(engine, monitor, settings.library_max_tags)
        sessions = Sessions(engine, keys, settings)
        return cls(settings, engine, registry, monitor, keys, evaluations, catalogues, sessions)

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
        if model in {None, DEFAULT}:
            raise BundleError("no bundle can be served; /v1/models says what is wrong with each")
        return await asyncio.to_thread(self.registry.load, str(model))

    @property
    def ready(self) -> bool:
        """Whether queries can be answered."""
        return self.registry.serving(None) is not None
