"""The topic posterior of a bag of tags (the paper's Eq. 2), in NumPy.

Conventions
-----------
``log_topics[c, j]`` is log p(tag j | topic c); ``log_prior[c]`` is log p(topic c), up to a constant.
A document is an array of tag indices.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


def closed_form_log_posterior(
    documents: Sequence[Indices], log_prior: npt.NDArray[np.floating], log_topics: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Return log p(topic) + sum over tags of log p(tag | topic), less its mean over topics.

    The log of Eq. 2 up to a constant per document. An empty document has the prior's.

    Parameters
    ----------
    documents
        Arrays of tag indices.
    log_prior : array of shape (n_topics,)
        Log of the topics' prior.
    log_topics : array of shape (n_topics, n_tags)
        Log of the topics' tag distributions.

    Returns
    -------
    array of shape (n_documents, n_topics), float64
        Rows with mean 0.

    References
    ----------
    Sandouk and Chen, Eq. 2.
    """
    prior = log_prior.astype(np.float64)
    rows = [prior + log_topics[:, tags].sum(axis=1, dtype=np.float64) for tags in documents]
    posterior = np.stack(rows) if rows else np.empty((0, len(prior)))
    return np.asarray(posterior - posterior.mean(axis=1, keepdims=True))


def standardise_log_posterior(
    log_posterior: npt.NDArray[np.float64],
    mean: npt.NDArray[np.floating],
    std: npt.NDArray[np.floating],
) -> Floats:
    """Return the z-scores of each topic's log posterior under training statistics, float32."""
    return np.asarray((log_posterior - mean) / std, dtype=np.float32)
