"""The interface of the methods that protocols measure, and the metrics that protocols return."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models import metrics
from models.encoders.contract import Tag
from models.errors import EvaluationError
from models.types import BoolArray, Float32Array, Float64Array, IndexArray

OnBatch = Callable[[int, int], None]
"""Called with (queries done, number of queries) after every batch; an exception ends the evaluation."""


class Scorer(Protocol):
    """Anything that scores every vocabulary tag for queries in their local contexts."""

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Return scores of shape (n, n_tags); higher is more related."""
        ...


@dataclass(frozen=True)
class Evaluation:
    """The metrics that a protocol measured for one method.

    Attributes
    ----------
    metrics
        Mean over all queries, by metric name; fractions.
    curve : array of shape (11,), float64
        Mean interpolated precision at recall 0, 0.1, ..., 1; zeros where it is not measured.
    by_document
        Mean over each document's queries, shape (n_documents,), by metric name; NaN where a document
        gave no query. Documents are the unit of paired tests, because the queries of one document are not
        independent.
    n_queries
        Number of queries.
    """

    metrics: dict[str, float]
    curve: Float64Array
    by_document: dict[str, Float64Array]
    n_queries: int


class Tally:
    """Sums the metrics of one evaluation, batch by batch.

    Parameters
    ----------
    n_documents
        Number of documents that the queries come from.
    cutoffs
        Cutoffs k of the metrics at k; by default those of the paper's tables.
    """

    def __init__(self, n_documents: int, cutoffs: Sequence[int] | None = None) -> None:
        self._n_documents = n_documents
        self._cutoffs = cutoffs
        self._queries = np.zeros(n_documents)
        self._sums: dict[str, Float64Array] = {}
        self._curve = np.zeros(len(metrics.RECALL_LEVELS))

    def add_rankings(
        self, order: IndexArray, relevant: Sequence[IndexArray], documents: IndexArray, m: int
    ) -> None:
        """Add every metric of whole-vocabulary rankings (n, n_tags) with the given relevant tags."""
        hits = ranked_relevance(order, relevant, order.shape[1])
        n_relevant = np.asarray([len(tags) for tags in relevant], dtype=np.int64)
        curve = metrics.eleven_point_precision(hits, n_relevant)
        self.add_curves(curve)
        self.add(metrics.evaluate(hits, n_relevant, m, curve, self._cutoffs), documents)

    def add(self, values: dict[str, Float64Array], documents: IndexArray) -> None:
        """Add one batch: metric values (n,) and the document of each query (n,)."""
        for name, value in values.items():
            added = np.bincount(documents, weights=value, minlength=self._n_documents)
            self._sums[name] = self._sums.get(name, np.zeros(self._n_documents)) + added
        self._queries += np.bincount(documents, minlength=self._n_documents)

    def add_curves(self, curves: Float64Array) -> None:
        """Add one batch's precision-recall curves, shape (n, 11)."""
        self._curve += curves.sum(axis=0)

    def evaluation(self) -> Evaluation:
        """Return the means; EvaluationError if there was no query."""
        n_queries = int(self._queries.sum())
        if not n_queries:
            raise EvaluationError(f"{self._n_documents} documents gave no query to evaluate")
        asked = np.where(self._queries > 0, self._queries, np.nan)
        return Evaluation(
            metrics={name: float(sums.sum() / n_queries) for name, sums in self._sums.items()},
            curve=self._curve / n_queries,
            by_document={name: sums / asked for name, sums in self._sums.items()},
            n_queries=n_queries,
        )


def ranked_relevance(order: IndexArray, relevant: Sequence[IndexArray], n_tags: int) -> BoolArray:
    """Return whether each ranked tag is relevant, shape like `order`.

    Parameters
    ----------
    order : array of shape (n, n_ranked), int64
        Tag indices from best to worst.
    relevant
        Relevant tag indices of each of the n queries.
    n_tags
        Size of the vocabulary.
    """
    mask = np.zeros((len(order), n_tags), dtype=np.bool_)
    rows = np.repeat(np.arange(len(relevant)), [len(tags) for tags in relevant])
    if len(rows):
        mask[rows, np.concatenate(relevant)] = True
    return np.take_along_axis(mask, order, axis=1)


def checked_scores(scorer: Scorer, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float64Array:
    """Return the scorer's scores as float64; EvaluationError if they have another shape."""
    scores = np.asarray(scorer.score(queries, contexts), dtype=np.float64)
    if scores.ndim != 2 or len(scores) != len(queries):
        raise EvaluationError(f"{len(queries)} queries were answered with scores of shape {scores.shape}")
    return scores
