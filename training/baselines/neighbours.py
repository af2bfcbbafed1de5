"""Cosine and item-kNN: tags that co-occur on documents."""

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
from training.fitting.counts import cooccurrence


class Cosine(Method):
    """Scores a tag by the cosine of its documents with the query's: G_qc / sqrt(n_q n_c)."""

    name: ClassVar[str] = "cosine"
    supports_oov: ClassVar[bool] = True

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Count co-occurrences; they stay sparse."""
        counts = cooccurrence(corpus.matrix)
        self._root = np.sqrt(np.maximum(counts.diagonal(), 1.0))
        self._cosine = sparse.csr_array(
            counts.multiply(1 / self._root[:, None]).multiply(1 / self._root[None, :])
        )
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Return the query's row of cosines; see `Method.score`."""
        return self._rows(queries, [np.empty(0, dtype=np.int64)] * len(queries))

    def _rows(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Return the sum of the rows of each query and of its context, the query's own row once."""
        others = [context[context != query] for query, context in zip(queries, contexts, strict=True)]
        bags = [
            np.append(context, query) if isinstance(query, int) else context
            for query, context in zip(queries, others, strict=True)
        ]
        bounds = np.concatenate([[0], np.cumsum([len(bag) for bag in bags])]).astype(np.int64)
        columns = np.concatenate([*bags, np.empty(0, dtype=np.int64)]).astype(np.int64)
        shape = (len(bags), self._cosine.shape[0])
        bag = sparse.csr_array((np.ones(len(columns)), columns, bounds), shape=shape)
        scores = np.asarray((bag @ self._cosine).toarray(), dtype=np.float32)
        for row, query in zip(scores, queries, strict=True):
            if isinstance(query, Usage) and query.n_documents:
                own = query.counts / (np.sqrt(query.n_documents) * self._root[query.indices])
                row[query.indices] += own.astype(np.float32)
        return scores


class ItemKnn(Cosine):
    """Sums the cosines of the query and its whole context, each tag's `k` nearest neighbours only.

    Parameters
    ----------
    k
        Number of neighbours kept for each tag.
    shrinkage
        Added to the denominator, so that a cosine of few documents is smaller.

    References
    ----------
    M. Deshpande, G. Karypis, "Item-based top-N recommendation algorithms", ACM TOIS 22(1), 2004.
    """

    name: ClassVar[str] = "item-knn"
    contextual: ClassVar[bool] = True

    def __init__(self, k: int = 200, shrinkage: float = 10.0) -> None:
        self._k, self._shrinkage = k, shrinkage

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Keep each candidate's nearest neighbours."""
        counts = sparse.coo_array(cooccurrence(corpus.matrix))
        own = counts.diagonal()
        self._root = np.sqrt(np.maximum(own, 1.0))
        apart = counts.row != counts.col
        row, column, shared = counts.row[apart], counts.col[apart], counts.data[apart]
        similarity = shared / (self._root[row] * self._root[column] + self._shrinkage)
        # Sorted by candidate, then nearest first; the position within a candidate's entries is the rank.
        order = np.lexsort((row, -similarity, column))
        first = np.searchsorted(column[order], column[order])
        kept = order[np.arange(len(order)) - first < self._k]
        self._cosine = sparse.csr_array((similarity[kept], (row[kept], column[kept])), shape=counts.shape)
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Sum the rows of the query and its context; see `Method.score`."""
        return self._rows(queries, contexts)
