"""Semantic priming: the paper's protocol (section 5.2).

Conventions
-----------
A query is every (tag, document) pair of the evaluated documents. Its context is the whole document,
query tag included; relevant are the document's tags, the query's own among them. A method that
embeds tags finds the query itself at distance 0, so the query is put at rank 1 (the paper's 100 % at
P@1); a method that predicts activations (RBM, the network's output layer) need not, and is ranked by
its scores alone. Other ties go to the tag that comes first.

The context holds the answer: a method that returns the query and then the context scores 1 at every
cutoff up to the document's size. The completion protocol hides the relevant tags from the context instead.

References
----------
U. Sandouk, K. Chen, "Learning Contextualized Music Semantics from Tags via a Siamese Network",
section 5.2 and Supplement C.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from models import metrics
from models.encoders.contract import Tag
from models.protocols.scoring import Evaluation, OnBatch, Scorer, Tally, checked_scores
from models.types import IndexArray

DEFAULT_M = 25
"""Depth of the paper's MAP where nothing better is known; a little above CAL500's mean document."""


def evaluate_priming(
    scorer: Scorer,
    documents: Sequence[IndexArray],
    m: int = DEFAULT_M,
    self_first: bool = True,
    batch_size: int = 512,
    progress: OnBatch | None = None,
    cutoffs: Sequence[int] | None = None,
) -> Evaluation:
    """Query every (tag, document) pair of `documents` and measure the rankings.

    Parameters
    ----------
    scorer
        The method that is measured.
    documents
        Arrays of tag indices; empty ones give no query.
    m
        Depth of ``MAP@m (paper)``.
    self_first
        Whether the query tag is put at rank 1.
    batch_size
        Queries scored at a time, at least; a document's queries stay together.
    progress
        Called after every batch.
    cutoffs
        Cutoffs k of the metrics at k; by default those of the paper's tables.

    Raises
    ------
    EvaluationError
        If there is no query, or the scores have a wrong shape or hold NaN.
    """
    tally = Tally(len(documents), cutoffs)
    total = sum(len(document) for document in documents)
    done = 0
    for rows in _batches(documents, batch_size):
        owners = np.repeat(rows, [len(documents[row]) for row in rows])
        queries = np.concatenate([documents[row] for row in rows])
        contexts = [documents[owner] for owner in owners.tolist()]
        asked: list[Tag] = [int(query) for query in queries]
        scores = checked_scores(scorer, asked, contexts)
        if self_first:
            scores[np.arange(len(queries)), queries] = np.inf
        tally.add_rankings(metrics.rank(scores), contexts, owners, m)
        done += len(queries)
        if progress is not None:
            progress(done, total)
    return tally.evaluation()


def _batches(documents: Sequence[IndexArray], batch_size: int) -> Iterator[IndexArray]:
    """Yield positions of non-empty documents whose queries together reach `batch_size`."""
    rows: list[int] = []
    queries = 0
    for row, document in enumerate(documents):
        if not len(document):
            continue
        rows.append(row)
        queries += len(document)
        if queries >= batch_size:
            yield np.asarray(rows, dtype=np.int64)
            rows, queries = [], 0
    if rows:
        yield np.asarray(rows, dtype=np.int64)
