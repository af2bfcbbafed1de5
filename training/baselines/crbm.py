"""C-RBM: a restricted Boltzmann machine conditioned on the training document (Mandel et al., 2011)."""

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

N_CHAINS, N_STEPS, BURN_IN = 4, 30, 10


class ConditionalRbm(Method):
    """Scores a tag by its activation with the query clamped on and the document's own neuron on.

    Only training documents have such a neuron, so test documents cannot be queried; the paper prints N/A.

    Parameters
    ----------
    settings
        Options of the training.
    """

    name: ClassVar[str] = "crbm"
    contextual: ClassVar[bool] = True
    self_first: ClassVar[bool] = False
    training_only: ClassVar[bool] = True

    def __init__(self, settings: BoltzmannSettings | None = None) -> None:
        self.settings = settings or BoltzmannSettings()

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Train on the documents' bags of tags, each with its one-hot condition."""
        self._machine = BoltzmannMachine(corpus.matrix.toarray(), True, self.settings, seed)
        size = (N_CHAINS, N_STEPS, corpus.n_tags + self.settings.n_hidden)
        self._noise = np.random.default_rng(seed + 1).random(size, dtype=np.float32)
        # A context cannot distinguish documents with the same tags; the first of them is used.
        self._row_of = {tags.tobytes(): row for row, tags in reversed(list(enumerate(corpus.documents())))}
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Return the activations of the conditioned machine; see `Method.score`.

        Raises
        ------
        EvaluationError
            If a query is outside the vocabulary, or a context is no training document.
        """
        if not all(isinstance(query, int | np.integer) for query in queries):
            raise EvaluationError(f"method {self.name} cannot answer for a tag outside its vocabulary")
        rows = [self._row_of.get(np.asarray(context, dtype=np.int64).tobytes(), -1) for context in contexts]
        if -1 in rows:
            raise EvaluationError(f"method {self.name} can only score contexts that are training documents")
        return self._machine.clamped_activation(
            np.asarray(queries, dtype=np.int64), np.asarray(rows, dtype=np.int64), self._noise, BURN_IN
        )
