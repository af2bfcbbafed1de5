"""InfoTh: information-theoretic smoothing of tag representations (Mandel et al., 2011; Supplement D.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, Self

import numpy as np

from models.encoders.contract import Tag
from models.errors import EvaluationError
from models.types import Float32Array, IndexArray
from training.baselines.aggregation import Aggregation, aggregate, mutual_information
from training.baselines.embedding import nearness
from training.baselines.method import Method
from training.baselines.weighting import Weighting, reweight
from training.corpus import TagCorpus


class InfoTheoreticSmoothing(Method):
    """Represents tags as rows of the relatedness matrix, each averaged with its nearest neighbours.

    t'(tag) = (1 - alpha) t(tag) + alpha * mean of t over the `k` tags nearest by mutual information.
    The supplement gives the grid (k in 1..9, alpha in .1...5) and the measures, not this formula, which
    is our reading of it.

    Parameters
    ----------
    weighting, aggregation
        Options of the unsmoothed representation, as for PCA.
    k
        Number of neighbours that smooth a tag.
    alpha
        Weight of the neighbours, in [0, 1].
    distance
        Distance between smoothed tags: ``mi``, ``cosine`` or ``euclidean``.

    References
    ----------
    M. Mandel et al., "Contextual tag inference", ACM TOMM 7S(1), 2011.
    """

    name: ClassVar[str] = "infoth"

    def __init__(
        self,
        weighting: Weighting = "tfidf",
        aggregation: Aggregation = "dot",
        k: int = 9,
        alpha: float = 0.1,
        distance: Literal["mi", "cosine", "euclidean"] = "mi",
    ) -> None:
        self.weighting: Weighting = weighting
        self.aggregation: Aggregation = aggregation
        self.k = k
        self.alpha = alpha
        self.distance = distance

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Aggregate, smooth, and measure every pair of tags."""
        features = aggregate(reweight(corpus, self.weighting), self.aggregation)
        apart = mutual_information(np.maximum(features, 0.0))
        np.fill_diagonal(apart, np.inf)
        nearest = np.argsort(apart, axis=1, kind="stable")[:, : min(self.k, len(features) - 1)]
        smoothed = (1 - self.alpha) * features + self.alpha * features[nearest].mean(axis=1)
        if self.distance == "mi":
            self._scores: Float32Array = -mutual_information(np.maximum(smoothed, 0.0)).astype(np.float32)
        else:
            self._scores = nearness(smoothed, smoothed, self.distance)
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Return the query's row of nearness; see `Method.score`."""
        if not all(isinstance(query, int | np.integer) for query in queries):
            raise EvaluationError(f"method {self.name} cannot answer for a tag outside its vocabulary")
        return self._scores[np.asarray(queries, dtype=np.int64)]
