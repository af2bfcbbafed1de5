"""A store on each database that is supported, over a real connection."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from app.db.engine import open_engine
from app.db.migrations import upgrade


@pytest.fixture
def empty_store(store_url: str) -> Iterator[Engine]:
    """A store without a schema."""
    engine = open_engine(store_url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(empty_store: Engine) -> Engine:
    """A store with the newest schema."""
    upgrade(empty_store)
    return empty_store
