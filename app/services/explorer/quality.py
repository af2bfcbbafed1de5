"""The bundle's own measurements as tables: what it scored, beside what simpler methods scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.manifest import Manifest


@dataclass(frozen=True)
class Cell:
    """One figure; `beats` where a method other than the model itself is above it."""

    value: float
    beats: bool


@dataclass(frozen=True)
class Table:
    """One protocol's figures.

    Attributes
    ----------
    facts
        What else was written down of the measurement, e.g. how many queries it had.
    rows
        The method's name, whether it is the model itself, and its figures in the order of `metrics`.
    """

    name: str
    facts: dict[str, str]
    metrics: list[str]
    rows: list[tuple[str, bool, list[Cell | None]]]

    @property
    def beaten_by(self) -> list[str]:
        """Methods that are above the model in some figure."""
        return [name for name, _, cells in self.rows if any(cell and cell.beats for cell in cells)]


def tables(manifest: Manifest) -> list[Table]:
    """Return the tables that a manifest's ``quality`` holds, one a protocol."""
    recipe = manifest.training.get("recipe")
    names = {manifest.encoder["kind"], manifest.name}
    if isinstance(recipe, Mapping):
        names.add(recipe.get("name"))
    found = []
    for name, measured in manifest.quality.items():
        if isinstance(measured, Mapping) and isinstance(measured.get("methods"), Mapping):
            found.append(_table(name, measured, names))
    return found


def _table(name: str, measured: Mapping[str, Any], own: set[Any]) -> Table:
    methods = {method: _figures(figures) for method, figures in measured["methods"].items()}
    metrics = list(dict.fromkeys(metric for figures in methods.values() for metric in figures))
    model = next((method for method in methods if method in own), None)
    bar = methods[model] if model else {}
    rows = []
    for method, figures in methods.items():
        cells = [
            Cell(figures[metric], method != model and figures[metric] > bar.get(metric, float("inf")))
            if metric in figures
            else None
            for metric in metrics
        ]
        rows.append((method, method == model, cells))
    facts = {key: str(value) for key, value in measured.items() if isinstance(value, str | int | float)}
    return Table(name, facts, metrics, rows)


def _figures(figures: Any) -> dict[str, float]:
    if not isinstance(figures, Mapping):
        return {}
    return {key: float(value) for key, value in figures.items() if isinstance(value, int | float)}
