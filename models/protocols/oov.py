"""Out-of-vocabulary priming: the paper's section 5.6.

Conventions
-----------
Some tags, and every document that holds one, are reserved before training. A query is every
(reserved tag, reserved document that holds it) pair. The tag is known by its usage alone: how many
reserved documents hold it, and how often each vocabulary tag comes with it there. Context and
relevant tags are the document's in-vocabulary tags; a document without any gives no query. All
ranked tags are in-vocabulary.

The paper takes the *furthest* tags for an OOV tag's most related ones, because its training embeds
all negative examples close to each other. Both rules are always measured; which one a model needs is a
property of the model and is chosen on validation documents.

References
----------
U. Sandouk, K. Chen, "Learning Contextualized Music Semantics from Tags via a Siamese Network",
sections 5.2 and 5.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models import metrics
from models.encoders.contract import OovRule
from models.features import Usage
from models.protocols.scoring import Evaluation, OnBatch, Scorer, Tally, checked_scores
from models.types import IndexArray

RULES: tuple[OovRule, ...] = ("nearest", "furthest")


@dataclass(frozen=True)
class OovQuery:
    """A reserved tag in one of its documents.

    Attributes
    ----------
    usage
        How the tag is used over all reserved documents.
    context : array of int64
        The document's in-vocabulary tags: the local context, and what is relevant.
    document
        Position of the document among the reserved ones.
    """

    usage: Usage
    context: IndexArray
    document: int


def oov_queries(known: Sequence[IndexArray], reserved: Sequence[IndexArray]) -> list[OovQuery]:
    """Build the queries of reserved documents.

    Parameters
    ----------
    known
        In-vocabulary tags of each reserved document.
    reserved
        Reserved tags of the same documents, by any numbering.

    Returns
    -------
    list of OovQuery
        By tag, then by document. A tag that shares no document with a vocabulary tag gives none.
    """
    holders: dict[int, list[int]] = {}
    for row, tags in enumerate(reserved):
        for tag in tags:
            holders.setdefault(int(tag), []).append(row)
    queries = []
    for tag in sorted(holders):
        rows = holders[tag]
        indices, counts = np.unique(np.concatenate([known[row] for row in rows]), return_counts=True)
        usage = Usage(len(rows), indices.astype(np.int64), counts.astype(np.float32))
        queries += [OovQuery(usage, known[row], row) for row in rows if len(known[row])]
    return queries


def evaluate_oov(
    scorer: Scorer,
    queries: Sequence[OovQuery],
    m: int = 5,
    batch_size: int = 512,
    progress: OnBatch | None = None,
    cutoffs: Sequence[int] | None = None,
) -> dict[OovRule, Evaluation]:
    """Measure the rankings of `queries` under both rules.

    Parameters
    ----------
    scorer
        The method that is measured; it must accept a `Usage` as a query.
    queries
        From :func:`oov_queries`.
    m
        Depth of ``MAP@m (paper)``.
    batch_size
        Queries scored at a time.
    progress
        Called after every batch.
    cutoffs
        Cutoffs k of the metrics at k; by default those of the paper's tables.

    Returns
    -------
    dict
        By rule: ``nearest`` ranks by falling score, ``furthest`` by rising score.

    Raises
    ------
    EvaluationError
        If there is no query, or the scores have a wrong shape or hold NaN.
    """
    n_documents = 1 + max((query.document for query in queries), default=-1)
    tallies = {rule: Tally(n_documents, cutoffs) for rule in RULES}
    for start in range(0, len(queries), batch_size):
        batch = queries[start : start + batch_size]
        contexts = [query.context for query in batch]
        scores = checked_scores(scorer, [query.usage for query in batch], contexts)
        owners = np.asarray([query.document for query in batch])
        for rule, tally in tallies.items():
            order = metrics.rank(scores if rule == "nearest" else -scores)
            tally.add_rankings(order, contexts, owners, m)
        if progress is not None:
            progress(start + len(batch), len(queries))
    return {rule: tally.evaluation() for rule, tally in tallies.items()}
