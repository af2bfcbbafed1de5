"""Co-occurrence counts in which copies of one tag set do not shout.

Half of a catalogue's albums share one tag set; counted once a track, they would drown the rest.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from models.types import Float64Array


def duplicate_weights(matrix: sparse.csr_array) -> Float64Array:
    """Return (documents with exactly the same tags)^-1/2 for each document.

    Parameters
    ----------
    matrix : sparse array of shape (n_documents, n_tags)
        Canonical CSR.

    Returns
    -------
    array of shape (n_documents,), float64
        1 for a document without copies.
    """
    bounds = zip(matrix.indptr[:-1].tolist(), matrix.indptr[1:].tolist(), strict=True)
    seen: dict[bytes, int] = {}
    kinds = [seen.setdefault(matrix.indices[start:stop].tobytes(), len(seen)) for start, stop in bounds]
    kind_of = np.asarray(kinds, dtype=np.int64)
    copies = np.bincount(kind_of, minlength=len(seen))
    return np.asarray(1.0 / np.sqrt(copies[kind_of]))


def cooccurrence(matrix: sparse.csr_array, weights: Float64Array | None = None) -> sparse.csr_array:
    """Return G = X'WX: how often, by weight, two tags share a document; the diagonal is how often each comes.

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
    plain = sparse.csr_array(matrix.astype(np.float64))
    weighted = plain if weights is None else sparse.csr_array(plain.multiply(weights[:, None]))
    return sparse.csr_array(plain.T @ weighted)
