"""The topic posterior of a bag of tags (the paper's Eq. 2), in NumPy.

The closed form, as Eq. 2 is written; its log is what the network is fed. (The variational posterior
of latent Dirichlet allocation, which only training needs, is in training/lda.py.)

Conventions
-----------
``log_topics[c, j]`` is log p(tag j | topic c). A document is an array of tag indices, each once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.types import Float32Array, Float64Array, FloatArray, IndexArray


def closed_form_log_posterior(
    documents: Sequence[IndexArray],
    log_prior: FloatArray,
    log_topics: FloatArray,
    length: float | None = None,
) -> Float64Array:
    """Return log p(topic) + sum over tags of log p(tag | topic), less its mean over topics.

    The log of Eq. 2 up to a constant per document. An empty document has the prior's.

    Parameters
    ----------
    documents
        Arrays of tag indices.
    log_prior : array of shape (n_topics,)
        Log of the topics' prior, up to a constant.
    log_topics : array of shape (n_topics, n_tags)
        Log of the topics' tag distributions.
    length
        None for Eq. 2 as it stands. Else each document counts as if it had so many tags: a sum over
        three tags would otherwise be nearer the prior than any document seen in training, so that all
        short contexts look alike.

    Returns
    -------
    array of shape (n_documents, n_topics), float64
        Rows with mean 0.

    References
    ----------
    Sandouk and Chen, Eq. 2.
    """
    prior = log_prior.astype(np.float64)
    rows = []
    for tags in documents:
        likelihood = log_topics[:, tags].sum(axis=1, dtype=np.float64)
        rows.append(prior + (likelihood if length is None else likelihood * (length / max(len(tags), 1))))
    posterior = np.stack(rows) if rows else np.empty((0, len(prior)))
    return np.asarray(posterior - posterior.mean(axis=1, keepdims=True))


def standardise_log_posterior(log_posterior: Float64Array, mean: FloatArray, std: FloatArray) -> Float32Array:
    """Return the z-scores of each topic's log posterior under training statistics, float32."""
    return np.asarray((log_posterior - mean) / std, dtype=np.float32)
