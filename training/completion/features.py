"""Features of tags for the towers: their normalised co-occurrence counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from models.types import Float32Array

PROJECTED_ABOVE = 300
"""Largest vocabulary whose features are the counts themselves; above it they are projected."""


@dataclass(frozen=True)
class CountFeatures:
    """Normalised rows of the co-occurrence counts.

    Attributes
    ----------
    values : array of shape (n_tags, n_features), float32
        Row t of G with a diagonal of zero, as the row of an unseen tag has none; column j is divided by
        sqrt(n_j) and each row by its length. Projected on singular vectors in large vocabularies.
    projection : array of shape (n_tags, n_features), float32
        The features of an unseen tag are its normalised row times this matrix.
    """

    values: Float32Array
    projection: Float32Array


def count_features(counts: sparse.csr_array, n_features: int, seed: int) -> CountFeatures:
    """Return the features of all tags.

    Parameters
    ----------
    counts : sparse array of shape (n_tags, n_tags)
        Weighted co-occurrence counts with the document frequencies on the diagonal. Above
        `PROJECTED_ABOVE` tags they are never made dense.
    n_features
        Number of singular vectors, above `PROJECTED_ABOVE` tags.
    seed
        Seed of the randomised decomposition.
    """
    n_tags = counts.shape[0]
    rows = sparse.csr_array(counts - sparse.diags_array(counts.diagonal()))
    rows.eliminate_zeros()
    root = np.sqrt(np.maximum(counts.diagonal(), 1e-6))
    rows = sparse.csr_array(rows.multiply(1.0 / root[None, :]))
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    rows = sparse.csr_array(rows.multiply(1.0 / np.maximum(length, 1e-9)[:, None]))
    if n_tags <= PROJECTED_ABOVE:
        return CountFeatures(rows.toarray().astype(np.float32), np.eye(n_tags, dtype=np.float32))
    kept = min(n_features, n_tags - 1)
    _, _, directions = randomized_svd(sparse.csr_matrix(rows), kept, random_state=seed)
    projection = np.ascontiguousarray(directions.T)
    return CountFeatures(
        np.asarray(rows @ projection, dtype=np.float32), np.asarray(projection, dtype=np.float32)
    )
