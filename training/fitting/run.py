"""Callbacks, stop and checkpoints of a training, for encoders of both families."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CHECKPOINT = "checkpoint.pt"
"""Name of the checkpoint file in a run's folder."""


@dataclass
class Run:
    """Progress callback, stop and checkpoints of the training of a network.

    Attributes
    ----------
    on_step
        Called as ``on_step(phase, step, steps, loss)`` after every step.
    stop
        Called before every step. Once it returns True, training ends with the current weights.
    folder
        Folder of the checkpoints. Without a folder no checkpoint is written.
    checkpoint_every
        Steps between checkpoints.
    resume
        Whether to continue from the checkpoint in `folder`, if there is one.
    """

    on_step: Callable[[str, int, int, float], None] = lambda phase, step, steps, loss: None
    stop: Callable[[], bool] = lambda: False
    folder: Path | None = None
    checkpoint_every: int = 500
    resume: bool = False


@dataclass(frozen=True)
class Progress:
    """Callbacks of the training of a bundle.

    Attributes
    ----------
    run
        The network's training: its steps, its stop and its checkpoints.
    on_stage
        Called with a line of text when a stage begins.
    on_lda_pass
        Called after each pass of the topic model, with the total number of passes.
    """

    run: Run
    on_stage: Callable[[str], None] = lambda line: None
    on_lda_pass: Callable[[int], None] | None = None
