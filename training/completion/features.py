"""Features of tags for the towers: whom a tag is used with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

Floats = npt.NDArray[np.float32]

PROJECTED_ABOVE = 300
"""Tags above which features are projected on singular vectors."""


@dataclass(frozen=True)
class CountFeatures:
    """Rows of the co-occurrence counts, made comparable.

    Attributes
    ----------
    values : array of shape (n_tags, n_features), float32
        Row t of G without its own slot (so that unseen tags' rows look alike), column j over sqrt(n_j),
        of length 1; projected where there are many tags.
    projection : array of shape (n_tags, n_features), float32
        What projects such rows: an unseen tag's row times this is its features.
    """

    values: Floats
    projection: Floats


def count_features(counts: sparse.csr_array, n_features: int, seed: int) -> CountFeatures:
    """Return the features of all tags.

    Parameters
    ----------
    counts : sparse array of shape (n_tags, n_tags)
        Weighted co-occurrence counts with the tags' own on the diagonal; never made dense above
        `PROJECTED_ABOVE` tags.
    n_features
        Singular vectors kept, above `PROJECTED_ABOVE` tags.
    seed
        Of the randomised decomposition.
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
