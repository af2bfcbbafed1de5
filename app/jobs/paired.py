"""Whether one model is better than another on the same documents: a paired test without a distribution."""

from __future__ import annotations

import numpy as np

from models.types import Float64Array


def sign_flip_p_values(differences: Float64Array, flips: int = 10_000, seed: int = 0) -> Float64Array:
    """Return the two-sided p-values of a paired permutation test, one a metric.

    If neither model were better, each document's difference could as well have the other sign. The
    p-value is the share of random sign patterns whose mean is at least as far from 0 as the one seen.

    Parameters
    ----------
    differences : array of shape (n_documents, n_metrics), float64
        One model's metrics less the other's.
    flips
        Sign patterns drawn.
    seed
        Of the draw.

    Returns
    -------
    array of shape (n_metrics,), float64
        In (0, 1]; 1 for no documents or no difference at all.

    References
    ----------
    Smucker, Allan and Carterette, A comparison of statistical significance tests for information
    retrieval evaluation, CIKM 2007.
    """
    if not len(differences):
        return np.ones(differences.shape[1])
    rng = np.random.default_rng(seed)
    seen = np.abs(differences.mean(axis=0))
    extreme, left = np.zeros(differences.shape[1], dtype=np.int64), flips
    while left:
        rows = min(left, max(1, 2_000_000 // len(differences)))
        signs = rng.integers(0, 2, size=(rows, len(differences)), dtype=np.int8) * 2 - 1
        means = np.abs((signs @ differences) / len(differences))
        extreme += np.count_nonzero(means >= seen - 1e-12, axis=0)
        left -= rows
    return np.asarray((extreme + 1) / (flips + 1), dtype=np.float64)
