"""Bundles and their aliases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from app.schemas.base import ModelVersion, Request, example


class ModelSummary(BaseModel):
    """A bundle of the registry."""

    model_config = example(
        {
            "name": "demo",
            "version": "5b41f0c9a7e2d310",
            "aliases": ["default"],
            "encoder": "siamese",
            "tags": 340,
            "corpus": "demo",
            "fault": None,
        }
    )

    name: str
    version: str | None = Field(description="Hash of the content; null without a sound manifest.")
    aliases: list[str] = Field(description="Aliases that serve it.")
    encoder: str | None = Field(description="The encoder's family.")
    tags: int | None = Field(description="Size of the vocabulary.")
    corpus: str | None = Field(description="What it was trained on.")
    fault: str | None = Field(default=None, description="Why it cannot be served.")


class Models(BaseModel):
    """The registry."""

    models: list[ModelSummary] = Field(description="Newest folder first.")


class EmbeddingWidths(BaseModel):
    """Which `dimensions` a bundle's embeddings may have."""

    full: int = Field(description="Width at which a query's nearest candidates are exactly its results.")
    default: int = Field(description="Width where a request names none.")
    smaller: int = Field(description="Every width from 1 up to this is offered too; 0 if only the full one.")
    overlap: dict[int, float] = Field(
        description="By width: mean share of a held-out query's first ten results among its ten nearest."
    )


class ModelDetail(BaseModel):
    """A bundle, whole as its manifest describes it."""

    name: str
    version: str
    aliases: list[str]
    embeddings: EmbeddingWidths
    manifest: dict[str, Any]


class AliasMove(Request):
    """What an alias is to serve."""

    model_config = example({"model": "catalogue@5b41f0c9a7e2d310"})

    model: str = Field(description="NAME@VERSION, NAME, or another alias.")


class ModelAlias(BaseModel):
    """What an alias serves."""

    model_config = example(
        {
            "alias": "default",
            "model": {"name": "catalogue", "version": "5b41f0c9a7e2d310"},
            "previous": "demo@0c7f11d2a9b3e486",
            "revision": 3,
            "updated_at": "2026-11-22T12:00:00Z",
        }
    )

    alias: str
    model: ModelVersion
    previous: str | None = Field(
        description="NAME@VERSION that it served before: send it to `PUT` to roll back."
    )
    revision: int = Field(description="Counts the moves; the ETag, in quotes.")
    updated_at: datetime | None


class ModelAliases(BaseModel):
    """Every alias."""

    aliases: list[ModelAlias]
