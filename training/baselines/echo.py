"""Echo: rank the query first, then its context. Shows how well priming is solved without any training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np

from models.encoders.contract import Tag
from models.types import Float32Array, IndexArray
from training.baselines.method import Method
from training.corpus import TagCorpus


class Echo(Method):
    """Scores the query 2, the tags of the context 1 and all others 0."""

    name: ClassVar[str] = "echo"
    contextual: ClassVar[bool] = True
    supports_oov: ClassVar[bool] = True

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Keep the number of tags."""
        self._n_tags = corpus.n_tags
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Score the query and its context; see `Method.score`."""
        scores = np.zeros((len(queries), self._n_tags), dtype=np.float32)
        for row, query, context in zip(scores, queries, contexts, strict=True):
            row[context] = 1.0
            if isinstance(query, int):
                row[query] = 2.0
        return scores
