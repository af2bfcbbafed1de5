"""A store and a small bundle in service, without a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from app.db.engine import open_engine
from app.db.migrations import upgrade
from app.services.models.registry import Registry
from app.services.models.serving import Serving
from app.settings import Settings
from models.bundle import Bundle

TAGS = ["ambient", "chillout", "hip hop", "jazz"]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An own, empty store."""
    engine = open_engine(f"sqlite:///{tmp_path / 'store.db'}")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def serving(make_bundle: Callable[..., Bundle]) -> Serving:
    """A bundle over four tags; its weights are drawn."""
    return Serving.of(make_bundle(TAGS), cache_bytes=1 << 20)


@pytest.fixture
def registry(make_bundle: Callable[..., Bundle], tmp_path: Path) -> tuple[Registry, str, str]:
    """A registry of two bundles, of which the first is served as default, with their NAME@VERSIONs."""
    bundles = tmp_path / "bundles"
    bundles.mkdir()
    first, second = (make_bundle(TAGS, f"bundles/{name}", seed=seed) for seed, name in enumerate(("a", "b")))
    registry = Registry(Settings(bundle=bundles / "a", bundles=bundles))
    registry.open()
    return registry, f"{first.name}@{first.version}", f"{second.name}@{second.version}"


def default_of(registry: Registry) -> str:
    served = registry.served()["default"]
    return f"{served.name}@{served.version}"
