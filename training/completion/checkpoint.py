"""What a stopped training of a completion encoder leaves behind, so that it can be taken up again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from models.errors import TrainingError
from training.completion.mixing import Mixing
from training.completion.recipe import CompletionRecipe
from training.completion.trainer import Keep, State
from training.corpus import TagCorpus
from training.fitting.run import CHECKPOINT, Run


@dataclass(frozen=True)
class Checkpoint:
    """Where a training stands.

    Attributes
    ----------
    linear
        (l2, dropout) chosen for the linear term.
    probe
        State of the towers that are trained without the validation documents.
    towers
        State of the towers that are trained on all documents, once the others are done.
    validated
        Mix with the linear term and quality, as validation documents said once the first towers were done.
    """

    linear: tuple[float, float]
    probe: State | None = None
    towers: State | None = None
    validated: tuple[Mixing, dict[str, Any]] | None = None

    def keep_probe(self, checkpoints: Checkpoints) -> Keep:
        """Return what saves this with another state of the first towers."""
        return lambda state: checkpoints.save(replace(self, probe=state))

    def keep_towers(self, checkpoints: Checkpoints) -> Keep:
        """Return what saves this with another state of the second towers."""
        return lambda state: checkpoints.save(replace(self, towers=state))


class Checkpoints:
    """The checkpoint in a run's folder; nothing is kept without a folder.

    Parameters
    ----------
    run
        Names the folder, and says whether to go on from what is there.
    corpus, recipe, seed
        What is trained; a checkpoint of anything else is refused.
    """

    def __init__(self, run: Run, corpus: TagCorpus, recipe: CompletionRecipe, seed: int) -> None:
        self._folder, self._resume = run.folder, run.resume
        trained = [corpus.fingerprint, recipe.model_dump(mode="json"), seed]
        self._of = hashlib.sha256(json.dumps(trained, sort_keys=True).encode()).hexdigest()

    def load(self) -> Checkpoint | None:
        """Return what is there, if the run is to go on from it.

        Raises
        ------
        TrainingError
            If it is of another corpus, recipe or seed.
        """
        path = self._path()
        if path is None or not self._resume or not path.is_file():
            return None
        content = torch.load(path, weights_only=True)
        if content.pop("of", None) != self._of:
            raise TrainingError(
                f"the checkpoint in {self._folder} is of another corpus, recipe or seed; "
                f"remove it, or do not resume"
            )
        return Checkpoint(**content)

    def save(self, checkpoint: Checkpoint) -> None:
        """Write it; a kill in the middle of the write leaves the last whole one."""
        path = self._path()
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        torch.save({"of": self._of, **vars(checkpoint)}, partial)
        partial.replace(path)

    def _path(self) -> Path | None:
        return None if self._folder is None else self._folder / CHECKPOINT
