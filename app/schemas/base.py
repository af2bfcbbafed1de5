"""What all requests and answers share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict


class Request(BaseModel):
    """The root of all bodies: no unknown field, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Parameters(BaseModel):
    """The root of all query strings: no unknown parameter; values come as text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelVersion(BaseModel):
    """Which model answered."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str = Field(description="Hash of the bundle's content.")


def example(value: JsonDict) -> ConfigDict:
    """Return the configuration of a model that is documented with one example."""
    return ConfigDict(json_schema_extra={"examples": [value]})
