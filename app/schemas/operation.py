"""Answers for operators and their probes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from app.schemas.base import ModelVersion


class Health(BaseModel):
    """Whether the process is there."""

    status: Literal["ok"]


class Readiness(BaseModel):
    """Whether queries are answered as they should be."""

    status: Literal["ok", "degraded"]
    faults: list[str] = Field(default=[], description="What is not as it should be, where it is known.")


class Version(BaseModel):
    """What is running."""

    service: str = Field(description="Version of tagprime.")
    model: ModelVersion
