"""Choose a method's options on validation documents taken from the training documents."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from models.encoders.contract import Tag
from models.protocols.priming import evaluate_priming
from models.types import Float32Array, IndexArray
from training.baselines.method import Method
from training.corpus import TagCorpus
from training.fitting.held_out import hold_out_documents

VALIDATION_SHARE = 0.2


def combinations(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return every combination of a grid's values, the last name changing fastest."""
    return [dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())]


class Selected(Method):
    """A method with the options of a grid that reach the best average precision on validation documents.

    The paper reports, for each method, "only those of the highest accuracy" of all settings, and does not
    state on which documents the accuracy was measured. Here the options are chosen on a fifth of the training
    documents, and the method is then fitted on all of them.

    Parameters
    ----------
    factory
        ``module:class`` of the method.
    grid
        Values of its keyword arguments.
    """

    name: ClassVar[str] = "selected"

    def __init__(self, factory: str, grid: Mapping[str, Sequence[Any]]) -> None:
        module, _, attribute = factory.partition(":")
        self._make: Any = getattr(importlib.import_module(module), attribute)
        self.grid = grid
        self.name = self._make.name  # type: ignore[misc]
        self.self_first = self._make.self_first  # type: ignore[misc]
        self.contextual = self._make.contextual  # type: ignore[misc]

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Measure all options of the grid on validation documents, then fit the best on all documents."""
        fitted_on, validation = hold_out_documents(corpus, VALIDATION_SHARE, seed)
        documents = validation.documents()
        candidates = combinations(self.grid)
        reached = []
        for options in candidates:
            method: Method = self._make(**options).fit(fitted_on, seed)
            reached.append(evaluate_priming(method, documents, self_first=method.self_first).metrics["AP"])
        self.chosen = candidates[int(np.argmax(reached))]
        self.notes = {"settings": ", ".join(f"{name} {value}" for name, value in self.chosen.items())}
        self.method: Method = self._make(**self.chosen).fit(corpus, seed)
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Return the chosen method's scores; see `Method.score`."""
        return self.method.score(queries, contexts)
