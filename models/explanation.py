"""What each tag of the context contributed to a result's score.

Conventions
-----------
A completion encoder's score is the towers' inner product and a linear term; the linear term is a sum over
the query and its context, so each tag's part of it is exact. For the rest, and for the whole score of an
encoder without such a term, a context tag's part is what would be lost without it (leave-one-out, other
tags and the query staying). Such parts need not sum to the whole: what is left, and what the query says
by itself, is the remainder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.encoders.contract import Encoder, Query
from models.index import scores_of_distances
from models.types import Float32Array, IndexArray


@dataclass(frozen=True)
class ScoreParts:
    """How the scores of some candidates for one query come about.

    Attributes
    ----------
    candidates : array of shape (n,), int64
        The explained tags.
    scores : array of shape (n,), float32
        Their scores.
    context : array of shape (k,), int64
        Context tags other than the query.
    linear, network : arrays of shape (k, n), float32
        What each context tag adds to each score, exactly and by leave-one-out.
    query_linear : array of shape (n,), float32
        What the query adds by the linear term.
    remainder : array of shape (n,), float32
        The rest of the scores: the candidate's bias, and the towers where leave-one-out does not sum.
    """

    candidates: IndexArray
    scores: Float32Array
    context: IndexArray
    linear: Float32Array
    network: Float32Array
    query_linear: Float32Array
    remainder: Float32Array


def explain(encoder: Encoder, query: Query, candidates: IndexArray) -> ScoreParts:
    """Split the scores of `candidates` for one query into its context tags' contributions.

    Parameters
    ----------
    encoder
        The encoder that ranked them.
    query
        The query.
    candidates : array of shape (n,), int64
        In-vocabulary tags, e.g. a ranking's results.
    """
    local = query.local_context
    context = local if query.out_of_vocabulary else local[local != query.tag]
    without_each = [Query(query.tag, local[local != tag], query.focus) for tag in context]
    found = _scores(encoder, [query, *without_each], candidates)  # (1 + k, n)
    network = found[:1] - found[1:]
    scores, remainder = found[0], found[0] - network.sum(axis=0)
    linear = np.zeros_like(network)
    query_linear = np.zeros(len(candidates), dtype=np.float32)
    parts = encoder.added_parts(query)
    if parts is not None:
        parts = parts[:, candidates]
        others = np.isin(np.append(local, -1)[: len(parts)], context)
        linear, query_linear = parts[others], parts[~others].sum(axis=0)
        scores = scores + parts.sum(axis=0)
    return ScoreParts(candidates, scores, context, linear, network, query_linear, remainder)


def _scores(encoder: Encoder, queries: Sequence[Query], candidates: IndexArray) -> Float32Array:
    """Return the scores of candidates for each query without what is added, shape (n_queries, n)."""
    vectors = encoder.encode(queries, with_added=False).vectors
    if encoder.metric == "ip":
        return np.asarray(vectors @ encoder.candidates(None)[candidates].T, dtype=np.float32)
    rows = []
    for vector, query in zip(vectors, queries, strict=True):
        furthest = query.out_of_vocabulary and encoder.oov_rule == "furthest"
        apart = np.linalg.norm(encoder.candidates(query.local_context)[candidates] - vector, axis=1)
        rows.append(scores_of_distances(apart, furthest))
    return np.stack(rows)
