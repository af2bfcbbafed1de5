"""Tag-to-tag relatedness from usage vectors (the paper's Supplement D.1; Markines et al., 2009).

A tag's usage vector is its column of the re-weighted document-tag matrix. Three of the measures read
it as a multinomial distribution over documents: negative weights (a tag on nearly every document) are
clipped at 0, and a tag without weight is replaced by the uniform distribution.

References
----------
B. Markines et al., "Evaluating similarity measures for emergent semantics of social tagging", WWW 2009.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from scipy import sparse

from models.errors import TrainingError
from models.types import Float64Array

Aggregation = Literal["dot", "cosine", "kl", "hellinger", "mi"]
AGGREGATIONS: tuple[Aggregation, ...] = get_args(Aggregation)

SMOOTHING = 1e-6
"""Added to every probability inside a KL divergence, which would be infinite without it."""


def aggregate(usage: sparse.csr_array, aggregation: Aggregation) -> Float64Array:
    """Return the measure of every pair of tags.

    Parameters
    ----------
    usage : sparse array of shape (n_documents, n_tags)
        A re-weighted document-tag matrix.
    aggregation
        ``dot``: dot product; ``cosine``: cosine of the angle; ``kl``: Kullback-Leibler divergence of row
        tag from column tag; ``hellinger``: Hellinger distance; ``mi``: see `mutual_information`.

    Returns
    -------
    array of shape (n_tags, n_tags), float64
        Row i holds the features of tag i.

    Raises
    ------
    TrainingError
        If the aggregation is unknown.
    """
    if aggregation == "dot":
        return np.asarray((usage.T @ usage).toarray())
    if aggregation == "cosine":
        norms = np.sqrt(np.asarray(usage.multiply(usage).sum(axis=0)).ravel())
        scale = sparse.diags_array(1.0 / np.where(norms > 0, norms, 1.0))
        return np.asarray((scale @ (usage.T @ usage) @ scale).toarray())
    if aggregation not in AGGREGATIONS:
        raise TrainingError(f"aggregation {aggregation!r} is unknown; known: {', '.join(AGGREGATIONS)}")
    distributions = as_distributions(usage.T.toarray())
    if aggregation == "kl":
        return kl_divergence(distributions)
    if aggregation == "hellinger":
        overlap = np.sqrt(distributions) @ np.sqrt(distributions).T
        return np.sqrt(np.maximum(1.0 - overlap, 0.0))
    return mutual_information(np.maximum(usage.T.toarray(), 0.0))


def as_distributions(vectors: Float64Array) -> Float64Array:
    """Return the rows clipped at 0 and divided by their sums; uniform where the sum is 0."""
    clipped = np.maximum(vectors, 0.0)
    sums = clipped.sum(axis=1, keepdims=True)
    uniform = np.full_like(clipped, 1.0 / clipped.shape[1])
    return np.where(sums > 0, clipped / np.where(sums > 0, sums, 1.0), uniform)


def kl_divergence(distributions: Float64Array) -> Float64Array:
    """Return KL(row i || row j), smoothed, shape (n, n)."""
    smooth = distributions + SMOOTHING
    smooth /= smooth.sum(axis=1, keepdims=True)
    negative_entropy = (smooth * np.log(smooth)).sum(axis=1)
    return np.asarray(np.maximum(negative_entropy[:, None] - smooth @ np.log(smooth).T, 0.0))


def mutual_information(vectors: Float64Array, others: Float64Array | None = None) -> Float64Array:
    """Return the mutual information of "which of two vectors" and "which coordinate", in nats.

    Two non-negative vectors, stacked, make a 2 x n table of joint weights; its mutual information is the
    Jensen-Shannon divergence of the two as multinomials, each weighted by its mass. 0 for proportional
    vectors, ln 2 for disjoint ones of equal mass.

    Parameters
    ----------
    vectors : array of shape (n, dim)
        Non-negative.
    others : array of shape (m, dim), optional
        Non-negative; `vectors` by default.

    Returns
    -------
    array of shape (n, m), float64
    """
    others = vectors if others is None else others
    mass, other_mass = vectors.sum(axis=1), others.sum(axis=1)
    total = mass[:, None] + other_mass[None]
    # Sums of x log x, over the joint table's cells, columns, rows and whole.
    cells = _xlogx(vectors).sum(axis=1)[:, None] + _xlogx(others).sum(axis=1)[None]
    columns = np.stack([_xlogx(row[None] + others).sum(axis=1) for row in vectors])
    rows = _xlogx(mass)[:, None] + _xlogx(other_mass)[None]
    information = cells - columns - rows + _xlogx(total)
    return np.asarray(np.maximum(information / np.where(total > 0, total, 1.0), 0.0))


def _xlogx(values: Float64Array) -> Float64Array:
    return np.asarray(values * np.log(np.where(values > 0, values, 1.0)))
