"""The registry: a folder of bundles, found by name, loaded when first needed, served under aliases.

A bundle is looked up by alias, by NAME@VERSION, or by NAME (the version that an alias serves, else the
newest folder). Aliases move between two answers: each answer is made from one bundle wholly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import monotonic

import structlog
from cachetools import LRUCache

from app.schemas.base import ModelVersion
from app.services.models.serving import Serving
from app.settings import Settings
from models.bundle import load_bundle
from models.errors import BundleError, NotFoundError, shown
from models.manifest import Manifest, read_manifest

log = structlog.get_logger(__name__)

DEFAULT = "default"
RETRY_SECONDS = 10.0
"""A bundle that could not be served is read again after this time; reading a large one takes seconds."""


@dataclass(frozen=True)
class InstalledBundle:
    """A folder of the registry: a bundle as its manifest describes it, or what is wrong with it."""

    path: Path
    manifest: Manifest | None
    fault: str | None = None


@dataclass(frozen=True)
class Unserved:
    """What an alias should serve, why it cannot, and when it is tried again (monotonic seconds)."""

    model: str
    reason: str
    retry_at: float


class Registry:
    """Finds and loads bundles, and knows what each alias serves.

    Parameters
    ----------
    settings
        The registry's folder, the bundle that `default` serves until it is moved, and the limits.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._aliases: Mapping[str, Serving] = {}
        self._unserved: Mapping[str, Unserved] = {}
        self._loaded: LRUCache[tuple[str, str], Serving] = LRUCache(settings.max_models)
        self._loading = Lock()  # one bundle is loaded at a time
        self._table = Lock()  # held for moments only: requests take it
        self.moving = Lock()  # between the store's aliases and what is served
        self.fallback: Serving | None = None

    def open(self) -> None:
        """Load what `default` serves until an alias says otherwise.

        Raises
        ------
        BundleError
            If it cannot be served and no registry could offer another.
        """
        try:
            self.fallback = self._load(self._settings.bundle)
        except BundleError as error:
            if self._settings.bundles is None:
                raise
            log.error("bundle not served", reason=str(error))

    def serving(self, model: str | None) -> Serving | None:
        """Return what is in memory under an alias or NAME@VERSION, or None."""
        found = self._aliases.get(model or DEFAULT)
        if found is None and model in {None, DEFAULT}:
            return None if DEFAULT in self._unserved else self.fallback
        if found is None and model is not None and "@" in model:
            name, _, version = model.partition("@")
            with self._table:
                return self._loaded.get((name, version))
        return found

    def active(self) -> Sequence[Serving]:
        """Return every loaded bundle."""
        fallback = [] if self.fallback is None else [self.fallback]
        with self._table:
            loaded = list(self._loaded.values())
        every = [*fallback, *self._aliases.values(), *loaded]
        return list({id(serving): serving for serving in every}.values())

    def aliases_of(self, manifest: Manifest) -> list[str]:
        """Return the aliases that serve a bundle."""
        key = (manifest.name, manifest.version)
        names = [name for name, serving in self._aliases.items() if _key(serving) == key]
        default = self.serving(None)
        if DEFAULT not in self._aliases and default is not None and _key(default) == key:
            names.append(DEFAULT)
        return sorted(names)

    def unserved(self) -> dict[str, str]:
        """Return the aliases that do not serve what the store names, with that; the log has the reasons."""
        return {alias: fault.model for alias, fault in self._unserved.items()}

    def served(self) -> dict[str, ModelVersion]:
        """Return what each alias serves."""
        fallback = self.serving(None)
        default = {} if fallback is None else {DEFAULT: fallback.model}
        return default | {name: serving.model for name, serving in self._aliases.items()}

    def installed(self) -> list[InstalledBundle]:
        """Return every folder of the registry, sound or not, newest first, by manifests alone."""
        folders = [self._settings.bundle, *_folders(self._settings.bundles)]
        found: dict[tuple[str, str] | Path, InstalledBundle] = {}
        for path in folders:
            try:
                manifest = read_manifest(path)
                found.setdefault((manifest.name, manifest.version), InstalledBundle(path, manifest))
            except BundleError as error:
                found[path] = InstalledBundle(path, None, str(error))
        return list(found.values())

    def find(self, model: str) -> InstalledBundle:
        """Return the bundle that an alias, NAME or NAME@VERSION names.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        aliased = self.serving(model)
        name, _, version = model.partition("@")
        if aliased is not None:
            name, version = _key(aliased)
        matching = [
            bundle
            for bundle in self.installed()
            if bundle.manifest is not None
            and bundle.manifest.name == name
            and version in {"", bundle.manifest.version}
        ]
        if not matching:
            raise NotFoundError("model_not_found", f"there is no model {shown(model)}")
        # Of several versions, one that is served goes before one that only lies there.
        return next((e for e in matching if e.manifest and self.aliases_of(e.manifest)), matching[0])

    def load(self, model: str) -> Serving:
        """Return a bundle by any of its names, loaded and verified.

        Raises
        ------
        NotFoundError
            If there is none.
        BundleError
            If it cannot be served.
        """
        found = self.serving(model)
        return found if found is not None else self._load(self.find(model).path)

    def _load(self, path: Path) -> Serving:
        manifest = read_manifest(path)
        key = (manifest.name, manifest.version)
        with self._loading:
            held = {_key(serving): serving for serving in self.active()}.get(key)
            if held is None:
                log.info("loading", bundle=manifest.name, version=manifest.version)
                held = Serving.of(
                    load_bundle(path, self._settings.max_bundle_bytes), self._settings.index_cache_bytes
                )
            with self._table:
                self._loaded[key] = held
            return held

    def move(self, alias: str, serving: Serving) -> None:
        """Let an alias serve another bundle, from the next request on."""
        self._aliases = {**self._aliases, alias: serving}
        self._unserved = {name: fault for name, fault in self._unserved.items() if name != alias}

    def follow(self, targets: Mapping[str, str]) -> None:
        """Let each alias serve the NAME@VERSION that the store names.

        Where that cannot be served, the alias serves what it served before, or nothing after a start, and
        `unserved` names it until another attempt, some seconds later, succeeds.
        """
        aliases: dict[str, Serving] = {}
        unserved: dict[str, Unserved] = {}
        for alias, model in targets.items():
            served, fault = self._aliases.get(alias), self._unserved.get(alias)
            if served is not None:
                aliases[alias] = served
                if "@".join(_key(served)) == model:
                    continue
            if fault is not None and fault.model == model and monotonic() < fault.retry_at:
                unserved[alias] = fault
                continue
            try:
                aliases[alias] = self._load(self.find(model).path)
            except (BundleError, NotFoundError) as error:
                unserved[alias] = Unserved(model, str(error), monotonic() + RETRY_SECONDS)
                if fault is None or (fault.model, fault.reason) != (model, str(error)):
                    log.error("alias not served", alias=alias, model=model, reason=str(error))
        # In this order, a request between the two never gets the fallback in place of an unserved default.
        self._unserved = {**self._unserved, **unserved}
        self._aliases = aliases
        self._unserved = unserved


def _folders(bundles: Path | None) -> list[Path]:
    """Return the folders inside the registry's, newest first; none where it cannot be listed."""
    if bundles is None:
        return []
    found: list[tuple[int, Path]] = []
    try:
        for path in bundles.iterdir():
            if not path.name.startswith(".") and path.is_dir():
                found.append((path.stat().st_mtime_ns, path))
    except FileNotFoundError:
        pass
    except OSError as error:
        log.error("bundles not listed", folder=str(bundles), reason=error.strerror)
    return [path for _, path in sorted(found, reverse=True)]


def _key(serving: Serving) -> tuple[str, str]:
    return serving.model.name, serving.model.version
