"""Popularity: the same ranking for every query, a baseline that the paper does not report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np

from models.encoders.contract import Tag
from models.types import Float32Array, IndexArray
from training.baselines.method import Method
from training.corpus import TagCorpus


class Popularity(Method):
    """Scores a tag by the training documents that hold it."""

    name: ClassVar[str] = "popularity"
    supports_oov: ClassVar[bool] = True

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Count training documents."""
        self._counts = corpus.document_frequency.astype(np.float32)
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Return the same counts for every query; see `Method.score`."""
        return np.tile(self._counts, (len(queries), 1))
