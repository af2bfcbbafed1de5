"""Completion: half of a document's tags are shown, the other half is to be found.

What an app asks: these tags are on the track, this is the one looked at, what else belongs? The
priming protocol hands a method the answer inside the context; this one hides it.

Conventions
-----------
A test document with at least `min_tags` tags is permuted; the first half of it (rounded down) is
hidden, the rest is visible. Up to two visible tags are queries, one at a time. Relevant are the hidden
tags; all tags but those in sight are ranked, ties by popularity. Splits follow the documents' order and
one seed, so that a collection in its publisher's order gives the same queries everywhere.

Variants
--------
* *clean*: the context is the visible tags.
* *distractor*: another document's visible tags join the context; what is relevant stays. Does the query
  steer? The other document's tags count as seen, so they are not ranked; a hidden tag among them is left
  out of the context, which would otherwise state an answer.
* *query-only*: the context is the query tag alone.
* *OOV*: some tags leave the training vocabulary and come back as queries known by their usage over the
  training documents alone (:func:`held_out_queries`), with the visible tags, without any context, and,
  as what must be beaten, with the usage withheld (``Usage.unknown()``): the context alone.

Metrics
-------
P@1, P@5, Recall@10, nDCG@10 and MRR of :mod:`models.metrics`, means over queries; other cutoffs if asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models import metrics
from models.encoders.contract import Tag
from models.errors import EvaluationError
from models.features import Usage
from models.protocols.scoring import Evaluation, Progress, Scorer, Tally, checked_scores, ranked_relevance
from models.types import BoolArray, Float64Array, IndexArray, NumberArray

MIN_TAGS = 4
"""Fewest tags of a document that is asked, where nothing better is known."""

QUERIES_A_DOCUMENT = 2


@dataclass(frozen=True)
class CompletionQuery:
    """One question of the protocol.

    Attributes
    ----------
    tag
        The query.
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
    """A document cut in two.

    Attributes
    ----------
    visible, hidden : arrays of int64
        In the drawn order; the first visible tags are the queries.
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
    """Ask each document's first visible tags in the visible tags."""
    return [
        CompletionQuery(int(tag), np.sort(split.visible), split.visible, split.hidden, split.document)
        for split in splits
        for tag in split.visible[:QUERIES_A_DOCUMENT]
    ]


def query_only(queries: Sequence[CompletionQuery]) -> list[CompletionQuery]:
    """Ask the same with no more context than the query itself; OOV queries with none at all."""
    return [
        replace(
            query,
            context=np.asarray([query.tag] if isinstance(query.tag, int) else [], dtype=np.int64),
        )
        for query in queries
    ]


def context_only(queries: Sequence[CompletionQuery]) -> list[CompletionQuery]:
    """Ask OOV queries with their usage withheld: what the context alone answers."""
    return [replace(query, tag=Usage.unknown()) for query in queries]


def distractor_queries(splits: Sequence[Split], seed: int) -> list[CompletionQuery]:
    """Ask each document's first visible tags among another document's as well.

    Raises
    ------
    EvaluationError
        If there are fewer than two documents.
    """
    if len(splits) < 2:
        raise EvaluationError(f"a distractor needs another document; got {len(splits)} documents")
    ring = np.random.RandomState(seed).permutation(len(splits))
    other = np.empty_like(ring)
    other[ring] = np.roll(ring, 1)  # everyone another's partner, nobody their own
    queries = []
    for split, partner in zip(splits, other.tolist(), strict=True):
        context = np.setdiff1d(np.union1d(split.visible, splits[partner].visible), split.hidden)
        queries += [
            CompletionQuery(int(tag), context, context, split.hidden, split.document)
            for tag in split.visible[:QUERIES_A_DOCUMENT]
        ]
    return queries


def draw_held_out(document_frequency: IndexArray, seed: int, share: float = 0.1) -> IndexArray:
    """Draw the tags that play OOV, `share` of those on at least three training documents; sorted.

    Raises
    ------
    EvaluationError
        If no tag is on three documents.
    """
    eligible = np.flatnonzero(document_frequency >= 3)
    if not len(eligible):
        raise EvaluationError("no tag is on at least 3 training documents, so none can play OOV")
    n_drawn = max(1, int(share * len(eligible)))
    return np.sort(np.random.RandomState(seed).choice(eligible, n_drawn, replace=False)).astype(np.int64)


def held_out_queries(
    known: Sequence[IndexArray],
    held_out: Sequence[IndexArray],
    usages: Sequence[Usage],
    seed: int,
    min_tags: int = MIN_TAGS,
) -> list[CompletionQuery]:
    """Ask the held-out tags of each document in half of its other tags.

    Parameters
    ----------
    known
        In-vocabulary tags of each document; two are needed, to show one and hide one.
    held_out
        Positions in `usages` of the same documents' held-out tags; the first two are queries.
    usages
        How each held-out tag is used in the training documents; those never used are not asked.
    seed
        Of the split.
    min_tags
        Fewest tags of a document, known and held out together.
    """
    large = [len(a) + len(b) >= min_tags for a, b in zip(known, held_out, strict=True)]
    nothing = np.empty(0, dtype=np.int64)
    splits = split_documents(
        [tags if fits else nothing for tags, fits in zip(known, large, strict=True)], seed, 2
    )
    return [
        CompletionQuery(usages[tag], np.sort(split.visible), split.visible, split.hidden, split.document)
        for split in splits
        for tag in held_out[split.document][:QUERIES_A_DOCUMENT].tolist()
        if usages[tag].n_documents and len(usages[tag].indices)
    ]


def evaluate_completion(
    scorer: Scorer,
    queries: Sequence[CompletionQuery],
    popularity: NumberArray,
    batch_size: int = 512,
    progress: Progress | None = None,
    cutoffs: Sequence[int] | None = None,
    draws_curve: bool = False,
) -> Evaluation:
    """Ask `queries` and measure the rankings of all tags not seen.

    Parameters
    ----------
    scorer
        The method under test.
    queries
        One variant's.
    popularity : array of shape (n_tags,)
        Training documents of each tag; breaks ties.
    batch_size
        Queries scored at a time.
    progress
        Told about every batch.
    cutoffs
        Of the metrics at k; P@1, P@5, Recall@10 and nDCG@10 where there are none.
    draws_curve
        Whether the precision-recall curve is drawn, of whole rankings: it costs as much as the rest.

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
