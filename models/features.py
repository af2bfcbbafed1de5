"""Tag features: tf-idf usage aggregated by dot product (the paper's section 3, Eq. 1).

The definitions both sides share. With binary tf, the cosine-normalised aggregate of two tags is their
co-occurrence count over the geometric mean of their document frequencies: the idf of a tag scales its
whole usage vector and cancels, but for its sign (Eq. 1's idf is negative for a tag on every document
and zero for one on all but one). That is why an OOV tag needs only its co-occurrence counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.types import Float32Array, Float64Array, IndexArray


@dataclass(frozen=True)
class Usage:
    """How an out-of-vocabulary tag is used: the documents seen with it, counted.

    Attributes
    ----------
    n_documents
        Documents that hold the tag; 0 for a tag that nothing is known of.
    indices : array of shape (m,), int64
        Vocabulary tags on at least one of them, sorted.
    counts : array of shape (m,), float32
        On how many of those documents each is.
    """

    n_documents: int
    indices: IndexArray
    counts: Float32Array

    @classmethod
    def of_context(cls, context: IndexArray) -> Usage:
        """Return the usage that one document gives: a query's own context, when nothing else is known."""
        return cls(1, np.asarray(context, dtype=np.int64), np.ones(len(context), dtype=np.float32))

    @classmethod
    def unknown(cls) -> Usage:
        """Return the usage of a tag that nothing is known of: its query is answered by the context alone."""
        return cls(0, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))


def idf(n_documents: int, document_frequency: npt.ArrayLike) -> Float64Array:
    """Return log(n_documents / (1 + document_frequency)), the paper's inverse document frequency.

    Parameters
    ----------
    n_documents
        Documents in the collection.
    document_frequency : array of shape (n_tags,)
        Documents that hold each tag.

    Returns
    -------
    array of shape (n_tags,), float64
        Negative for a tag on every document.
    """
    return np.log(n_documents / (1.0 + np.asarray(document_frequency, dtype=np.float64)))


def oov_features(usage: Usage, document_frequency: Float32Array, idf_sign: Float32Array) -> Float32Array:
    """Return the cosine of an OOV tag's usage with the usage of the tags it co-occurs with.

    All other features are zero; nothing of size n_tags is made.

    Parameters
    ----------
    usage
        Co-occurrence counts of the OOV tag.
    document_frequency : array of shape (n_tags,)
        Training documents of each vocabulary tag.
    idf_sign : array of shape (n_tags,)
        Sign of each vocabulary tag's idf; an OOV tag's own is positive, as a rare tag's is.

    Returns
    -------
    array of shape (m,), float32
        Features at ``usage.indices``.

    References
    ----------
    Sandouk and Chen, section 3, Eq. 1 and the paragraph after it.
    """
    n_j = np.maximum(document_frequency[usage.indices], 1.0)
    cosine = usage.counts * idf_sign[usage.indices] / np.sqrt(max(usage.n_documents, 1) * n_j)
    return np.asarray(cosine, dtype=np.float32)
