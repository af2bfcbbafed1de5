"""The paper's figures: tag frequency, precision-recall, embeddings in two dimensions, learning curves.

Every function takes data and returns SVG text; nothing is fitted here but projections (t-SNE).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from models.metrics import RECALL_LEVELS
from models.types import BoolArray, FloatArray, IndexArray
from training.reports import style
from training.reports.paper import title


def tag_frequency(document_frequency: IndexArray, n_documents: int, name: str) -> str:
    """Figure 2: in how many documents each tag is, most used first."""
    with style.paper_style():
        figure = Figure(figsize=(6.2, 2.6))
        axes = figure.subplots()
        ordered = np.sort(document_frequency)[::-1]
        axes.fill_between(np.arange(1, len(ordered) + 1), ordered, step="mid", color=style.SKY, linewidth=0)
        axes.step(np.arange(1, len(ordered) + 1), ordered, where="mid", color=style.BLUE, linewidth=1)
        axes.set_xlim(1, len(ordered))
        axes.set_ylim(0)
        axes.set_xlabel("tags, most used first")
        axes.set_ylabel("documents")
        axes.set_title(f"{name}: {n_documents:,} documents, {len(ordered):,} tags", loc="left")
        return style.to_svg(figure)


def precision_recall(curves: Mapping[str, Mapping[str, Sequence[float]]], name: str) -> str:
    """Figures 4 and 5: interpolated precision at 11 recall levels, by part and method.

    `curves` holds, by part (``train``, ``test``), each method's 11 precisions (fractions).
    """
    with style.paper_style():
        figure = Figure(figsize=(7.6, 3.6))
        panels = figure.subplots(1, 2, sharey=True)
        order = list(dict.fromkeys(method for part in curves.values() for method in part))
        looks = _looks(order)
        for axes, part in zip(panels, ("train", "test"), strict=True):
            for method, precision in curves.get(part, {}).items():
                axes.plot(RECALL_LEVELS, 100 * np.asarray(precision), markersize=3.2, **looks[method])
            axes.set_xlabel("recall")
            axes.set_xlim(0, 1)
            axes.set_ylim(0, 101)
            axes.set_xticks(RECALL_LEVELS[::2])
            axes.grid(color="#e4e4e4", linewidth=0.6)
            axes.set_title(
                f"({'a' if part == 'train' else 'b'}) {name}, {_PARTS[part]} documents", loc="left"
            )
        panels[0].set_ylabel("precision (%)")
        handles = [Line2D([], [], label=title(method), markersize=3.2, **looks[method]) for method in order]
        figure.legend(handles=handles, loc="center left", bbox_to_anchor=(0.92, 0.5), handlelength=2.8)
        return style.to_svg(figure)


_PARTS = {"train": "training", "test": "test"}


# What the figure is about stands out; the others keep to thin lines of their own.
_EMPHASIS: dict[str, dict[str, Any]] = {
    "siamese-lit": {"color": style.RED, "marker": "o", "linestyle": "-", "linewidth": 2.4},
    "siamese-ext": {"color": style.BLUE, "marker": "s", "linestyle": "-", "linewidth": 2.4},
    "popularity": {"color": style.BLACK, "marker": "^", "linestyle": "--", "linewidth": 1.6},
    "cooccurrence": {"color": style.BLACK, "marker": "D", "linestyle": ":", "linewidth": 1.6},
}


def _looks(methods: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return colour, marker and dashes of each method; no two of the first 15 look the same."""
    others = [method for method in methods if method not in _EMPHASIS]
    colours = (style.GREEN, style.PINK, style.ORANGE, style.SKY, style.GREY)
    plain = {
        method: {
            "color": colours[position % 5],
            "marker": style.MARKERS[position % 7],
            "linestyle": ("-", "--", ":")[position // 5 % 3],
            "linewidth": 1.0,
        }
        for position, method in enumerate(others)
    }
    return {method: _EMPHASIS.get(method) or plain[method] for method in methods}


@dataclass(frozen=True)
class Cluster:
    """Instances of one tag that lie together, and the tags that mark their documents."""

    rows: IndexArray
    label: str


def tag_instances(points: FloatArray, clusters: Sequence[Cluster], tag: str) -> str:
    """Figure 3a: every instance of a tag, by cluster, in two dimensions."""
    with style.paper_style():
        figure = Figure(figsize=(4.6, 3.9))
        axes = figure.subplots()
        for position, cluster in enumerate(clusters):
            _scatter(axes, points[cluster.rows], position, cluster.label, size=16)
        _bare(axes, f"{len(points)} instances of {tag}")
        axes.legend(
            loc="upper left", bbox_to_anchor=(0, -0.08), title="documents marked by", alignment="left"
        )
        return style.to_svg(figure)


def tag_in_documents(
    instances: FloatArray, documents: Sequence[FloatArray], tag: str, names: Sequence[str]
) -> str:
    """Figure 3b: the other tags of some documents, a name each, over the shaded instances of one tag."""
    with style.paper_style():
        figure = Figure(figsize=(6.4, 4.6))
        axes = figure.subplots()
        axes.scatter(
            instances[:, 0], instances[:, 1], s=14, color="#d5d5d5", linewidths=0, label=f"instances of {tag}"
        )
        for position, (points, name) in enumerate(zip(documents, names, strict=True)):
            _scatter(axes, points, position, name, size=26)
        _bare(axes, f"tags of {len(documents)} documents that hold {tag}")
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.05), ncols=1)
        return style.to_svg(figure)


def one_context(spaces: Mapping[str, FloatArray], related: BoolArray, document: str) -> str:
    """Figure D.1: all tags in one document's context, under each embedding; related tags are circles."""
    with style.paper_style():
        n_columns = 4
        n_rows = -(-(len(spaces) + 1) // n_columns)  # one panel more than spaces: the legend's
        figure = Figure(figsize=(7.8, 2.05 * n_rows + 0.3), layout="constrained")
        panels = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
        for axes, (name, points) in zip(panels, spaces.items(), strict=False):
            axes.scatter(
                points[~related, 0],
                points[~related, 1],
                s=14,
                marker="x",
                color=style.GREY,
                linewidths=0.7,
                label="other tags",
            )
            axes.scatter(
                points[related, 0], points[related, 1], s=20, color=style.RED, edgecolors="black",
                linewidths=0.5, label="the document's tags",
            )  # fmt: skip
            _bare(axes, name)
        for axes in panels[len(spaces) :]:
            axes.set_axis_off()
        panels[-1].legend(*panels[0].get_legend_handles_labels(), loc="center")
        figure.suptitle(f"All tags in the context of {document}", fontsize=9.5)
        return style.to_svg(figure)


def learning_curves(losses: Mapping[str, Sequence[float]]) -> str:
    """Loss of every step of every phase, with its running mean."""
    with style.paper_style():
        figure = Figure(figsize=(7.6, 2.5 * -(-len(losses) // 3)), layout="constrained")
        panels = figure.subplots(-(-len(losses) // 3), 3, squeeze=False).ravel()
        for axes, (phase, values) in zip(panels, losses.items(), strict=False):
            steps = np.arange(1, len(values) + 1)
            window = max(1, len(values) // 50)
            smooth = np.convolve(values, np.ones(window) / window, mode="valid")
            axes.plot(steps, values, color=style.SKY, linewidth=0.5)
            axes.plot(steps[window - 1 :], smooth, color=style.BLUE)
            # The first steps of a stage tower over the rest; the axis shows the rest.
            low, high = np.percentile(values, [0.5, 99])
            axes.set_ylim(low - 0.1 * (high - low), high + 0.15 * (high - low))
            axes.set_title(phase, loc="left")
            axes.set_xlabel("step")
        for axes in panels[::3]:
            axes.set_ylabel("loss")
        for axes in panels[len(losses) :]:
            axes.set_axis_off()
        return style.to_svg(figure)


def _scatter(axes: Axes, points: FloatArray, position: int, label: str, size: float) -> None:
    look: dict[str, Any] = {"color": style.CYCLE[position % 7], "marker": style.MARKERS[position % 7]}
    axes.scatter(points[:, 0], points[:, 1], s=size, edgecolors="white", linewidths=0.4, label=label, **look)


def _bare(axes: Axes, heading: str) -> None:
    """Frame a projection: its axes have no unit, so they have no ticks."""
    axes.set_title(heading, loc="left")
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(True)
        side.set_color("#bbbbbb")
