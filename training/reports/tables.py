"""Our figures beside the paper's, table by table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from training.reports.paper import Part, Printed, printed, title

BAND_STD, BAND_POINTS = 2.0, 1.5
"""A figure reproduces within 2 standard deviations of the paper's and 1.5 points more."""

FOUR = ("P@1", "P@2", "P@5", "P@10")
FIVE = (*FOUR, "MAP")

PAPER_METHODS = (
    "random", "cbow", "sg", "lsa", "lda", "plsa", "pca", "rbm", "infoth", "crbm", "single-lit", "siamese-lit",
)  # fmt: skip
LEFT_OUT = ("echo", "popularity", "cooccurrence")
BEYOND = ("siamese-ext", "infoth-search")
PREDICTIONS = ("single-prediction", "single-lit", "siamese-prediction", "siamese-lit")
LANGUAGE = (
    "random",
    *(f"{a}-{o}-{w}" for o in ("random", "pseudo") for a in ("cbow", "sg") for w in (1, 2, 3, 4)),
    "pca",
)
OOV_METHODS = (
    "random", "echo", "popularity", "cooccurrence", "pca-fixed", "single-lit", "siamese-lit", "siamese-ext",
)  # fmt: skip


@dataclass(frozen=True)
class Figure:
    """One cell: our mean and standard deviation beside the paper's; percent.

    `comparable` is True if both are measured on the same collection; otherwise there is no verdict.
    """

    metric: str
    mean: float
    std: float | None
    folds: list[float]
    paper: Printed | None
    comparable: bool = True

    @property
    def difference(self) -> float | None:
        """Ours less the paper's, in points."""
        return None if self.paper is None or not self.comparable else self.mean - self.paper.mean

    @property
    def verdict(self) -> str:
        """``within`` the band around the paper's figure, ``above`` or ``below`` it, or ``""``."""
        if self.paper is None or self.difference is None:
            return ""
        band = BAND_STD * self.paper.std + BAND_POINTS
        if abs(self.difference) <= band:
            return "within"
        return "above" if self.difference > 0 else "below"


@dataclass(frozen=True)
class Row:
    """One method in one part (training or test documents) of a table; no figures where it is N/A."""

    method: str
    title: str
    part: Part
    group: str
    figures: list[Figure]


@dataclass(frozen=True)
class Table:
    """A table of the paper, redone.

    Attributes
    ----------
    number
        As in the paper, e.g. ``1`` or ``C.2``.
    caption
        What it shows.
    metrics
        Its columns, by their short names.
    rows
        Test and training rows.
    """

    number: str
    caption: str
    metrics: Sequence[str]
    rows: list[Row] = field(default_factory=list)

    def part(self, part: Part) -> list[Row]:
        """Return the rows of one part."""
        return [row for row in self.rows if row.part == part]


def priming_table(
    number: str,
    caption: str,
    result: Mapping[str, Any],
    groups: Mapping[str, Sequence[str]],
    metrics: Sequence[str] = FIVE,
    comparable: bool = True,
) -> Table:
    """Lay out methods by group, where `result` is a summary of the priming protocol that holds them."""
    table = Table(number, caption, metrics)
    parts: tuple[tuple[Part, str], ...] = (("test", ""), ("train", "train "))
    for part, prefix in parts:
        for group, methods in groups.items():
            for method in methods:
                if (found := result["methods"].get(method)) is not None:
                    figures = _figures(number, method, part, found, prefix, metrics, comparable)
                    table.rows.append(Row(method, title(method), part, group, figures))
    return table


def oov_table(result: Mapping[str, Any], comparable: bool = True) -> Table:
    """Lay out Table 3: both rules of every method."""
    table = Table("3", "Out-of-vocabulary priming (%), nearest and furthest rule", FOUR)
    for rule in ("nearest", "furthest"):
        for method, found in result["methods"].items():
            # The paper ranks its own model's tags by the furthest rule, the others' by the nearest.
            own = rule == ("furthest" if method in ("single-lit", "siamese-lit") else "nearest")
            figures = _figures("3" if own else "", method, "test", found, f"{rule} ", FOUR, comparable)
            table.rows.append(Row(method, title(method), "test", f"{rule} tags first", figures))
    return table


def _figures(
    number: str,
    method: str,
    part: Part,
    found: Mapping[str, Any],
    prefix: str,
    metrics: Sequence[str],
    comparable: bool,
) -> list[Figure]:
    """Return a row's figures; none where a metric was not measured (C-RBM on test)."""
    figures: list[Figure] = []
    for metric in metrics:
        name = next((name for name in found if _is(name, prefix, metric)), None)
        if name is None:
            return []
        paper = printed().get((number, method.removesuffix("-fixed"), part, metric))
        value = found[name]
        figures.append(Figure(metric, value["mean"], value["std"], value["folds"], paper, comparable))
    return figures


def _is(name: str, prefix: str, metric: str) -> bool:
    wanted = f"{prefix}{metric}"
    return name == wanted or (metric == "MAP" and name.startswith(f"{wanted}@") and name.endswith("(paper)"))


def flat(tables: Sequence[Table]) -> Iterator[dict[str, Any]]:
    """Yield every figure of every table as a flat record, for CSV."""
    for table in tables:
        for row in table.rows:
            for figure in row.figures:
                yield {
                    "table": table.number,
                    "group": row.group,
                    "method": row.method,
                    "part": row.part,
                    "metric": figure.metric,
                    "mean": figure.mean,
                    "std": figure.std,
                    "paper_mean": figure.paper and figure.paper.mean,
                    "paper_std": figure.paper and figure.paper.std,
                    "difference": figure.difference,
                    "verdict": figure.verdict,
                }
