"""Search: FAISS over candidate vectors, one index a context where candidates move with it.

Conventions
-----------
Higher scores are better and are comparable between requests to one bundle. A ``l2`` encoder's score is
1 / (1 + distance), or distance / (1 + distance) where the furthest candidates answer (OOV queries of an
encoder whose `oov_rule` says so); an ``ip`` encoder's score is the inner product. Ties go to the tag
that comes first in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import faiss
import numpy as np
from cachetools import LRUCache

from models.encoders.contract import Encoder, Metric, Query
from models.types import Float32Array, IndexArray

DEFAULT_CACHE_BYTES = 64 * 1024 * 1024

EXHAUSTIVE = 4096
"""Tags up to which every candidate's score is computed where something is added to inner products."""

# How many more candidates than requested are fetched at first, so that ties at the end are seen.
_SLACK = 8


@dataclass(frozen=True)
class Ranking:
    """Tags, best first.

    Attributes
    ----------
    indices : array of shape (k,), int64
        Positions in the vocabulary.
    scores : array of shape (k,), float32
        Higher is better.
    distances : array of shape (k,), float32, or None
        Euclidean distances, for ``l2`` encoders.
    """

    indices: IndexArray
    scores: Float32Array
    distances: Float32Array | None


def scores_of_distances(distances: Float32Array, furthest: bool) -> Float32Array:
    """Return 1 / (1 + distance), or what is left to 1 where the furthest candidates answer; in [0, 1]."""
    nearness = (1 / (1 + distances)).astype(np.float32)
    return np.asarray(1 - nearness if furthest else nearness, dtype=np.float32)


class FlatIndex:
    """An exact FAISS index over the candidates of one context.

    Parameters
    ----------
    vectors : array of shape (n_tags, dim), float32
        Candidate vectors; FAISS keeps its own copy, and no other is kept.
    metric
        ``l2`` or ``ip``.
    """

    def __init__(self, vectors: Float32Array, metric: Metric) -> None:
        self.metric = metric
        self._index = (faiss.IndexFlatL2 if metric == "l2" else faiss.IndexFlatIP)(vectors.shape[1])
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))
        stored = faiss.rev_swig_ptr(self._index.get_xb(), vectors.size)
        self.vectors: Float32Array = stored.reshape(vectors.shape)

    @property
    def nbytes(self) -> int:
        """Memory held by the vectors."""
        return int(self.vectors.nbytes)

    def search(self, query: Float32Array, k: int, exclude: IndexArray, furthest: bool = False) -> Ranking:
        """Return the best `k` candidates of one query that are not excluded.

        Parameters
        ----------
        query : array of shape (dim,), float32
        k
            How many, at least 1; fewer come back if there are fewer.
        exclude : array of int64
            Candidates that must not come back.
        furthest
            Rank by largest instead of smallest distance (``l2`` only).
        """
        n = len(self.vectors)
        fetch = min(n, k + len(exclude) + _SLACK)
        while True:
            if furthest:  # FAISS has no furthest search: every candidate is measured
                found, fetch = np.arange(n), n
            else:
                found = self._index.search(query[None, :], fetch)[1][0]
            # FAISS's own values depend on the batch that a query is in; these do not.
            kept = found[~np.isin(found, exclude)]
            values = self._values(query, kept)
            order = np.lexsort((kept, values if self.metric == "l2" and not furthest else -values))[:k]
            edge = self._values(query, found[-1:])
            if fetch == n or (len(order) == k and abs(values[order[-1]] - edge[0]) > 1e-5):
                return self._ranking(kept[order], values[order], furthest)
            fetch = min(n, 2 * fetch)  # the last one taken may tie with one not fetched

    def search_added(self, query: Float32Array, added: Float32Array, k: int, exclude: IndexArray) -> Ranking:
        """Return the best `k` by inner product plus `added`, exactly (``ip`` only).

        A large vocabulary is not scored whole: of the best by inner product and the best by `added`, the
        union is scored, and widened until no candidate outside of it could still come in (Fagin's
        threshold).

        Parameters
        ----------
        query : array of shape (dim,), float32
        added : array of shape (n_tags,), float32
            What each candidate's score gains beside the inner product.
        k, exclude
            As in `search`.
        """
        n = len(self.vectors)
        fetch = n if n <= EXHAUSTIVE else min(n, 4 * (k + len(exclude)) + EXHAUSTIVE // 8)
        while fetch < n:
            inner, near = self._index.search(query[None, :], fetch)
            gaining = np.argpartition(-added, fetch - 1)[:fetch]
            found = np.union1d(near[0], gaining)
            bound = float(inner[0, -1]) + float(added[gaining].min())
            kept = found[~np.isin(found, exclude)]
            values = self._values(query, kept) + added[kept]
            order = np.lexsort((kept, -values))[:k]
            if len(order) == k and values[order[-1]] > bound + 1e-4:
                return Ranking(kept[order], values[order], None)
            fetch = min(n, 4 * fetch)
        return self._best(
            np.asarray(np.einsum("ij,j->i", self.vectors, query) + added, np.float32), k, exclude
        )

    def _best(self, scores: Float32Array, k: int, exclude: IndexArray) -> Ranking:
        """Return the best `k` of all candidates' scores; ties at the end are seen."""
        scores[exclude] = -np.inf
        n = len(scores)
        kept = np.arange(n)
        if k < n:
            kept = np.flatnonzero(scores >= np.partition(scores, n - k)[n - k])
        order = np.lexsort((kept, -scores[kept]))[: min(k, n - len(np.unique(exclude)))]
        return Ranking(kept[order], scores[kept[order]], None)

    def _values(self, query: Float32Array, candidates: IndexArray) -> Float32Array:
        """Return distances (``l2``) or inner products (``ip``), the same for any batch."""
        vectors = self.vectors[candidates]
        if self.metric == "ip":
            return np.asarray(np.einsum("ij,j->i", vectors, query), dtype=np.float32)
        apart = vectors - query
        return np.asarray(np.sqrt(np.einsum("ij,ij->i", apart, apart)), dtype=np.float32)

    def _ranking(self, indices: IndexArray, values: Float32Array, furthest: bool) -> Ranking:
        if self.metric == "ip":
            return Ranking(indices, values, None)
        return Ranking(indices, scores_of_distances(values, furthest), values)


class TagSearch:
    """Ranks the vocabulary for queries with one encoder; safe to share between threads.

    Parameters
    ----------
    encoder
        Any family.
    cache_bytes
        Memory for the indexes of recent contexts (contextual candidates only).
    """

    def __init__(self, encoder: Encoder, cache_bytes: int = DEFAULT_CACHE_BYTES) -> None:
        self.encoder = encoder
        self.hits = 0
        self.misses = 0
        self._lock = Lock()
        self._indexes: LRUCache[bytes, FlatIndex] = LRUCache(
            cache_bytes, getsizeof=lambda index: index.nbytes
        )
        self._static = None if encoder.contextual_candidates else self._build(None)

    def search(self, queries: Sequence[Query], limit: int, exclude: Sequence[IndexArray]) -> list[Ranking]:
        """Return the ranking of each query, at most `limit` tags that are not in its `exclude`.

        The query tag and the context are ranked like any other tag; exclude them if unwanted.
        """
        if not queries:
            return []
        encoded = self.encoder.encode(queries)
        rankings = []
        for row, (query, excluded) in enumerate(zip(queries, exclude, strict=True)):
            index, vector = self.index(query.local_context), encoded.vectors[row]
            if encoded.added is not None:
                rankings.append(index.search_added(vector, encoded.added[row], limit, excluded))
                continue
            furthest = query.out_of_vocabulary and self.encoder.oov_rule == "furthest"
            rankings.append(index.search(vector, limit, excluded, furthest))
        return rankings

    def index(self, context: IndexArray) -> FlatIndex:
        """Return the index of a local context, from the cache where it is there."""
        if self._static is not None:
            return self._static
        key = context.tobytes()
        with self._lock:
            found: FlatIndex | None = self._indexes.get(key)
            self.hits += found is not None
            self.misses += found is None
        if found is None:
            found = self._build(context)
            with self._lock:
                if found.nbytes <= self._indexes.maxsize:
                    self._indexes[key] = found
        return found

    def _build(self, context: IndexArray | None) -> FlatIndex:
        return FlatIndex(self.encoder.candidates(context), self.encoder.metric)
