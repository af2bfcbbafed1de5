"""Model aliases as a service follows them, and bundles that it cannot read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine

from app.db.engine import transaction
from app.db.model_aliases import move_alias
from app.services.models.following import ModelAliasFollower
from app.services.models.registry import Registry
from app.settings import Settings
from models.bundle import Bundle
from tests.unit.app.conftest import TAGS, default_of


def test_a_model_alias_is_followed(engine: Engine, registry: tuple[Registry, str, str]) -> None:
    served, first, second = registry
    follower = ModelAliasFollower(engine, served)
    follower.follow()
    assert default_of(served) == first
    with transaction(engine) as connection:
        move_alias(connection, "default", second, first, None)
    follower.follow()
    assert default_of(served) == second


def test_an_alias_that_cannot_be_served_keeps_its_model_until_it_can(
    engine: Engine, registry: tuple[Registry, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    served, first, second = registry
    follower = ModelAliasFollower(engine, served)
    bundles = served.find(second).path.parent
    with transaction(engine) as connection:
        move_alias(connection, "default", first, first, None)
        move_alias(connection, "beta", second, None, None)
    (bundles / "b").rename(bundles / ".away")
    follower.follow()
    assert (default_of(served), served.unserved()) == (first, {"beta": second})
    with transaction(engine) as connection:
        move_alias(connection, "default", second, first, None)
    follower.follow()
    assert (default_of(served), served.unserved()) == (first, {"beta": second, "default": second})
    (bundles / ".away").rename(bundles / "b")
    follower.follow()
    assert default_of(served) == first, "it is not read again at every interval"
    monkeypatch.setattr("app.services.models.registry.RETRY_SECONDS", 0.0)
    with transaction(engine) as connection:
        move_alias(connection, "default", first, second, None)
        move_alias(connection, "beta", "none@0", None, None)
    follower.follow()
    with transaction(engine) as connection:
        move_alias(connection, "beta", second, None, None)
    follower.follow()
    assert (default_of(served), served.unserved()) == (first, {})
    assert served.serving("beta") is not None


@contextmanager
def without_privileges() -> Iterator[None]:
    """Act as a user whom permissions concern."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_cannot_be_read_hurts_only_itself(make_bundle: Callable[..., Bundle]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        for bundle in ("a", "b", "c"):
            shutil.copytree(make_bundle(TAGS, bundle).path, folder / bundle)
        (folder / "a" / "manifest.json").chmod(0)
        (folder / "b").chmod(0)
        registry = Registry(Settings(bundle=folder / "c", bundles=folder))
        with without_privileges():
            registry.open()
            found = {bundle.path.name: bundle.fault for bundle in registry.installed()}
        assert found["c"] is None
        for bundle in ("a", "b"):
            assert "cannot be read: Permission denied" in str(found[bundle])
