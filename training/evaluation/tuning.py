"""Grid search of the paper's network (Supplement B) on validation documents.

A fifth of the training documents of one fold are validation documents; the network is trained on the rest.
Test documents are never used. The topic model does not depend on the grid and is fitted once in each process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.atomic_write import write_atomically
from models.errors import EvaluationError
from models.protocols.priming import evaluate_priming
from training.baselines.siamese import Siamese
from training.corpus import TagCorpus
from training.evaluation.parallel import unordered
from training.evaluation.selection import VALIDATION_SHARE, combinations
from training.fitting.held_out import hold_out_documents
from training.siamese.recipe import SiameseRecipe

DIM = 10
"""Width of the embedding, which the paper does not search."""

PAPER_GRID: Mapping[str, Sequence[float]] = {
    "depth": (1, 2, 3, 4),
    "width": (75, 100, 150, 200),
    "sensitivity": (0.5, 1.0, 2.0),
    "alpha": (1000.0, 2000.0),
    "learning_rate": (1e-3, 3e-3),
}
"""Supplement B: hidden layers, neurons per layer, lambda, alpha, and a learning rate found empirically.

As in the supplement, beta is not searched but set to sqrt(dim).
"""


@dataclass(frozen=True)
class Trial:
    """One combination of the grid's values and its metrics on the validation documents.

    Attributes
    ----------
    setting
        Values by name.
    metrics
        By name, in percent.
    """

    setting: Mapping[str, float]
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Search:
    """A grid search: its corpus, recipe and grid.

    Attributes
    ----------
    corpus
        The training documents of one fold.
    recipe
        The recipe whose values the grid changes.
    grid
        Values to try, by name; the names are those of `PAPER_GRID`.
    seed
        Seed of the validation split and of every training.
    m
        Depth of the paper's MAP.
    shorten
        Factor of the steps of every training; with 1 they are the recipe's.
    """

    corpus: TagCorpus
    recipe: SiameseRecipe
    grid: Mapping[str, Sequence[float]]
    seed: int
    m: int
    shorten: float = 1.0

    def settings(self) -> list[dict[str, float]]:
        """Return every combination of the grid's values; EvaluationError for an unknown name."""
        for name in self.grid:
            if name not in PAPER_GRID:
                raise EvaluationError(f"{name!r} cannot be searched; known: {', '.join(PAPER_GRID)}")
        # With depth 1 the only hidden layer is the embedding, and the width of the others has no effect.
        kept, seen = [], set()
        for setting in combinations(self.grid):
            key = json.dumps(setting if setting.get("depth") != 1 else {**setting, "width": None})
            if key not in seen:
                seen.add(key)
                kept.append(setting)
        return kept

    def digest(self, setting: Mapping[str, float]) -> str:
        """Return a hash of everything that determines a trial's result; it names the trial on disk."""
        what = [self.corpus.fingerprint, self.recipe.model_dump(mode="json"), dict(setting)]
        content = json.dumps([*what, self.seed, self.m, self.shorten], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]


def search(
    plan: Search, jobs: int = 1, folder: Path | None = None, done: Callable[[Trial], None] | None = None
) -> list[Trial]:
    """Measure every combination, or load its trial from `folder`; return the best validation MAP first.

    Parameters
    ----------
    plan
        The search.
    jobs
        Number of processes; each trains one network at a time.
    folder
        Folder of the trials; a trial in it is not repeated.
    done
        Called after every trial.
    """
    trials, missing = [], []
    for setting in plan.settings():
        path = None if folder is None else folder / f"{plan.digest(setting)}.json"
        if path is not None and path.exists():
            trials.append(Trial(**json.loads(path.read_text())))
            if done is not None:
                done(trials[-1])
        else:
            missing.append((setting, path))
    calls = [(plan, setting, path) for setting, path in missing]
    for trial in unordered(_try, calls, jobs):
        trials.append(trial)
        if done is not None:
            done(trial)
    metric = f"MAP@{plan.m} (paper)"
    return sorted(trials, key=lambda trial: -trial.metrics[metric])


def _try(plan: Search, setting: Mapping[str, float], path: Path | None) -> Trial:
    training, validation = hold_out_documents(plan.corpus, VALIDATION_SHARE, plan.seed)
    method = Siamese(adapted(plan.recipe, setting), shorten=plan.shorten).fit(training, plan.seed)
    reached = evaluate_priming(method, validation.documents(), plan.m).metrics
    trial = Trial(dict(setting), {name: 100 * value for name, value in reached.items()})
    if path is not None:
        content = json.dumps({"setting": trial.setting, "metrics": trial.metrics})
        write_atomically(path, lambda partial: partial.write_text(content))
    return trial


def adapted(recipe: SiameseRecipe, setting: Mapping[str, float]) -> SiameseRecipe:
    """Return the recipe with the values of `setting`."""
    loss: dict[str, Any] = {name: setting[name] for name in ("sensitivity", "alpha") if name in setting}
    update: dict[str, Any] = {"loss": recipe.loss.model_copy(update={**loss, "beta": DIM**0.5})}
    if "depth" in setting or "width" in setting:
        depth = int(setting.get("depth", len(recipe.network.hidden)))
        width = int(setting.get("width", recipe.network.hidden[0]))
        hidden = (*[width] * (depth - 1), DIM)
        update["network"] = recipe.network.model_copy(update={"hidden": hidden})
    if "learning_rate" in setting:
        rate = {"learning_rate": setting["learning_rate"]}
        update["stage1"] = recipe.stage1.model_copy(update=rate)
        update["stage2"] = recipe.stage2.model_copy(update=rate)
    return recipe.model_copy(update=update)
