"""RANDOM: a random ranking for every query (the paper's Supplement D.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np

from models.encoders.contract import Tag
from models.features import Usage
from models.types import Float32Array, IndexArray
from training.baselines.method import Method
from training.corpus import TagCorpus


class Chance(Method):
    """Ranks at random, as the lower bound of every table.

    The ranking depends on the seed, the query and the context alone, not on the batch of the query.
    """

    name: ClassVar[str] = "random"
    supports_oov: ClassVar[bool] = True

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Keep the seed and the number of tags."""
        self._n_tags, self._seed = corpus.n_tags, seed
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Score uniformly at random; see `Method.score`."""
        rows = [self._row(query, context) for query, context in zip(queries, contexts, strict=True)]
        return np.stack(rows) if rows else np.empty((0, self._n_tags), dtype=np.float32)

    def _row(self, query: Tag, context: IndexArray) -> Float32Array:
        asked = query.indices.tolist() if isinstance(query, Usage) else [query]
        entropy = [self._seed, len(asked), *asked, *context.tolist()]
        return np.random.default_rng(entropy).random(self._n_tags, dtype=np.float32)
