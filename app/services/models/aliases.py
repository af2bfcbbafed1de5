"""Aliases: what they serve, and moving them with no answer lost or mixed."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from sqlalchemy import Engine

from app.db.engine import transaction
from app.db.model_aliases import StoredModelAlias, move_alias, stored_aliases
from app.schemas.base import ModelVersion
from app.schemas.models import (
    EmbeddingWidths,
    ModelAlias,
    ModelAliases,
    ModelDetail,
    Models,
    ModelSummary,
)
from app.services.models.registry import DEFAULT, InstalledBundle, Registry
from app.services.store.monitor import StoreMonitor
from models.encoders.registry import FAMILIES
from models.errors import BundleError, InputError, NotFoundError, PreconditionError, shown
from models.manifest import Manifest


def models(registry: Registry) -> Models:
    """Return the registry, unsound bundles included."""
    return Models(models=[_summary(registry, bundle) for bundle in registry.installed()])


def _summary(registry: Registry, bundle: InstalledBundle) -> ModelSummary:
    manifest = bundle.manifest
    if manifest is None:
        return ModelSummary(
            name=bundle.path.name, version=None, aliases=[], encoder=None, tags=None, corpus=None,
            fault=bundle.fault,
        )  # fmt: skip
    return ModelSummary(
        name=manifest.name,
        version=manifest.version,
        aliases=registry.aliases_of(manifest),
        encoder=str(manifest.encoder["kind"]),
        tags=manifest.n_tags,
        corpus=str(manifest.corpus.get("name", "")),
    )


def model(registry: Registry, name: str) -> ModelDetail:
    """Return one bundle by any of its names; NotFoundError if there is none."""
    manifest = registry.find(name).manifest
    if manifest is None:
        raise NotFoundError("model_not_found", f"there is no model {shown(name)}")
    return ModelDetail(
        name=manifest.name,
        version=manifest.version,
        aliases=registry.aliases_of(manifest),
        embeddings=_widths(manifest),
        manifest=asdict(manifest),
    )


def _widths(manifest: Manifest) -> EmbeddingWidths:
    described, kind, settings = manifest.embeddings, manifest.encoder["kind"], manifest.encoder["settings"]
    full = FAMILIES[kind].width(settings) if manifest.metric == "l2" else manifest.n_tags
    if described is None:
        return EmbeddingWidths(full=full, default=full, smaller=0, overlap={full: 1.0})
    overlap = {int(width): share for width, share in described["overlap"].items()}
    return EmbeddingWidths(
        full=full,
        default=described["default_width"],
        smaller=described["columns"],
        overlap={**overlap, full: 1.0},
    )


async def aliases(engine: Engine, registry: Registry) -> ModelAliases:
    """Return every alias."""

    def read() -> list[StoredModelAlias]:
        with transaction(engine, reads_only=True) as connection:
            return stored_aliases(connection)

    stored = {alias.name: _response(alias) for alias in await asyncio.to_thread(read)}
    if DEFAULT not in stored and registry.fallback is not None:
        stored[DEFAULT] = ModelAlias(
            alias=DEFAULT, model=registry.fallback.model, previous=None, revision=0, updated_at=None
        )
    return ModelAliases(aliases=[stored[name] for name in sorted(stored)])


async def alias(engine: Engine, registry: Registry, name: str) -> ModelAlias:
    """Return one alias; NotFoundError if there is none."""
    for found in (await aliases(engine, registry)).aliases:
        if found.alias == name:
            return found
    raise NotFoundError("model_alias_not_found", f"there is no model alias {shown(name)}")


async def move(
    engine: Engine, registry: Registry, monitor: StoreMonitor, name: str, model: str, expected: int | None
) -> ModelAlias:
    """Let an alias serve another bundle, once that one is loaded and verified.

    Raises
    ------
    InputError
        If there is no such bundle, or it cannot be served.
    PreconditionError
        If the alias has been moved since `expected`.
    """
    try:
        serving = await asyncio.to_thread(registry.load, model)
    except (BundleError, NotFoundError) as error:
        raise InputError("/model", str(error)) from None
    before = registry.serving(name)

    def write() -> StoredModelAlias | None:
        known = None if before is None else f"{before.model.name}@{before.model.version}"
        target = f"{serving.model.name}@{serving.model.version}"
        with registry.moving:
            with transaction(engine) as connection:
                moved = move_alias(connection, name, target, known, expected)
            if moved is not None:
                registry.move(name, serving)
        return moved

    # The new bundle knows the store's rules and usage before it answers its first query.
    await asyncio.to_thread(monitor.prepare, serving)
    moved = await asyncio.to_thread(write)
    if moved is None:
        raise PreconditionError(f"alias {shown(name)} has been moved since; get it again and decide anew")
    return _response(moved)


def _response(alias: StoredModelAlias) -> ModelAlias:
    name, _, version = alias.model.partition("@")
    return ModelAlias(
        alias=alias.name,
        model=ModelVersion(name=name, version=version),
        previous=alias.previous,
        revision=alias.revision,
        updated_at=alias.updated_at,
    )
