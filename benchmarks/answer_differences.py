"""Where the answers of two services, or the figures of two evaluations, differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

BY_TAG = ("results", "results.explanation.context")
"""Lists whose items are matched by tag; the order of results is compared on its own."""
ABSENT = "absent"

Answer = tuple[int, Any]
"""HTTP status and body."""


@dataclass
class Row:
    """What was compared of one kind of value."""

    n_values: int = 0
    largest: float = 0.0
    differing: list[str] = field(default_factory=list)

    def add(self, difference: float, tolerance: float, where: str) -> None:
        self.n_values += 1
        self.largest = max(self.largest, difference)
        if difference > tolerance:
            self.differing.append(where)


@dataclass
class Comparison:
    """A row for each kind of value, and the fields that only the second side has."""

    rows: dict[str, Row] = field(default_factory=dict)
    gained: set[str] = field(default_factory=set)

    @property
    def equal(self) -> bool:
        return not any(row.differing for row in self.rows.values())

    def __str__(self) -> str:
        """Return the rows as a table, each with the first three places that differ."""
        lines = []
        for what, row in self.rows.items():
            equal = f"no, {len(row.differing)} differ" if row.differing else "yes"
            lines.append(f"{what:<40} {row.n_values:>8} {row.largest:>20.3g}  {equal}")
            lines += [f"    {where}" for where in row.differing[:3]]
        lines += [f"new on the second side, not compared: {name}" for name in sorted(self.gained)]
        return "\n".join(lines)


def compare_answers(before: Sequence[Answer], after: Sequence[Answer], tolerance: float) -> Comparison:
    """Compare the answers to the same queries.

    Where two tags have changed places, their difference is that of their scores on the first side: tags
    that are tied within the tolerance may stand in any order.
    """
    found = Comparison({"order of results": Row()})
    olds, news = [_comparable(answer) for answer in before], [_comparable(answer) for answer in after]
    for number, (old, new) in enumerate(zip(olds, news, strict=True)):
        for difference, where in _displacements(old.get("results", []), new.get("results", [])):
            found.rows["order of results"].add(difference, tolerance, f"query {number}, {where}")
    for number, name, difference, where in _differences(olds, news, found.gained):
        first, *rest = name.split(".")
        what = f"{first}.{rest[0]}" if rest and first == "results" else first
        found.rows.setdefault(what, Row()).add(difference, tolerance, f"query {number}, {where}")
    return found


def compare_figures(before: dict[str, Any], after: dict[str, Any], tolerance: float) -> Comparison:
    """Compare the values of every fold, by evaluation and then by metric."""
    found = Comparison({what: Row() for what in before})
    for _, name, difference, where in _differences([before], [after], found.gained):
        found.rows[name.partition(".")[0]].add(difference, tolerance, where)
    return found


def _comparable(answer: Answer) -> dict[str, Any]:
    """Return what must stay of an answer: not which model gave it, nor sentences for people."""
    status, body = answer
    if status != 200:
        return {"status": status, "code": body.get("code")}
    results = [{key: one[key] for key in one if key != "rank"} for one in body["results"]]
    kept = {key: body[key] for key in body if key not in ("model", "reason")}
    return {"status": status, **kept, "results": results, "has_reason": "reason" in body}


def _displacements(before: list[Any], after: list[Any]) -> Iterator[tuple[float, str]]:
    """Yield for each rank how far apart the scores of its two tags are on the first side."""
    scores = {result["tag"]: result["score"] for result in before}
    for rank, (old, new) in enumerate(zip(before, after, strict=False), start=1):
        score = scores.get(new["tag"], math.inf)
        yield abs(score - old["score"]), f"rank {rank}: {old['tag']} -> {new['tag']}"


def _differences(
    before: Sequence[Any], after: Sequence[Any], gained: set[str]
) -> Iterator[tuple[int, str, float, str]]:
    """Yield number, field, difference and place of each value; fields new to the second side go to `gained`.

    A field is new if no item of the first side has it. A value that one side lacks else is a difference.
    """
    known = {name for item in before for name, _ in _leaves(item).values()}
    for number, (old_item, new_item) in enumerate(zip(before, after, strict=True)):
        olds, news = _leaves(old_item), _leaves(new_item)
        for path in olds | news:
            name, old = olds.get(path, (news.get(path, ("",))[0], ABSENT))
            _, new = news.get(path, ("", ABSENT))
            if name in known:
                yield number, name, _difference(old, new), f"{path}: {old} -> {new}"
            else:
                gained.add(name)


def _leaves(value: Any, path: str = "", name: str = "") -> dict[str, tuple[str, object]]:
    """Return field and value of every leaf by its place, and of every list its length."""
    found: dict[str, tuple[str, object]] = {}
    if isinstance(value, dict):
        for key, inner in value.items():
            if not (key == "tag" and name in BY_TAG):
                found |= _leaves(inner, f"{path}/{key}", f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        found[f"{path}/length"] = (name, len(value))
        for position, inner in enumerate(value):
            found |= _leaves(inner, f"{path}/{inner['tag'] if name in BY_TAG else position}", name)
    else:
        found[path] = (name, value)
    return found


def _difference(before: object, after: object) -> float:
    """Return how far two values are apart: infinity if they differ and are not both finite numbers."""
    if before == after or (before != before and after != after):  # NaN equals NaN here
        return 0.0
    numbers = [value for value in (before, after) if type(value) in (int, float)]
    apart = abs(numbers[0] - numbers[1]) if len(numbers) == 2 else math.inf
    return apart if math.isfinite(apart) else math.inf
