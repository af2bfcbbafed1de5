"""Methods with one vector per tag that rank by distance and ignore the context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy.spatial.distance import cdist

from models.encoders.contract import Tag
from models.errors import EvaluationError
from models.types import Float32Array, FloatArray, IndexArray
from training.baselines.method import Method

Distance = Literal["cosine", "euclidean"]


class TagEmbedding(Method):
    """Global relatedness: one vector per tag.

    Attributes
    ----------
    vectors : array of shape (n_tags, dim)
        Set by ``fit``.
    distance
        ``cosine`` (scores are cosines; a zero vector's are 0) or ``euclidean`` (scores are negated
        distances).
    """

    vectors: FloatArray
    distance: Distance

    def embed(self, queries: Sequence[Tag]) -> FloatArray:
        """Return the queries' vectors, shape (n, dim).

        Raises
        ------
        EvaluationError
            If a query is outside the vocabulary and the method has no vector for such tags.
        """
        if not all(isinstance(query, int | np.integer) for query in queries):
            raise EvaluationError(f"method {self.name} cannot answer for a tag outside its vocabulary")
        known: FloatArray = self.vectors[np.asarray(queries, dtype=np.int64)]
        return known

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Score by nearness of vectors; see `Method.score`."""
        return nearness(self.embed(queries), self.vectors, self.distance)


def nearness(queries: FloatArray, candidates: FloatArray, distance: Distance) -> Float32Array:
    """Return cosines, or negated Euclidean distances, shape (n_queries, n_candidates), float32."""
    if distance == "cosine":
        return np.asarray(_unit(queries) @ _unit(candidates).T, dtype=np.float32)
    return np.asarray(-cdist(queries, candidates), dtype=np.float32)


def _unit(vectors: FloatArray) -> FloatArray:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: FloatArray = vectors / np.where(norms > 0, norms, 1.0)
    return unit
