"""The registry: a folder of bundles, found by name, loaded when first needed, served under aliases.

A bundle is looked up by alias, by NAME@VERSION, or by NAME (the version that an alias serves, else the
newest folder). Aliases move between two answers: each answer is made from one bundle wholly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

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


@dataclass(frozen=True)
class InstalledBundle:
    """A folder of the registry: a bundle as its manifest describes it, or what is wrong with it."""

    path: Path
    manifest: Manifest | None
    fault: str | None = None


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
            return self.fallback
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
        if DEFAULT not in self._aliases and self.fallback is not None and _key(self.fallback) == key:
            names.append(DEFAULT)
        return sorted(names)

    def served(self) -> dict[str, ModelVersion]:
        """Return what each alias serves."""
        default = {} if self.fallback is None else {DEFAULT: self.fallback.model}
        return default | {name: serving.model for name, serving in self._aliases.items()}

    def installed(self) -> list[InstalledBundle]:
        """Return every folder of the registry, sound or not, newest first, by manifests alone."""
        folders = [self._settings.bundle]
        if self._settings.bundles is not None and self._settings.bundles.is_dir():
            inside = [path for path in self._settings.bundles.iterdir() if not path.name.startswith(".")]
            folders += sorted(
                (path for path in inside if path.is_dir()), key=lambda path: -path.stat().st_mtime_ns
            )
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
                held = Serving.of(load_bundle(path), self._settings.index_cache_bytes)
            with self._table:
                self._loaded[key] = held
            return held

    def move(self, alias: str, serving: Serving) -> None:
        """Let an alias serve another bundle, from the next request on."""
        self._aliases = {**self._aliases, alias: serving}

    def follow(self, targets: Mapping[str, Sequence[str]]) -> None:
        """Let aliases serve what the store says; of the NAME@VERSIONs of one, the first that can be served.

        A bad bundle is logged and leaves its alias as it is.
        """
        moved = dict(self._aliases)
        for alias, wanted in targets.items():
            served = moved.get(alias)
            if served is not None and "@".join(_key(served)) == wanted[0]:
                continue
            for model in wanted:
                try:
                    moved[alias] = self._load(self.find(model).path)
                    break
                except (BundleError, NotFoundError) as error:
                    log.error("alias not followed", alias=alias, model=model, reason=str(error))
                    if served is not None:
                        break
        self._aliases = {alias: serving for alias, serving in moved.items() if alias in targets}


def _key(serving: Serving) -> tuple[str, str]:
    return serving.model.name, serving.model.version
