"""Loss curves of a training run, as CSV and as an image."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np


def write_losses(folder: Path, losses: Mapping[str, Sequence[float]]) -> None:
    """Write ``losses.csv`` (phase, step, loss) and ``losses.png`` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "losses.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["phase", "step", "loss"])
        for phase, values in losses.items():
            writer.writerows([phase, step, f"{value:.6g}"] for step, value in enumerate(values, start=1))
    _plot(folder / "losses.png", {phase: values for phase, values in losses.items() if values})


def read_losses(folder: Path) -> dict[str, list[float]]:
    """Return the losses that `write_losses` wrote into `folder`, by phase; empty without a file."""
    path = folder / "losses.csv"
    losses: dict[str, list[float]] = {}
    if path.is_file():
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                losses.setdefault(row["phase"], []).append(float(row["loss"]))
    return losses


def _plot(path: Path, losses: Mapping[str, Sequence[float]]) -> None:
    if not losses:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3.2 * len(losses), 3), layout="constrained")
    for axes, (phase, values) in zip(
        np.atleast_1d(figure.subplots(1, len(losses))), losses.items(), strict=True
    ):
        steps = np.arange(1, len(values) + 1)
        axes.plot(steps, values, color="0.75", linewidth=0.5, label="each step")
        window = max(1, len(values) // 50)
        smooth = np.convolve(values, np.ones(window) / window, mode="valid")
        axes.plot(steps[window - 1 :], smooth, color="C0", label=f"mean of {window}")
        axes.set(title=phase, xlabel="step", ylabel="loss")
        axes.legend(fontsize="x-small")
    figure.savefig(path, dpi=120)
