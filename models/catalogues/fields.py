"""Which fields of a record hold what, where a file has its own names for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import fields as fields_of
from typing import Any

from models.errors import CorpusError, shown


@dataclass(frozen=True)
class Fields:
    """The names of a table's columns, or of an object's keys; nested ones by dots: ``track.artist.id``.

    Attributes
    ----------
    id, group, weight
        The document's id, its group, and how much its tags weigh.
    tags
        One field or several.
    delimiter
        What separates the tags in a cell; ``|`` by default.
    long
        Whether each row holds one tag, and rows of one id make one document.
    encoding
        What a table's text is encoded in; UTF-8 by default.
    """

    id: str | None = None
    tags: tuple[str, ...] = ()
    group: str | None = None
    weight: str | None = None
    delimiter: str | None = None
    long: bool = False
    encoding: str | None = None

    def refuse_all_but(self, accepted: frozenset[str], format: str) -> None:
        """Raise CorpusError if one is given that a format does not read."""
        for field in fields_of(self):
            if getattr(self, field.name) != field.default and field.name not in accepted:
                known = ", ".join(sorted(accepted)) or "none"
                raise CorpusError(
                    f"{format} takes no option for the {field.name} of its records; takes {known}"
                )


NO_FIELDS = Fields()


def looked_up(record: dict[str, Any], name: str) -> Any:
    """Return the value of a field: under its whole name, or found by the dots in it; lists by number.

    Raises
    ------
    CorpusError
        If there is none.
    """
    if name in record:
        return record[name]
    value: Any = record
    for part in name.split("."):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise CorpusError(f'"{shown(name)[1:-1]}" is missing; there is {_names(value)}')
    return value


def _names(value: Any) -> str:
    names: Iterator[str] = iter(value) if isinstance(value, dict) else iter(())
    return ", ".join(shown(name, 20) for name, _ in zip(names, range(10), strict=False)) or "nothing"
