"""The shapes in which tags and their weights stand in JSON, and in a table's cell.

Names alone: ``["rock", "pop"]``. With weights: ``["rock", {"name": "pop", "count": 5}]``,
``[["rock", "100"], ["pop", 40]]`` or ``{"rock": 5, "pop": 1}``. In an object the name goes by ``name`` or
``tag``, the weight by ``weight``, ``count``, ``value`` or ``score``: one thing, however it is called.
"""

from __future__ import annotations

import ast
import json
import math
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from models.catalogues.records import WrittenTag
from models.errors import CorpusError, shown

NAME_KEYS = ("name", "tag")
WEIGHT_KEYS = ("weight", "count", "value", "score")


def written_tags(value: Any, field: str = "tags", weight_key: str | None = None) -> Iterator[WrittenTag]:
    """Yield the tags that a JSON value holds.

    Parameters
    ----------
    value
        One of the shapes above; None holds no tag.
    field
        What the value is called, for errors and for the tags.
    weight_key
        The key of an object's weight, besides `WEIGHT_KEYS`.

    Raises
    ------
    CorpusError
        If it has another shape, or a weight is not a finite number; says which tag.
    """
    keys = WEIGHT_KEYS if weight_key is None else (weight_key, *WEIGHT_KEYS)
    if value is None:
        return
    if isinstance(value, dict):
        for text, weight in value.items():
            yield WrittenTag(text, stated_weight(weight, text), field)
    elif isinstance(value, list):
        for place, element in enumerate(value, start=1):
            yield written_tag(element, f"{field}, tag {place}", field, keys)
    else:
        raise CorpusError(
            f'"{field}" must be a list of tags, or an object of tags with weights; got {_seen(value)}'
        )


def written_tag(
    element: Any, where: str = "a tag", field: str = "tags", weight_keys: Sequence[str] = WEIGHT_KEYS
) -> WrittenTag:
    """Return the tag that one element of a list holds, with what weight is stated.

    Raises
    ------
    CorpusError
        If it has another shape, or the weight is not a finite number.
    """
    if isinstance(element, str):
        return WrittenTag(element, None, field)
    text, weight = None, None
    if isinstance(element, dict):
        text = next((element[key] for key in NAME_KEYS if key in element), None)
        weight = next((element[key] for key in weight_keys if key in element), None)
    elif isinstance(element, list | tuple) and len(element) == 2:
        text, weight = element
    if not isinstance(text, str):
        raise CorpusError(
            f'{where} must be text, {{"name", "weight"}} or [name, weight]; got {_seen(element)}'
        )
    return WrittenTag(text, stated_weight(weight, text), field)


def stated_weight(value: Any, tag: str) -> float | None:
    """Return a weight as a file states it, a number or text of one; None for nothing.

    Raises
    ------
    CorpusError
        If it is no finite number; names the tag.
    """
    if value is None or value == "":
        return None
    weight = math.nan
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            weight = float(value)
        except (ValueError, OverflowError):
            weight = math.nan
    if not math.isfinite(weight):
        raise CorpusError(f"the weight of {shown(tag)} must be a finite number; got {_seen(value)}")
    return weight


def cell_value(cell: str) -> Any | None:
    """Return the list or object of tags that a cell holds as JSON, or as Python prints it; else None."""
    text = cell.strip()
    if text[:1] + text[-1:] not in ("[]", "{}"):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's parser warns of odd escapes; here they are no code
        for parse in (json.loads, ast.literal_eval):
            try:
                value = parse(text)
                list(written_tags(value))
            except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError, CorpusError):
                continue
            return value
    return None


def _seen(value: Any) -> str:
    try:
        return shown(json.dumps(value, ensure_ascii=False))
    except (ValueError, RecursionError):
        return shown(str(type(value).__name__))
