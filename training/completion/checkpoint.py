"""The checkpoint of a completion encoder's training, from which a stopped training is resumed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from models.atomic_write import write_atomically
from models.errors import TrainingError
from training.completion.mixing import Mixing
from training.completion.recipe import CompletionRecipe
from training.completion.trainer import SaveState, State
from training.corpus import TagCorpus
from training.fitting.run import CHECKPOINT, Run

FORMAT = 2
"""Raised whenever the fields of `Checkpoint` change."""


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training.

    Attributes
    ----------
    linear
        (l2, dropout) chosen for the linear term.
    validation_towers
        State of the validation towers, which are trained without the validation documents.
    final_towers
        State of the final towers, which are trained on all documents once the validation towers are done.
    validated
        The mix chosen on the validation documents and the quality measured there, once the validation towers
        are done.
    """

    linear: tuple[float, float]
    validation_towers: State | None = None
    final_towers: State | None = None
    validated: tuple[Mixing, dict[str, Any]] | None = None

    def save_validation_towers(self, checkpoints: Checkpoints) -> SaveState:
        """Return a function that saves this checkpoint with another state of the validation towers."""
        return lambda state: checkpoints.save(replace(self, validation_towers=state))

    def save_final_towers(self, checkpoints: Checkpoints) -> SaveState:
        """Return a function that saves this checkpoint with another state of the final towers."""
        return lambda state: checkpoints.save(replace(self, final_towers=state))


class Checkpoints:
    """Reads and writes the checkpoint in a run's folder; a run without a folder has none.

    Parameters
    ----------
    run
        Gives the folder and whether to resume from the checkpoint in it.
    corpus, recipe, seed
        What is trained; a checkpoint of another corpus, recipe or seed is refused.
    """

    def __init__(self, run: Run, corpus: TagCorpus, recipe: CompletionRecipe, seed: int) -> None:
        self._folder, self._resume = run.folder, run.resume
        trained = [FORMAT, corpus.fingerprint, recipe.model_dump(mode="json"), seed]
        self._trained = hashlib.sha256(json.dumps(trained, sort_keys=True).encode()).hexdigest()

    def load(self) -> Checkpoint | None:
        """Return the checkpoint, if there is one and the run resumes from it; else None.

        Raises
        ------
        TrainingError
            If the checkpoint is of another corpus, recipe or seed, or of another version of Tagprime.
        """
        path = self._path()
        if path is None or not self._resume or not path.is_file():
            return None
        content = torch.load(path, weights_only=True)
        if content.pop("trained", None) != self._trained:
            raise TrainingError(
                f"the checkpoint in {self._folder} is of another corpus, recipe or seed, "
                f"or of another version of Tagprime; remove it, or do not resume"
            )
        return Checkpoint(**content)

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the checkpoint; if the process is killed while writing, the previous one stays whole."""
        path = self._path()
        if path is None:
            return
        content = {"trained": self._trained, **vars(checkpoint)}
        write_atomically(path, lambda partial: torch.save(content, partial))

    def _path(self) -> Path | None:
        return None if self._folder is None else self._folder / CHECKPOINT
