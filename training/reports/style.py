"""How figures look: legible in print, colour-blind safe, labelled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

# Okabe and Ito's palette, which stays apart under every common colour blindness.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PINK = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)  # fmt: skip
CYCLE = (BLUE, RED, GREEN, PINK, ORANGE, SKY, BLACK)
GREY = "#8a8a8a"
MARKERS = "osD^vPX"


@contextmanager
def paper_style() -> Iterator[None]:
    """Set fonts, sizes and lines for a figure that is printed a column or two wide."""
    settings: Any = {
        "font.family": "sans-serif",
        "font.size": 9,
        "axes.labelsize": 9,
        "axes.titlesize": 9.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.7,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "legend.fontsize": 8,
        "legend.frameon": False,
        "lines.linewidth": 1.4,
        "svg.fonttype": "path",
        "svg.hashsalt": "tagprime",
    }
    with mpl.rc_context(settings):
        yield


def to_svg(figure: Figure) -> str:
    """Return a figure as SVG text without dates, so that the same data give the same file."""
    buffer = StringIO()
    figure.savefig(buffer, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()
