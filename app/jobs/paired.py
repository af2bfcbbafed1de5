"""Whether one model is better than another on the same documents: a paired test without a distribution."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def sign_flip_p_value(differences: Floats, flips: int = 10_000, seed: int = 0) -> float:
    """Return the two-sided p-value of a paired permutation test.

    If neither model were better, each document's difference could as well have the other sign. The
    p-value is the share of random sign patterns whose mean is at least as far from 0 as the one seen.

    Parameters
    ----------
    differences : array of shape (n,), float64
        One model's metric less the other's, a document each.
    flips
        Sign patterns drawn.
    seed
        Of the draw.

    Returns
    -------
    float
        In (0, 1]; 1 for no documents or no difference at all.

    References
    ----------
    Smucker, Allan and Carterette, A comparison of statistical significance tests for information
    retrieval evaluation, CIKM 2007.
    """
    if not len(differences):
        return 1.0
    rng = np.random.default_rng(seed)
    seen = abs(differences.mean())
    extreme, left = 0, flips
    while left:
        rows = min(left, max(1, 2_000_000 // len(differences)))
        signs = rng.integers(0, 2, size=(rows, len(differences)), dtype=np.int8) * 2 - 1
        means = np.abs((signs @ differences) / len(differences))
        extreme += int(np.count_nonzero(means >= seen - 1e-12))
        left -= rows
    return (extreme + 1) / (flips + 1)
