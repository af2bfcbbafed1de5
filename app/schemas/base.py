"""What all requests and answers share."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from models.normalizer import MAX_TAG_LENGTH

MAX_NUMBER = 2**31 - 1
"""Largest whole number in a request, before the settings' own limits."""

MAX_FIELDS = 100
"""Most fields of an object in a request."""


class Request(BaseModel):
    """The root of all bodies: no unknown field, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _few_fields(cls, given: Any) -> Any:
        # Each unknown field is a fault of its own, and a body may name a hundred thousand.
        if isinstance(given, dict) and len(given) > MAX_FIELDS:
            raise ValueError(f"{len(given)} fields are given; at most {MAX_FIELDS} are accepted")
        return given


class Parameters(BaseModel):
    """The root of all query strings: no unknown parameter; values come as text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Item = TypeVar("Item")
Listed = Annotated[list[Item], Field(fail_fast=True)]
"""A list of which only the first wrong item is reported, not each of a hundred thousand."""

# What a tag may be is more than a schema can say; this much helps a reader and a generator of examples.
TagText = Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": MAX_TAG_LENGTH})]


class ModelVersion(BaseModel):
    """Which model answered."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str = Field(description="Hash of the bundle's content.")


def example(value: JsonDict) -> ConfigDict:
    """Return the configuration of a model that is documented with one example."""
    return ConfigDict(json_schema_extra={"examples": [value]})
