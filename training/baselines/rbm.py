"""RBM: the activation of all tags when the query tag is clamped on (Hinton, 2010; Supplement D.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np

from models.encoders.contract import Tag
from models.errors import EvaluationError
from models.types import Float32Array, IndexArray
from training.baselines.boltzmann import BoltzmannMachine, BoltzmannSettings
from training.baselines.method import Method
from training.corpus import TagCorpus

N_CHAINS, N_STEPS, BURN_IN = 20, 60, 20


class Rbm(Method):
    """Scores a tag by its mean activation over Gibbs chains with the query clamped on.

    The query tag is scored by its own activation and need not rank first: the paper's RBM rows are below
    100 % at P@1.

    Parameters
    ----------
    settings
        Options of the training.
    """

    name: ClassVar[str] = "rbm"
    self_first: ClassVar[bool] = False

    def __init__(self, settings: BoltzmannSettings | None = None) -> None:
        self.settings = settings or BoltzmannSettings()

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Train on the documents' bags of tags and sample every tag's chains."""
        machine = BoltzmannMachine(corpus.matrix.toarray(), False, self.settings, seed)
        size = (N_CHAINS, N_STEPS, corpus.n_tags + self.settings.n_hidden)
        noise = np.random.default_rng(seed + 1).random(size, dtype=np.float32)
        self._activation = machine.clamped_activation(np.arange(corpus.n_tags), None, noise, BURN_IN)
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Return the activations under the clamped query; see `Method.score`."""
        if not all(isinstance(query, int | np.integer) for query in queries):
            raise EvaluationError(f"method {self.name} cannot answer for a tag outside its vocabulary")
        return self._activation[np.asarray(queries, dtype=np.int64)]
