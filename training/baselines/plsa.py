"""p-LSA: probabilistic latent semantic analysis by expectation maximisation (Hofmann, 1999)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.types import Float64Array, IndexArray
from training.baselines.topics import TopicRelatedness
from training.corpus import TagCorpus

_TINY = 1e-12


class Plsa(TopicRelatedness):
    """p-LSA; new documents are folded in with fixed topics.

    Parameters
    ----------
    n_topics
        Number of latent topics.
    iterations
        Number of EM steps in training.
    folding_iterations
        Number of EM steps for a new document's topics.

    References
    ----------
    T. Hofmann, "Probabilistic latent semantic indexing", SIGIR 1999.
    Sandouk and Chen, Supplement D.1.
    """

    name: ClassVar[str] = "plsa"

    def __init__(self, n_topics: int = 25, iterations: int = 100, folding_iterations: int = 50) -> None:
        self.n_topics = n_topics
        self.iterations = iterations
        self.folding_iterations = folding_iterations

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Fit p(tag | topic) and p(topic | document) to the training documents."""
        rng = np.random.default_rng(seed)
        matrix = sparse.csr_array(corpus.matrix.astype(np.float64))
        topics = rng.dirichlet(np.ones(corpus.n_tags), size=self.n_topics)  # (n_topics, n_tags)
        mixture = rng.dirichlet(np.ones(self.n_topics), size=corpus.n_documents)  # (n_documents, n_topics)
        for _ in range(self.iterations):
            topic_counts, mixture_counts = _expected_counts(matrix, mixture, topics)
            topics, mixture = _normalise(topic_counts), _normalise(mixture_counts)
        self.tag_given_topic = topics
        return self

    def posterior(self, contexts: Sequence[IndexArray]) -> Float64Array:
        """Fold documents in: EM on p(topic | document) alone, starting from equal topics."""
        lengths = [len(context) for context in contexts]
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        indices = np.concatenate(contexts) if len(contexts) else np.empty(0, dtype=np.int64)
        shape = (len(contexts), self.tag_given_topic.shape[1])
        matrix = sparse.csr_array((np.ones(len(indices)), indices, indptr), shape=shape)
        mixture = np.full((len(contexts), self.n_topics), 1.0 / self.n_topics)
        for _ in range(self.folding_iterations):
            mixture = _normalise(_expected_counts(matrix, mixture, self.tag_given_topic)[1])
        return mixture


def _expected_counts(
    matrix: sparse.csr_array, mixture: Float64Array, topics: Float64Array
) -> tuple[Float64Array, Float64Array]:
    """Return the expected number of tags of each topic, by tag and by document (the E step)."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    likelihood = np.einsum("nk,kn->n", mixture[rows], topics[:, matrix.indices])
    ratio = sparse.csr_array(
        (matrix.data / np.maximum(likelihood, _TINY), matrix.indices, matrix.indptr), shape=matrix.shape
    )
    return topics * (ratio.T @ mixture).T, mixture * (ratio @ topics.T)


def _normalise(counts: Float64Array) -> Float64Array:
    """Return rows that sum to 1; uniform where the sum is 0."""
    sums = counts.sum(axis=1, keepdims=True)
    uniform = np.full_like(counts, 1.0 / counts.shape[1])
    return np.where(sums > 0, counts / np.where(sums > 0, sums, 1.0), uniform)
