"""Fit the map of a vocabulary: positions by t-SNE, and the sharpness that turns scores into shares.

References
----------
L. van der Maaten and G. Hinton, "Visualizing data using t-SNE", JMLR 9, 2008, which the paper's Figures 3
and D.1 use as well. A linear projection would be cheaper and show less: see `models.projection`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from models.encoders.contract import Encoder, Query
from models.index import Ranking, TagSearch
from models.projection import Projection, softmax
from models.types import Float32Array, FloatArray, IndexArray
from training.corpus import TagCorpus

LANDMARKS = 3_000
"""Number of most frequent tags whose positions t-SNE computes; other tags are placed among them."""

PERPLEXITY = 20.0
"""Perplexity of t-SNE: the effective number of neighbours of a tag."""

FEWEST = 10
"""Smallest vocabulary that t-SNE lays out; the tags of a smaller one are placed on a circle."""

NEAREST = 3
"""Number of nearest landmarks whose mean place is the base position of another tag."""

RELATED = 10.0
"""Median perplexity of the shares of a query: the effective number of tags related to it."""

QUERIES = 200
MOST_CONTEXT = 4


def fit_projection(encoder: Encoder, corpus: TagCorpus, seed: int) -> Projection:
    """Return the map of an encoder, the same for the same seed.

    Parameters
    ----------
    encoder
        The encoder as it will be served.
    corpus
        Training documents, from which sample queries are drawn; its vocabulary is the encoder's.
    seed
        Seed of the layout and of the drawn queries.
    """
    positions = layout(encoder.similarity_vectors(), corpus.document_frequency, seed)
    return Projection(positions, fit_sharpness(typical_rankings(encoder, corpus, seed)))


def layout(vectors: Float32Array, frequency: IndexArray, seed: int) -> Float32Array:
    """Return a base position for every vector, shape (n, 2), float32, scaled to [-1, 1].

    Parameters
    ----------
    vectors : array of shape (n, dim), float32
        Compared by Euclidean distance.
    frequency : array of shape (n,), int64
        The most frequent are the landmarks.
    seed
        Seed of t-SNE.
    """
    landmarks = np.sort(np.argsort(-frequency, kind="stable")[:LANDMARKS])
    found = np.empty((len(vectors), 2))
    found[landmarks] = _tsne(vectors[landmarks], seed)
    others = np.setdiff1d(np.arange(len(vectors)), landmarks)
    for part in np.array_split(others, max(1, len(others) // 4096)):
        found[part] = _settle(vectors[part], vectors[landmarks], found[landmarks])
    found -= (found.max(axis=0) + found.min(axis=0)) / 2
    widest = float(np.abs(found).max())
    return np.clip(found / (widest or 1.0), -1, 1).astype(np.float32)


def fit_sharpness(rankings: Sequence[Ranking]) -> float:
    """Return the sharpness at which the median perplexity of the rankings' shares is `RELATED`.

    It is found by bisection of its logarithm; perplexity falls as sharpness grows. Where no sharpness reaches
    `RELATED`, as in a smaller vocabulary, the end of the range is returned; without rankings, 1.
    """
    if not rankings:
        return 1.0
    low, high = np.log(1e-3), np.log(1e3)
    for _ in range(40):
        middle = (low + high) / 2
        if np.median([perplexity(softmax(np.exp(middle) * found.scores)) for found in rankings]) > RELATED:
            low = middle
        else:
            high = middle
    return float(np.float32(np.exp((low + high) / 2)))


def perplexity(shares: Float32Array) -> float:
    """Return exp of the entropy of shares that sum to 1: their effective number of tags."""
    held = shares[shares > 0].astype(np.float64)
    return float(np.exp(-(held * np.log(held)).sum()))


def typical_rankings(encoder: Encoder, corpus: TagCorpus, seed: int) -> list[Ranking]:
    """Rank the whole vocabulary for queries drawn from documents, query and context left out."""
    rng, search = np.random.default_rng(seed), TagSearch(encoder)
    documents = [document for document in corpus.documents() if 0 < len(document) < corpus.n_tags]
    rankings = []
    for position in rng.choice(len(documents), min(QUERIES, len(documents)), replace=False):
        drawn = rng.permutation(documents[position])[: 1 + rng.integers(MOST_CONTEXT + 1)]
        tags = drawn.astype(np.int64)
        rankings += search.search([Query(int(tags[0]), tags[1:])], corpus.n_tags, [tags])
    return rankings


def _tsne(vectors: Float32Array, seed: int) -> FloatArray:
    n = len(vectors)
    if n < FEWEST:
        angles = 2 * np.pi * np.arange(n) / n
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)
    wanted = min(PERPLEXITY, (n - 1) / 3)
    # One thread: several add numbers in varying order, and a bundle must be reproducible.
    with threadpool_limits(1):
        found: FloatArray = TSNE(perplexity=wanted, init="pca", random_state=seed, n_jobs=1).fit_transform(
            vectors
        )
    return found


def _settle(vectors: Float32Array, landmarks: Float32Array, places: FloatArray) -> FloatArray:
    """Return the mean place of each vector's nearest landmarks, weighted by 1 / d^2; shape (n, 2)."""
    squares = (vectors**2).sum(axis=1)[:, None] + (landmarks**2).sum(axis=1)[None, :]
    apart = np.maximum(squares - 2 * vectors @ landmarks.T, 0)  # (n, n_landmarks)
    nearest = np.argpartition(apart, NEAREST - 1, axis=1)[:, :NEAREST]
    weights = 1 / (np.take_along_axis(apart, nearest, axis=1) + 1e-6)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray((weights[:, :, None] * places[nearest]).sum(axis=1))
