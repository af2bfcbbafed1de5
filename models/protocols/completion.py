"""Completion: half of a document's tags are shown, and the other half has to be found.

An application knows some tags of a track and the one that is looked at, and wants the tags that are missing.
The priming protocol gives a method the relevant tags within the context; this one hides them.

Conventions
-----------
A test document with at least `min_tags` tags is permuted; the first half of it (rounded down) is
hidden, the rest is visible. Up to two visible tags are queries, one at a time. Relevant are the hidden
tags; all tags except the seen ones are ranked, ties by popularity. Splits follow the documents' order and
one seed, so that a collection in its publisher's order gives the same queries everywhere.

The context of a *clean* query is the visible tags; :mod:`models.protocols.completion_conditions` has the
other conditions.

Metrics
-------
P@1, P@5, Recall@10, nDCG@10 and MRR of :mod:`models.metrics`, means over queries; other cutoffs on request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models import metrics
from models.encoders.contract import Tag
from models.errors import EvaluationError
from models.protocols.scoring import Evaluation, OnBatch, Scorer, Tally, checked_scores, ranked_relevance
from models.types import BoolArray, Float64Array, IndexArray, NumberArray

MIN_TAGS = 4
"""Default for the fewest tags of a document that is queried."""

QUERIES_PER_DOCUMENT = 2


@dataclass(frozen=True)
class CompletionQuery:
    """One query of the protocol.

    Attributes
    ----------
    tag
        The query tag.
    context : array of int64
        The local context that the method is given.
    seen : array of int64
        Tags that are not ranked.
    hidden : array of int64
        Relevant tags.
    document
        Position of the document.
    """

    tag: Tag
    context: IndexArray
    seen: IndexArray
    hidden: IndexArray
    document: int


@dataclass(frozen=True)
class Split:
    """The visible and the hidden tags of a document.

    Attributes
    ----------
    visible, hidden : arrays of int64
        In the order of the permutation; the first visible tags are the queries.
    document
        Position of the document.
    """

    visible: IndexArray
    hidden: IndexArray
    document: int


def split_documents(documents: Sequence[IndexArray], seed: int, min_tags: int = MIN_TAGS) -> list[Split]:
    """Hide half of every document that has at least `min_tags` tags.

    Raises
    ------
    EvaluationError
        If `min_tags` is below 2: one tag must be shown and one hidden.
    """
    if min_tags < 2:
        raise EvaluationError(f"a document to complete needs at least 2 tags; got min_tags = {min_tags}")
    random = np.random.RandomState(seed)
    splits = []
    for row, document in enumerate(documents):
        if len(document) >= min_tags:
            drawn = random.permutation(document)
            n_hidden = len(drawn) // 2
            splits.append(Split(drawn[n_hidden:], drawn[:n_hidden], row))
    return splits


def clean_queries(splits: Sequence[Split]) -> list[CompletionQuery]:
    """Return queries of each document's first visible tags; the context is all of its visible tags."""
    return [
        CompletionQuery(int(tag), np.sort(split.visible), split.visible, split.hidden, split.document)
        for split in splits
        for tag in split.visible[:QUERIES_PER_DOCUMENT]
    ]


def evaluate_completion(
    scorer: Scorer,
    queries: Sequence[CompletionQuery],
    popularity: NumberArray,
    batch_size: int = 512,
    progress: OnBatch | None = None,
    cutoffs: Sequence[int] | None = None,
    draws_curve: bool = False,
) -> Evaluation:
    """Measure the rankings of `queries` over all tags except the seen ones.

    Parameters
    ----------
    scorer
        The method that is measured.
    queries
        Queries of one condition.
    popularity : array of shape (n_tags,)
        Number of training documents of each tag; of two tags with equal scores the more popular ranks first.
    batch_size
        Queries scored at a time.
    progress
        Called after every batch.
    cutoffs
        Cutoffs k of the metrics at k; by default P@1, P@5, Recall@10 and nDCG@10 are measured.
    draws_curve
        Whether the precision-recall curve is measured as well; it takes as long as all other metrics.

    Raises
    ------
    EvaluationError
        If there is no query, or the scores have a wrong shape or hold NaN.
    """
    tally = Tally(1 + max((query.document for query in queries), default=-1))
    for start in range(0, len(queries), batch_size):
        batch = queries[start : start + batch_size]
        scores = checked_scores(scorer, [query.tag for query in batch], [query.context for query in batch])
        for row, query in zip(scores, batch, strict=True):
            row[query.seen] = -np.inf
        order = metrics.rank(scores, popularity)
        hidden = [query.hidden for query in batch]
        hits = ranked_relevance(order, hidden, order.shape[1])
        n_hidden = np.asarray([len(tags) for tags in hidden], dtype=np.int64)
        measured = completion_metrics(hits, n_hidden, cutoffs)
        tally.add(measured, np.asarray([query.document for query in batch]))
        if draws_curve:
            tally.add_curves(metrics.eleven_point_precision(hits, n_hidden))
        if progress is not None:
            progress(start + len(batch), len(queries))
    return tally.evaluation()


def completion_metrics(
    relevant: BoolArray, n_relevant: IndexArray, cutoffs: Sequence[int] | None = None
) -> dict[str, Float64Array]:
    """Return the protocol's metrics of ranked relevance (n_queries, n_ranked), by name, one value a query."""
    metrics.validate(relevant, n_relevant)
    if cutoffs is not None:
        at_k = metrics.at_cutoffs(relevant, n_relevant, cutoffs)
    else:
        at_k = {
            "P@1": metrics.precision_at_k(relevant, 1),
            "P@5": metrics.precision_at_k(relevant, 5),
            "Recall@10": metrics.recall_at_k(relevant, n_relevant, 10),
            "nDCG@10": metrics.ndcg_at_k(relevant, n_relevant, 10),
        }
    return {**at_k, "MRR": metrics.reciprocal_rank(relevant)}
