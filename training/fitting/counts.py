"""Co-occurrence counts in which duplicate tag sets are down-weighted.

On about half of a catalogue's albums all tracks have the same tag set. With full weight, these duplicates
would dominate the counts.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from models.types import Float64Array


def duplicate_weights(matrix: sparse.csr_array) -> Float64Array:
    """Return n^-1/2 for each document, where n documents have exactly its tags.

    Parameters
    ----------
    matrix : sparse array of shape (n_documents, n_tags)
        Canonical CSR.

    Returns
    -------
    array of shape (n_documents,), float64
        1 for a document without duplicates.
    """
    bounds = zip(matrix.indptr[:-1].tolist(), matrix.indptr[1:].tolist(), strict=True)
    seen: dict[bytes, int] = {}
    numbers = [seen.setdefault(matrix.indices[start:stop].tobytes(), len(seen)) for start, stop in bounds]
    tag_set = np.asarray(numbers, dtype=np.int64)
    duplicates = np.bincount(tag_set, minlength=len(seen))
    return np.asarray(1.0 / np.sqrt(duplicates[tag_set]))


def cooccurrence(matrix: sparse.csr_array, weights: Float64Array | None = None) -> sparse.csr_array:
    """Return G = X'WX: weighted document counts of pairs of tags, and of single tags on the diagonal.

    Parameters
    ----------
    matrix : sparse array of shape (n_documents, n_tags)
        1 where a document holds a tag.
    weights : array of shape (n_documents,), optional
        1 for every document by default.

    Returns
    -------
    sparse array of shape (n_tags, n_tags), float64
    """
    unweighted = sparse.csr_array(matrix.astype(np.float64))
    weighted = unweighted if weights is None else sparse.csr_array(unweighted.multiply(weights[:, None]))
    return sparse.csr_array(unweighted.T @ weighted)
