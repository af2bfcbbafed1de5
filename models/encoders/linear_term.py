"""The linear item-item term of the completion encoder, and its exact update for an unseen tag.

Conventions
-----------
``B[t, c]`` is what tag t in the context adds to candidate c; its diagonal is zero. B = -P / diag P by
columns, where P is the inverse of the regularised co-occurrence counts, so that ``P[t, c]`` is
``-B[t, c] * P[c, c]`` and the two arrays kept here hold all of P.

References
----------
H. Steck, "Autoencoders that don't overfit towards the identity", NeurIPS 2020.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.encoders.cooccurrence_share import check_rows
from models.errors import BundleError
from models.features import Usage
from models.types import Float32Array, IndexArray, Int32Array


@dataclass(frozen=True)
class LinearTerm:
    """B by rows, dense or sparse.

    Attributes
    ----------
    indptr : array of shape (n_tags + 1,), int64, or None
        Row bounds of the sparse form; None where B is dense.
    indices : array of shape (n_stored,), int32, or None
        Columns of the sparse form.
    values : array of shape (n_tags, n_tags) or (n_stored,), float32
        B, or its stored entries.
    diagonal : array of shape (n_tags,), float32
        Diagonal of P; positive.
    l2, dropout
        What it was solved with: the penalty of a tag on n documents is l2 + dropout / (1 - dropout) n.
    """

    indptr: IndexArray | None
    indices: Int32Array | None
    values: Float32Array
    diagonal: Float32Array
    l2: float
    dropout: float

    @classmethod
    def dense(cls, values: Float32Array, diagonal: Float32Array, l2: float, dropout: float) -> LinearTerm:
        """Return the dense form."""
        return cls(None, None, values, diagonal, l2, dropout)

    @classmethod
    def sparse(
        cls,
        indptr: IndexArray,
        indices: Int32Array,
        values: Float32Array,
        diagonal: Float32Array,
        l2: float,
        dropout: float,
    ) -> LinearTerm:
        """Return the sparse form, CSR."""
        return cls(indptr, indices, values, diagonal, l2, dropout)

    def validate(self) -> None:
        """Check what a file may have got wrong.

        Raises
        ------
        BundleError
            If the diagonal is not positive, the dropout not in [0, 1), or the sparse form's bounds or
            columns are out of range.
        """
        if not (self.diagonal > 0).all():
            raise BundleError(f"linear_diagonal must be positive; its least value is {self.diagonal.min()}")
        if not 0 <= self.dropout < 1:
            raise BundleError(f"the linear term's dropout must be in [0, 1); got {self.dropout}")
        if self.indptr is not None and self.indices is not None:
            check_rows("linear", self.indptr, self.indices)

    @property
    def n_tags(self) -> int:
        """Size of the vocabulary."""
        return len(self.diagonal)

    def penalty(self, n_documents: float) -> float:
        """Return the penalty of a tag on so many documents."""
        return self.l2 + self.dropout / (1.0 - self.dropout) * n_documents

    def combine(self, tags: IndexArray, weights: Float32Array) -> Float32Array:
        """Return the weighted sum of the rows of B at `tags`, shape (n_tags,)."""
        if self.indptr is None or self.indices is None:
            return np.asarray(weights @ self.values[tags], dtype=np.float32)
        total = np.zeros(self.n_tags, dtype=np.float32)
        for tag, weight in zip(tags.tolist(), weights.tolist(), strict=True):
            stored = slice(self.indptr[tag], self.indptr[tag + 1])
            total[self.indices[stored]] += weight * self.values[stored]
        return total

    def score_unseen(
        self, usage: Usage, context: IndexArray, weights: Float32Array, own_weight: float
    ) -> Float32Array:
        """Return the same with an unseen tag among the context, as if it had been trained on.

        Adding a tag to the counts is a rank-one update of P: with g its counts, u = P g and
        s = n + Lambda - g'u, P gains u u' / s on the known tags and -u / s between them and the new one.

        Parameters
        ----------
        usage
            The unseen tag's counts.
        context, weights
            In-vocabulary context tags and how much each counts.
        own_weight
            How much the unseen tag counts.

        Returns
        -------
        array of shape (n_tags,), float32
        """
        inverse = self.updated(usage)
        return inverse.rows(self, context, weights) + np.float32(own_weight) * inverse.own_row()

    def updated(self, usage: Usage) -> Update:
        """Return the update of P that an unseen tag brings."""
        counts = usage.counts.astype(np.float32)
        known = np.zeros(self.n_tags, dtype=np.float32)
        known[usage.indices] = counts * self.diagonal[usage.indices]
        u = known - self.combine(usage.indices, counts) * self.diagonal  # P g, by rows of P = P'
        penalty = self.penalty(usage.n_documents)
        # Counts from other documents than P's may not fit it; the complement is at least the penalty.
        complement = max(usage.n_documents + penalty - float(counts @ u[usage.indices]), penalty)
        diagonal = (self.diagonal + u * u / complement).astype(np.float32)
        return Update(u, complement, diagonal)


@dataclass(frozen=True)
class Update:
    """The rank-one update of P by one unseen tag.

    Attributes
    ----------
    u : array of shape (n_tags,), float32
        P g.
    complement
        s, the Schur complement.
    diagonal : array of shape (n_tags,), float32
        Updated diagonal of P.
    """

    u: Float32Array
    complement: float
    diagonal: Float32Array

    def own_row(self) -> Float32Array:
        """Return the unseen tag's row of the updated B."""
        return np.asarray(self.u / (np.float32(self.complement) * self.diagonal), dtype=np.float32)

    def rows(self, term: LinearTerm, context: IndexArray, weights: Float32Array) -> Float32Array:
        """Return the weighted sum of the updated rows of B at `context`."""
        shared = self.u * np.float32(float(weights @ self.u[context]) / self.complement)
        own = self.u[context] ** 2 * weights / np.float32(self.complement)
        shared[context] -= own  # the diagonal of B stays zero
        plain = term.combine(context, weights) * term.diagonal
        return np.asarray((plain - shared) / self.diagonal, dtype=np.float32)
