"""PCA of the tag-to-tag relatedness matrix (Lebret et al., 2013)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
from sklearn.decomposition import PCA

from models.encoders.contract import Tag
from models.features import Usage
from models.types import FloatArray
from training.baselines.aggregation import Aggregation, aggregate
from training.baselines.embedding import Distance, TagEmbedding
from training.baselines.weighting import Weighting, reweight
from training.corpus import TagCorpus


class Pca(TagEmbedding):
    """Principal components of the rows of an aggregated, re-weighted document-tag matrix.

    OOV tags are supported where a tag's features follow from co-occurrence counts alone, that is with ``tf``
    weights and ``cosine``.

    Parameters
    ----------
    weighting
        ``tf``, ``tfidf`` or ``pmi``.
    aggregation
        ``dot``, ``cosine``, ``kl``, ``hellinger`` or ``mi``.
    distance
        Distance between tags: ``cosine`` or ``euclidean``.
    dim
        Number of components kept; 10 in the paper.

    References
    ----------
    R. Lebret et al., "Is deep learning really necessary for word embeddings?", 2013.
    Sandouk and Chen, Supplement D.1.
    """

    name: ClassVar[str] = "pca"

    def __init__(
        self,
        weighting: Weighting = "tf",
        aggregation: Aggregation = "cosine",
        distance: Distance = "cosine",
        dim: int = 10,
    ) -> None:
        self.weighting: Weighting = weighting
        self.aggregation: Aggregation = aggregation
        self.distance = distance
        self.dim = dim
        self.supports_oov = (weighting, aggregation) == ("tf", "cosine")  # type: ignore[misc]

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Decompose the relatedness matrix."""
        self._document_frequency = corpus.document_frequency
        features = aggregate(reweight(corpus, self.weighting), self.aggregation)
        dim = min(self.dim, *features.shape)
        self._pca = PCA(n_components=dim, svd_solver="full").fit(features)
        self.vectors = self._pca.transform(features)
        return self

    def embed(self, queries: Sequence[Tag]) -> FloatArray:
        """Return the queries' vectors; OOV tags by their features, where they are supported."""
        if not self.supports_oov or not any(isinstance(query, Usage) for query in queries):
            return super().embed(queries)
        return np.concatenate([self._embed_one(query) for query in queries])

    def _embed_one(self, query: Tag) -> FloatArray:
        if not isinstance(query, Usage):
            return super().embed([query])
        features = np.zeros(len(self._document_frequency))
        together = np.sqrt(query.n_documents * np.maximum(self._document_frequency[query.indices], 1))
        features[query.indices] = query.counts / together
        projected: FloatArray = self._pca.transform(features[None])
        return projected
