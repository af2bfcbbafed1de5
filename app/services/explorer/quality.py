"""A bundle's own measurements as tables, beside those of simpler methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from models.manifest import Manifest
from models.metrics import RECALL_LEVELS

N_LEVELS = len(RECALL_LEVELS)

SIMPLER = {
    "edlae": "a linear model from tag to tag",
    "cooccurrence": "which counts the documents that hold both tags",
    "popularity": "the same list for every query",
}


@dataclass(frozen=True)
class MethodFigure:
    """One figure of a method; `beats` if the method is a baseline whose figure is above the model's."""

    value: float
    beats: bool


@dataclass(frozen=True)
class Curves:
    """Interpolated precision at recall 0, 0.1, ..., 1.

    Attributes
    ----------
    methods
        Name of each method, and whether it is the model itself.
    rows
        Recall levels, each with the precision of every method there, as a fraction.
    """

    methods: list[tuple[str, bool]]
    rows: list[tuple[str, list[float]]]

    @classmethod
    def of(cls, curves: Mapping[str, Sequence[float]], own: str | None) -> Self:
        """Return the curves of some methods as a table."""
        points = zip(*curves.values(), strict=True)
        rows = [(f"{level / (N_LEVELS - 1):.1f}", list(point)) for level, point in enumerate(points)]
        return cls([(name, name == own) for name in curves], rows)


@dataclass(frozen=True)
class Table:
    """One protocol's figures.

    Attributes
    ----------
    facts
        Other facts about the measurement, such as the number of its queries.
    rows
        The method's name, whether it is the model itself, and its figures in the order of `metrics`.
    curves
        Precision against recall; None for a bundle made before curves were kept.
    """

    name: str
    facts: dict[str, str]
    metrics: list[str]
    rows: list[tuple[str, bool, list[MethodFigure | None]]]
    curves: Curves | None = None

    @property
    def explained(self) -> list[tuple[str, str]]:
        """Descriptions of the baselines that have one in `SIMPLER`."""
        return [(name, SIMPLER[name]) for name, own, _ in self.rows if not own and name in SIMPLER]

    @property
    def beaten_by(self) -> list[tuple[str, list[str]]]:
        """Methods with figures above the model's, each with the metrics in which it is above."""
        found = []
        for name, _, cells in self.rows:
            above = [metric for metric, cell in zip(self.metrics, cells, strict=True) if cell and cell.beats]
            if above:
                found.append((name, above))
        return found


def tables(manifest: Manifest) -> list[Table]:
    """Return the tables that a manifest's ``quality`` holds, one for each protocol."""
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
            MethodFigure(figures[metric], method != model and figures[metric] > bar.get(metric, float("inf")))
            if metric in figures
            else None
            for metric in metrics
        ]
        rows.append((method, method == model, cells))
    facts = {key: str(value) for key, value in measured.items() if isinstance(value, str | int | float)}
    return Table(name, facts, metrics, rows, _curves(measured.get("curves"), model))


def _curves(found: Any, model: str | None) -> Curves | None:
    """Return a manifest's curves; values of another form are left out, as in `_figures`."""
    if not isinstance(found, Mapping):
        return None
    sound = {
        name: curve
        for name, curve in found.items()
        if isinstance(curve, list)
        and len(curve) == N_LEVELS
        and all(isinstance(point, int | float) for point in curve)
    }
    return Curves.of(sound, model) if sound else None


def _figures(figures: Any) -> dict[str, float]:
    if not isinstance(figures, Mapping):
        return {}
    return {key: float(value) for key, value in figures.items() if isinstance(value, int | float)}
