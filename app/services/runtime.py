"""What a running service holds: what it serves, the store, and what keeps both fresh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import faiss
from sqlalchemy import Engine

from app.db.engine import open_engine
from app.services.monitor import StoreMonitor
from app.services.serving import Serving
from app.settings import Settings
from models.bundle import load_bundle
from models.errors import NotFoundError
from models.vocabulary import shown


@dataclass(frozen=True)
class Runtime:
    """Everything that requests are answered from."""

    settings: Settings
    engine: Engine
    default: Serving
    monitor: StoreMonitor

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Load and verify the bundle and build what answers from it; the store is not waited for.

        Raises
        ------
        BundleError
            If the bundle cannot be served.
        StoreError
            If the database URL cannot be used at all.
        """
        engine = open_engine(settings.database_url, settings.store_timeout_seconds)
        faiss.omp_set_num_threads(settings.threads)
        default = Serving.of(load_bundle(settings.bundle), settings.index_cache_bytes)
        monitor = StoreMonitor(engine, lambda: [default], settings)
        return cls(settings, engine, default, monitor)

    def serving(self, model: str | None) -> Serving:
        """Return what answers for `model`; NotFoundError if there is no such model."""
        if model in {None, "default", self.default.model.name}:
            return self.default
        raise NotFoundError("model_not_found", f"there is no model {shown(str(model))}")
