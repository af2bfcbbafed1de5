"""Answers for operators and their probes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from app.schemas.base import ModelVersion


class Health(BaseModel):
    """Whether the service is there."""

    status: Literal["ok"]


class Version(BaseModel):
    """What is running."""

    service: str = Field(description="Version of tagprime.")
    model: ModelVersion
