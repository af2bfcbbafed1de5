"""Ranking metrics: how well the ranked tags agree with the relevant ones.

Conventions
-----------
Everything is batched. ``relevant[i, r]`` says whether the tag at rank r + 1 of query i's ranking is
relevant. ``n_relevant[i]`` is how many relevant tags query i has in all, whether ranked or not; it is
never smaller than the relevant tags that were ranked. Relevance is binary. Every metric is a fraction
between 0 and 1, higher is better, one value a query; averaging is the caller's. A query without
relevant tags scores 0. A ranking shorter than k is taken to go on with irrelevant tags, as trec_eval
does.

Metrics
-------
* :func:`precision_at_k`: share of relevant tags among the first k.
* :func:`recall_at_k`: share of the relevant tags found among the first k.
* :func:`average_precision`: mean precision at the ranks of the relevant tags.
* :func:`ndcg_at_k`: discounted gain of the first k, over the best possible.
* :func:`reciprocal_rank`: one over the rank of the first relevant tag.
* :func:`mean_precision_to_k`: mean of precision_at_k over k = 1..m, what Sandouk and Chen call MAP.
* :func:`at_cutoffs`: precision, recall and nDCG at each of several k.
* :func:`eleven_point_precision`: interpolated precision at recall 0, 0.1, ..., 1, and
  :func:`area_under_curve` under it.

References
----------
.. [1] C. D. Manning, P. Raghavan, H. Schuetze, *Introduction to Information Retrieval*, Cambridge
       University Press, 2008, chapter 8.
.. [2] K. Jaervelin, J. Kekaelaeinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20(4),
       2002.
.. [3] U. Sandouk, K. Chen, "Learning Contextualized Music Semantics from Tags via a Siamese Network",
       section 5.2.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from models.errors import EvaluationError
from models.types import BoolArray, Float64Array, FloatArray, IndexArray, NumberArray

RECALL_LEVELS: Float64Array = np.linspace(0.0, 1.0, 11)


def validate(relevant: BoolArray, n_relevant: IndexArray) -> None:
    """Check that ranked relevance and counts fit together; warn if there is no query.

    Raises
    ------
    EvaluationError
        If `relevant` is no boolean matrix, or `n_relevant` does not hold one count a query, or a count
        is smaller than the relevant tags ranked.
    """
    if relevant.ndim != 2 or relevant.dtype != np.bool_:
        raise EvaluationError(
            f"relevance must be a boolean matrix (n_queries, n_ranked); got {relevant.dtype} of shape "
            f"{relevant.shape}"
        )
    if n_relevant.shape != (len(relevant),):
        raise EvaluationError(
            f"{len(relevant)} queries need as many counts of relevant tags; got shape {n_relevant.shape}"
        )
    found = relevant.sum(axis=1)
    if np.any(found > n_relevant):
        i = int(np.argmax(found > n_relevant))
        raise EvaluationError(
            f"query {i} ranks {found[i]} relevant tags but is stated to have {n_relevant[i]}; "
            f"at least {found[i]} are needed"
        )
    if not len(relevant):
        warnings.warn("there is no query to evaluate", stacklevel=3)


def rank(scores: FloatArray, popularity: NumberArray | None = None) -> IndexArray:
    """Return each query's tags from the highest score to the lowest.

    Ties go to the more popular tag where `popularity` is given, then to the tag that comes first.

    Parameters
    ----------
    scores : array of shape (n_queries, n_tags)
        Higher is better; infinities are allowed.
    popularity : array of shape (n_tags,), optional
        E.g. training documents of each tag.

    Returns
    -------
    array of shape (n_queries, n_tags), int64

    Raises
    ------
    EvaluationError
        If a score is not a number.
    """
    if np.isnan(scores).any():
        i, j = np.argwhere(np.isnan(scores))[0]
        raise EvaluationError(f"the score of tag {j} for query {i} is not a number")
    if popularity is None:
        return np.argsort(-scores, axis=1, kind="stable").astype(np.int64)
    by_popularity = np.argsort(-popularity, kind="stable")
    order = np.argsort(-scores[:, by_popularity], axis=1, kind="stable")
    return by_popularity[order].astype(np.int64)


def precision_at_k(relevant: BoolArray, k: int) -> Float64Array:
    """Return the share of relevant tags among the first k, shape (n_queries,); [1]_, section 8.4."""
    _check_k(k)
    return np.asarray(relevant[:, :k].sum(axis=1) / k, dtype=np.float64)


def recall_at_k(relevant: BoolArray, n_relevant: IndexArray, k: int) -> Float64Array:
    """Return the share of the relevant tags found among the first k, shape (n_queries,)."""
    _check_k(k)
    return _over(relevant[:, :k].sum(axis=1), n_relevant)


def average_precision(relevant: BoolArray, n_relevant: IndexArray) -> Float64Array:
    """Return the mean precision at the ranks of all relevant tags, shape (n_queries,); [1]_, section 8.4.

    A relevant tag that was not ranked counts with precision 0.
    """
    return _over((_precision_at_ranks(relevant) * relevant).sum(axis=1), n_relevant)


def ndcg_at_k(relevant: BoolArray, n_relevant: IndexArray, k: int) -> Float64Array:
    """Return binary nDCG: the sum of 1 / log2(1 + rank) over relevant tags of the first k, over its best.

    Shape (n_queries,); the best ranks min(k, n_relevant) relevant tags first. [2]_
    """
    _check_k(k)
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    gain = (relevant[:, :k] * discount[: relevant.shape[1]]).sum(axis=1)
    ideal = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(n_relevant, k)]
    return _over(gain, ideal)


def reciprocal_rank(relevant: BoolArray) -> Float64Array:
    """Return 1 / (rank of the first relevant tag), or 0 if none was ranked; shape (n_queries,)."""
    if not relevant.shape[1]:
        return np.zeros(len(relevant))
    return np.where(relevant.any(axis=1), 1.0 / (relevant.argmax(axis=1) + 1.0), 0.0)


def mean_precision_to_k(relevant: BoolArray, k: int) -> Float64Array:
    """Return the mean of precision_at_k over 1..k, shape (n_queries,): the paper's MAP with m = k.

    Not the field's average precision: it counts irrelevant ranks too, and a query with few relevant
    tags cannot reach 1. [3]_
    """
    _check_k(k)
    hits = np.cumsum(relevant[:, :k], axis=1)
    if hits.shape[1] < k:
        hits = np.pad(hits, ((0, 0), (0, k - hits.shape[1])), mode="edge" if hits.shape[1] else "constant")
    return np.asarray((hits / np.arange(1, k + 1)).mean(axis=1), dtype=np.float64)


def eleven_point_precision(relevant: BoolArray, n_relevant: IndexArray) -> Float64Array:
    """Return interpolated precision at the recall levels 0, 0.1, ..., 1, shape (n_queries, 11).

    At each level, the highest precision at any rank whose recall is at least the level; 0 where no rank
    reaches it. [1]_, section 8.4.
    """
    n_queries, n_ranked = relevant.shape
    curve = np.zeros((n_queries, len(RECALL_LEVELS)))
    if not n_ranked:
        return curve
    hits = np.cumsum(relevant, axis=1)
    precision = _precision_at_ranks(relevant)
    interpolated = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    rows = np.arange(n_queries)
    for level in range(len(RECALL_LEVELS)):
        # Compared in whole numbers: 0.3 * 10 relevant tags is not quite 3 in floating point.
        reached = hits * 10 >= level * n_relevant[:, None]
        first = reached.argmax(axis=1)
        curve[:, level] = np.where(reached.any(axis=1) & (n_relevant > 0), interpolated[rows, first], 0.0)
    return curve


def area_under_curve(curve: Float64Array) -> Float64Array:
    """Return the area under 11-point precision-recall curves (trapezoids), shape (n_queries,)."""
    return np.asarray(((curve[..., 1:] + curve[..., :-1]) / 2).mean(axis=-1), dtype=np.float64)


def at_cutoffs(
    relevant: BoolArray, n_relevant: IndexArray, cutoffs: Sequence[int]
) -> dict[str, Float64Array]:
    """Return ``P@k``, ``Recall@k`` and ``nDCG@k`` for each k of `cutoffs`, one value a query.

    Raises
    ------
    EvaluationError
        If a cutoff is below 1.
    """
    return {
        **{f"P@{k}": precision_at_k(relevant, k) for k in cutoffs},
        **{f"Recall@{k}": recall_at_k(relevant, n_relevant, k) for k in cutoffs},
        **{f"nDCG@{k}": ndcg_at_k(relevant, n_relevant, k) for k in cutoffs},
    }


def evaluate(
    relevant: BoolArray,
    n_relevant: IndexArray,
    m: int,
    curve: Float64Array | None = None,
    cutoffs: Sequence[int] | None = None,
) -> dict[str, Float64Array]:
    """Return every metric that the paper's tables and ours show, by name, one value a query.

    Parameters
    ----------
    relevant : array of shape (n_queries, n_ranked), bool
        Relevance in ranked order.
    n_relevant : array of shape (n_queries,), int
        Relevant tags in all.
    m
        Depth of the paper's MAP: a little above the mean number of relevant tags.
    curve : array of shape (n_queries, 11), optional
        The eleven-point precision, where the caller has it already.
    cutoffs
        Every metric at these k instead of the tables' ``P@1, 2, 5, 10`` and ``nDCG@10``.
    """
    validate(relevant, n_relevant)
    curve = eleven_point_precision(relevant, n_relevant) if curve is None else curve
    if cutoffs is None:
        at_k = {f"P@{k}": precision_at_k(relevant, k) for k in (1, 2, 5, 10)}
        at_k["nDCG@10"] = ndcg_at_k(relevant, n_relevant, 10)
    else:
        at_k = at_cutoffs(relevant, n_relevant, cutoffs)
    return {
        **at_k,
        f"MAP@{m} (paper)": mean_precision_to_k(relevant, m),
        "AP": average_precision(relevant, n_relevant),
        "MRR": reciprocal_rank(relevant),
        "AUC": area_under_curve(curve),
    }


def _precision_at_ranks(relevant: BoolArray) -> Float64Array:
    return np.asarray(np.cumsum(relevant, axis=1) / np.arange(1, relevant.shape[1] + 1), dtype=np.float64)


def _over(part: NumberArray, whole: NumberArray) -> Float64Array:
    """Return part / whole, 0 where whole is 0."""
    shares: Float64Array = np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
    return shares


def _check_k(k: int) -> None:
    if k < 1:
        raise EvaluationError(f"a cutoff must be at least 1; got {k}")
