"""The content of a manifest, checked value by value: pages and commands use it as it stands."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from models.errors import seen, shown

MAX_DEPTH = 12
MAX_NUMBER = 1e300


class _Part(BaseModel):
    # Strict, so that a text is no number; other fields are kept as they are.
    model_config = ConfigDict(strict=True, extra="allow")


class _Corpus(_Part):
    name: str = ""
    n_documents: int | None = None
    n_tags: int | None = None
    source: str | None = None
    citation: str | None = None
    licence: str | None = None
    files: dict[str, str] = {}


class _Recipe(_Part):
    name: str | None = None


class _Training(_Part):
    recipe: _Recipe = _Recipe()
    seed: int | None = None
    stopped_early: dict[str, Any] | None = None


class _Measured(_Part):
    protocol: str
    documents: int
    unit: str
    methods: dict[str, dict[str, float]]
    curves: dict[str, list[float]] | None = None


class _Content(_Part):
    corpus: _Corpus
    training: _Training
    quality: dict[str, _Measured]
    libraries: dict[str, str]


_CHECK = TypeAdapter(_Content)


def parse(content: bytes) -> Any:
    """Return the value of a JSON text in which no key comes twice and every number is finite.

    Raises
    ------
    ValueError, RecursionError
        If it is none.
    """
    return json.loads(content, object_pairs_hook=_distinct, parse_constant=_refuse)


def content_fault(fields: dict[str, Any]) -> str | None:
    """Return what is wrong with the values of a manifest's fields, or None."""
    fault = _value_fault(fields, 0)
    if fault is not None:
        return fault
    try:
        _CHECK.validate_python(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        return f"{shown(where, 100)}: {first['msg']}; got {seen(first['input'])}"
    return None


def _value_fault(value: Any, depth: int) -> str | None:
    if depth > MAX_DEPTH:
        return f"values are nested more than {MAX_DEPTH} deep"
    if isinstance(value, str):
        return None if _encodable(value) else f"a text holds a lone surrogate: {shown(value)}"
    if isinstance(value, int | float):
        return None if abs(value) <= MAX_NUMBER else f"a number is larger than {MAX_NUMBER:g}"
    inside: Iterable[Any] = ()
    if isinstance(value, dict):
        inside = (*value.keys(), *value.values())
    elif isinstance(value, list):
        inside = value
    return next((fault for item in inside if (fault := _value_fault(item, depth + 1))), None)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {shown(key)} comes twice")
        found[key] = value
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")
