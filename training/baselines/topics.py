"""Relatedness of tags under a document's topics, the base class of LDA and p-LSA."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from models.encoders.contract import Tag
from models.errors import EvaluationError
from models.types import Float32Array, Float64Array, IndexArray
from training.baselines.method import Method

PROBABILITY_FLOOR = 1e-12
"""Smallest probability of a tag in a topic, so that its logarithm is finite."""


class TopicRelatedness(Method):
    """Scores tags by the symmetric KL divergence of Supplement D.1, weighted by the document's topics.

    Attributes
    ----------
    tag_given_topic : array of shape (n_topics, n_tags), float64
        Rows sum to 1; set by ``fit``.
    """

    contextual: ClassVar[bool] = True
    tag_given_topic: Float64Array

    @abstractmethod
    def posterior(self, contexts: Sequence[IndexArray]) -> Float64Array:
        """Return the topic distributions of bags of tags, shape (n, n_topics)."""

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Score by the negated divergence; see `Method.score`.

        Raises
        ------
        EvaluationError
            If a query is outside the vocabulary.
        """
        if not all(isinstance(query, int | np.integer) for query in queries):
            raise EvaluationError(f"method {self.name} cannot answer for a tag outside its vocabulary")
        if not len(queries):
            return np.empty((0, self.tag_given_topic.shape[1]), dtype=np.float32)
        rows, position = _distinct(contexts)
        weights = self.posterior([contexts[row] for row in rows])[position]  # (n, n_topics)
        return -divergence(self.tag_given_topic, weights, np.asarray(queries, dtype=np.int64))


def divergence(tag_given_topic: Float64Array, weights: Float64Array, queries: IndexArray) -> Float32Array:
    """Return sum over topics c of w_c (p_c(q) - p_c(t)) (log p_c(q) - log p_c(t)) for every tag t.

    Parameters
    ----------
    tag_given_topic : array of shape (n_topics, n_tags)
        p_c(t).
    weights : array of shape (n, n_topics)
        Topic distribution of each query's document.
    queries : array of shape (n,), int64
        Query tags.

    Returns
    -------
    array of shape (n, n_tags), float32
        Not negative; 0 for the query itself.

    References
    ----------
    Sandouk and Chen, Supplement D.1 (equal priors of all tags, up to the factor 1 / p(tag)).
    """
    p = np.maximum(tag_given_topic, PROBABILITY_FLOOR)
    log_p = np.log(p)
    of_query, log_of_query = p[:, queries].T, log_p[:, queries].T  # (n, n_topics)
    own = (weights * of_query * log_of_query).sum(axis=1, keepdims=True)
    every = weights @ (p * log_p)
    crossed = (weights * of_query) @ log_p + (weights * log_of_query) @ p
    return np.asarray(np.maximum(own + every - crossed, 0.0), dtype=np.float32)


def _distinct(contexts: Sequence[IndexArray]) -> tuple[list[int], list[int]]:
    """Return the first row of every distinct context, and each context's position among those."""
    first: dict[bytes, int] = {}
    rows: list[int] = []
    position = []
    for row, context in enumerate(contexts):
        key = context.tobytes()
        if key not in first:
            first[key] = len(rows)
            rows.append(row)
        position.append(first[key])
    return rows, position
