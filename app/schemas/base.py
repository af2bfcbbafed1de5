"""What all requests and answers share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from models.vocabulary import MAX_TAG_LENGTH


class Request(BaseModel):
    """The root of all bodies: no unknown field, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Parameters(BaseModel):
    """The root of all query strings: no unknown parameter; values come as text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
