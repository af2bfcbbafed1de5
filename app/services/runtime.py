"""What a running service holds: the bundle it serves, the store, and what keeps both fresh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import faiss
from sqlalchemy import Engine

from app.db.engine import open_engine
from app.services.listing import Listing
from app.services.priming import Priming
from app.services.usage import UsageMonitor
from app.settings import Settings
from models.bundle import Bundle, load_bundle
from models.index import TagSearch


@dataclass(frozen=True)
class Runtime:
    """Everything that requests are answered from."""

    bundle: Bundle
    engine: Engine
    usage: UsageMonitor
    priming: Priming
    listing: Listing

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
        bundle = load_bundle(settings.bundle)
        faiss.omp_set_num_threads(settings.threads)
        search = TagSearch(bundle.encoder, cache_bytes=settings.index_cache_bytes)
        usage = UsageMonitor(
            engine, bundle.vocabulary, settings.usage_max_tags, settings.usage_refresh_seconds
        )
        priming = Priming(bundle, search, lambda: usage.snapshot, settings)
        listing = Listing(bundle.vocabulary, priming.model, settings)
        return cls(bundle, engine, usage, priming, listing)
