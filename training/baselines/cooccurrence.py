"""Raw co-occurrence: the query's row of Y'Y, a baseline that the paper does not report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.encoders.contract import Tag
from models.features import Usage
from models.types import Float32Array, IndexArray
from training.baselines.method import Method
from training.corpus import TagCorpus


class Cooccurrence(Method):
    """Scores a tag by the training documents that hold both it and the query."""

    name: ClassVar[str] = "cooccurrence"
    supports_oov: ClassVar[bool] = True

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Count co-occurrences; they stay sparse."""
        self._counts = sparse.csr_array(corpus.matrix.T @ corpus.matrix)
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Return the query's row of counts; see `Method.score`."""
        scores = np.zeros((len(queries), self._counts.shape[1]), dtype=np.float32)
        known = [i for i, query in enumerate(queries) if not isinstance(query, Usage)]
        if known:
            scores[known] = self._counts[[int(queries[i]) for i in known]].toarray()  # type: ignore[arg-type]
        for row, query in zip(scores, queries, strict=True):
            if isinstance(query, Usage):
                row[query.indices] = query.counts
        return scores
