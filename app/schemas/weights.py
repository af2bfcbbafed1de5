"""Tags with weights, in the shapes that requests may have them in."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic.config import JsonDict

from models.catalogues.document import checked_weight
from models.catalogues.records import WrittenTag
from models.catalogues.shapes import NAME_KEYS, WEIGHT_KEYS, written_tag
from models.errors import CorpusError, shown
from models.normalizer import MAX_TAG_LENGTH

_NAME: JsonDict = {"type": "string", "minLength": 1, "maxLength": MAX_TAG_LENGTH}
_WEIGHT: JsonDict = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0},
        {"type": "string", "description": "A number as text."},
        {"type": "null"},
    ]
}
_WITH_WEIGHT: JsonDict = {
    "type": "object",
    "properties": {**dict.fromkeys(NAME_KEYS, _NAME), **dict.fromkeys(WEIGHT_KEYS, _WEIGHT)},
    "oneOf": [{"required": [key]} for key in NAME_KEYS],
    "additionalProperties": False,
    "maxProperties": 2,
}
_PAIR: JsonDict = {"type": "array", "prefixItems": [_NAME, _WEIGHT], "minItems": 2, "maxItems": 2}


def _weighted(value: Any) -> WrittenTag:
    """Return a tag with the weight that is stated for it; ValueError if it has another shape."""
    if isinstance(value, dict):
        unknown = [key for key in value if key not in (*NAME_KEYS, *WEIGHT_KEYS)]
        if unknown:
            known = ", ".join((*NAME_KEYS, *WEIGHT_KEYS))
            raise ValueError(f"{shown(str(unknown[0]))} is no field of a tag; known: {known}")
        if len(value) > 2 or all(key in value for key in NAME_KEYS):
            raise ValueError("a tag is an object of one name and at most one weight")
    try:
        tag = written_tag(value)
        if tag.weight is not None:
            checked_weight(tag.text, tag.weight)
    except CorpusError as error:
        raise ValueError(str(error)) from None
    return tag


def _listed(value: Any) -> Any:
    """Return an object of tags with weights as a list of pairs, and anything else as it is."""
    return [list(pair) for pair in value.items()] if isinstance(value, dict) else value


def _name(value: Any) -> Any:
    return value if isinstance(value, str) else _weighted(value).text


def _as_given(tag: WrittenTag) -> str | list[str | float]:
    return tag.text if tag.weight is None else [tag.text, tag.weight]


WeightedTags = Annotated[
    list[Annotated[WrittenTag, PlainValidator(_weighted), PlainSerializer(_as_given)]],
    Field(fail_fast=True),
    BeforeValidator(_listed),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"anyOf": [_NAME, _WITH_WEIGHT, _PAIR]}},
                {"type": "object", "propertyNames": _NAME, "additionalProperties": _WEIGHT},
            ]
        }
    ),
]
"""The tags of a document: names, names with weights, or an object of weights by name."""

ContextTag = Annotated[str, BeforeValidator(_name), WithJsonSchema({"anyOf": [_NAME, _WITH_WEIGHT]})]
"""A tag of a context, by its name; a weight is checked, and the encoders of today use none."""
