"""LSA / LSI: truncated SVD of the re-weighted document-tag matrix (Levy and Sandler, 2008)."""

from __future__ import annotations

from typing import ClassVar, Self

from sklearn.decomposition import TruncatedSVD

from training.baselines.embedding import Distance, TagEmbedding
from training.baselines.weighting import Weighting, reweight
from training.corpus import TagCorpus


class Lsa(TagEmbedding):
    """Latent semantic analysis.

    Parameters
    ----------
    weighting
        Weighting of the document-tag matrix: ``tf``, ``tfidf`` or ``pmi``.
    distance
        Distance between tags: ``cosine`` or ``euclidean``.
    dim
        Number of singular vectors kept, at most that of the collection.

    References
    ----------
    M. Levy, M. Sandler, "Learning latent semantic models for music from social tags", JNMR 37(2), 2008.
    Sandouk and Chen, Supplement D.1.
    """

    name: ClassVar[str] = "lsa"

    def __init__(self, weighting: Weighting = "pmi", distance: Distance = "cosine", dim: int = 10) -> None:
        self.weighting: Weighting = weighting
        self.distance = distance
        self.dim = dim

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Decompose the re-weighted matrix; a tag's vector is its loadings times the singular values."""
        matrix = reweight(corpus, self.weighting)
        dim = min(self.dim, corpus.n_tags - 1, corpus.n_documents - 1)
        svd = TruncatedSVD(n_components=dim, random_state=seed).fit(matrix)
        self.vectors = (svd.components_ * svd.singular_values_[:, None]).T
        return self
