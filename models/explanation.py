"""What each tag of the context contributed to a result of the completion encoder.

Conventions
-----------
A score is the towers' inner product and the linear term. The linear term is a sum over the query and its
context, so each tag's part of it is exact. The towers are not; a context tag's part is what the score
would lose without it (leave-one-out, other tags and the query staying). Parts by leave-one-out need not
sum to the towers' whole: what is left, and what the query says by itself, is the remainder.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.completion_encoder import CompletionEncoder, Floats
from models.encoders import Indices
from models.features import Usage
from models.index import Query


@dataclass(frozen=True)
class Explanation:
    """How the scores of some candidates for one query come about.

    Attributes
    ----------
    candidates : array of shape (n,), int64
        The explained tags.
    scores : array of shape (n,), float32
        Their scores.
    context : array of shape (k,), int64
        Context tags other than the query.
    linear, towers : arrays of shape (k, n), float32
        What each context tag adds to each score, exactly and by leave-one-out.
    query_linear : array of shape (n,), float32
        What the query adds by the linear term.
    remainder : array of shape (n,), float32
        The rest of the scores: the candidate's bias, and the towers where leave-one-out does not sum.
    """

    candidates: Indices
    scores: Floats
    context: Indices
    linear: Floats
    towers: Floats
    query_linear: Floats
    remainder: Floats


def explain(encoder: CompletionEncoder, query: Query, candidates: Indices) -> Explanation:
    """Split the scores of `candidates` for one query into its context tags' contributions.

    Parameters
    ----------
    encoder
        The encoder that ranked them.
    query
        The query as it was asked.
    candidates : array of shape (n,), int64
        In-vocabulary tags, e.g. a ranking's results.
    """
    local = query.local_context()
    context = local[local != query.tag] if not isinstance(query.tag, Usage) else local
    offered = encoder.candidates(None)[candidates]
    variants = [local, *(local[local != tag] for tag in context)]
    n = len(variants)
    vectors = encoder.encode_queries([query.tag] * n, variants, [query.focus] * n)
    products = np.asarray(vectors @ offered.T, dtype=np.float32)  # (1 + k, n)
    towers = products[:1] - products[1:]
    parts = encoder.linear_rows(query.tag, local, query.focus)[:, candidates]
    asked = np.arange(len(parts)) == len(local) if isinstance(query.tag, Usage) else local == query.tag
    linear, query_linear = parts[~asked], parts[asked].sum(axis=0)
    whole = encoder.linear_scores([query.tag], [local], [query.focus])[0, candidates]
    scores = np.asarray(products[0] + whole, dtype=np.float32)
    remainder = np.asarray(products[0] - towers.sum(axis=0), dtype=np.float32)
    return Explanation(candidates, scores, context, linear, towers, query_linear, remainder)
