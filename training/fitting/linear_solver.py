"""The linear item-item term: EASE and its denoising form EDLAE, dense or column by column.

Conventions
-----------
``B[t, c]`` is what tag t in the context adds to candidate c; the diagonal is zero. With
P = (G + diag Lambda)^-1 it is -P_tc / P_cc; the diagonal of P is kept beside it, because with both every
row of P is known and an unseen tag's row follows without training anew (see `models.encoders.linear_term`).

References
----------
H. Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019.
H. Steck, "Autoencoders that don't overfit towards the identity", NeurIPS 2020.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import linalg, sparse

from models.encoders.contract import Tag
from models.encoders.linear_term import LinearTerm, Update
from models.features import Usage
from models.types import Float32Array, Float64Array, IndexArray

DENSE_UP_TO = 20_000
"""Largest vocabulary whose B is a dense array; above it no array of size n_tags x n_tags is made."""

NEIGHBOURS = 256
"""Largest number of tags that predict one tag in the sparse term."""


def penalties(document_frequency: Float64Array, l2: float, dropout: float) -> Float64Array:
    """Return Lambda = l2 + dropout / (1 - dropout) * n, shape (n_tags,)."""
    return np.asarray(l2 + dropout / (1.0 - dropout) * document_frequency, dtype=np.float64)


def fit_linear(
    counts: sparse.csr_array,
    l2: float,
    dropout: float,
    dense_up_to: int = DENSE_UP_TO,
    neighbours: int = NEIGHBOURS,
) -> LinearTerm:
    """Solve for the linear term: exactly up to `dense_up_to` tags, column by column above it.

    Parameters
    ----------
    counts : sparse array of shape (n_tags, n_tags)
        G of :func:`training.fitting.counts.cooccurrence`.
    l2
        Ridge penalty; positive, because a tag that no document holds makes the system singular without it.
    dropout
        Share of the tags that training hides, 0 <= dropout < 1; 0 is EASE.
    dense_up_to
        Largest vocabulary that is solved exactly.
    neighbours
        Largest number of tags that predict one tag, above `dense_up_to`.
    """
    if counts.shape[0] <= dense_up_to:
        return solve_dense(counts, l2, dropout)
    return solve_columns(counts, l2, dropout, neighbours)


def solve_dense(counts: sparse.csr_array, l2: float, dropout: float) -> LinearTerm:
    """Return the exact term from one inverse."""
    system = counts.toarray()
    system[np.diag_indices_from(system)] += penalties(counts.diagonal(), l2, dropout)
    factor, lower = linalg.cho_factor(system, lower=True, overwrite_a=True, check_finite=False)
    inverse = linalg.cho_solve((factor, lower), np.eye(len(factor)), overwrite_b=True, check_finite=False)
    diagonal = inverse.diagonal().copy()
    inverse /= -diagonal[None, :]
    np.fill_diagonal(inverse, 0.0)
    return LinearTerm.dense(inverse.astype(np.float32), diagonal.astype(np.float32), l2, dropout)


def solve_columns(
    counts: sparse.csr_array, l2: float, dropout: float, neighbours: int = NEIGHBOURS
) -> LinearTerm:
    """Return an approximate sparse term: each column is regressed on its nearest neighbours.

    A column's neighbours are the tags of largest G_tc^2 / n_t; among them the regression is exact. Compared
    with :func:`solve_dense`, the part of B outside of the neighbours is lost.
    """
    n_tags = counts.shape[0]
    document_frequency = counts.diagonal()
    penalty = penalties(document_frequency, l2, dropout)
    csc = sparse.csc_array(counts)
    rows, values, lengths = [], [], np.zeros(n_tags, dtype=np.int64)
    diagonal = np.empty(n_tags, dtype=np.float64)
    for tag in range(n_tags):
        others = csc.indices[csc.indptr[tag] : csc.indptr[tag + 1]]
        shared = csc.data[csc.indptr[tag] : csc.indptr[tag + 1]]
        others, shared = others[others != tag], shared[others != tag]
        if len(others) > neighbours:
            strength = shared**2 / document_frequency[others]
            best = np.sort(np.argpartition(-strength, neighbours)[:neighbours])
            others, shared = others[best], shared[best]
        own = document_frequency[tag] + penalty[tag]
        if len(others):
            system = _block(counts, others)
            system[np.diag_indices_from(system)] += penalty[others]
            weights = linalg.solve(system, shared, assume_a="pos", check_finite=False)
            own -= shared @ weights  # the Schur complement: 1 / P_cc
            rows.append(others)
            values.append(weights)
            lengths[tag] = len(others)
        diagonal[tag] = 1.0 / own
    empty = not rows
    by_column = sparse.csc_array(
        (
            np.empty(0) if empty else np.concatenate(values),
            np.empty(0, dtype=np.int64) if empty else np.concatenate(rows),
            np.concatenate([[0], np.cumsum(lengths)]),
        ),
        shape=counts.shape,
    )
    by_row = sparse.csr_array(by_column)
    by_row.sort_indices()
    return LinearTerm.sparse(
        by_row.indptr.astype(np.int64),
        by_row.indices.astype(np.int32),
        by_row.data.astype(np.float32),
        diagonal.astype(np.float32),
        l2,
        dropout,
    )


def _block(counts: sparse.csr_array, tags: IndexArray) -> Float64Array:
    """Return the dense sub-matrix of `counts` at `tags`."""
    return np.asarray(counts[tags][:, tags].toarray(), dtype=np.float64)


class TermScorer:
    """Scores with a linear term alone; the query tag is one of the context."""

    def __init__(self, term: LinearTerm) -> None:
        self._term = term

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Sum the rows of B; see `training.baselines.method.Method.score`."""
        updates: dict[int, Update] = {}
        scores = np.zeros((len(queries), self._term.n_tags), dtype=np.float32)
        for row, query, context in zip(scores, queries, contexts, strict=True):
            weights = np.ones(len(context), dtype=np.float32)
            if isinstance(query, Usage) and query.n_documents:
                update = updates.get(id(query)) or updates.setdefault(id(query), self._term.updated(query))
                row[:] = update.rows(self._term, context, weights) + update.own_row()
            else:
                row[:] = self._term.combine(context, weights)
        return scores
