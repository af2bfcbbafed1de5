"""Fit the map of a vocabulary: homes by t-SNE, and how sharply scores tell the related from the rest.

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
"""Tags, the most used ones, whose homes are found by t-SNE; the others settle among them."""

PERPLEXITY = 20.0
"""Neighbours that t-SNE keeps together."""

FEWEST = 10
"""Tags that are too few to have neighbourhoods stand in a circle; these are enough."""

NEAREST = 3
"""Landmarks among which another tag settles."""

RELATED = 10.0
"""Perplexity of the shares of a typical query: how many tags it is seen to be related to."""

QUERIES = 200
MOST_CONTEXT = 4


def fit_projection(encoder: Encoder, corpus: TagCorpus, seed: int) -> Projection:
    """Return the map of an encoder, the same for the same seed.

    Parameters
    ----------
    encoder
        As it will be served.
    corpus
        Training documents, for typical queries; its vocabulary is the encoder's.
    seed
        Of the layout and the drawn queries.
    """
    homes = layout(encoder.similarity_vectors(), corpus.document_frequency, seed)
    return Projection(homes, fit_sharpness(typical_rankings(encoder, corpus, seed)))


def layout(vectors: Float32Array, frequency: IndexArray, seed: int) -> Float32Array:
    """Return a home for every vector, shape (n, 2), float32, filling [-1, 1].

    Parameters
    ----------
    vectors : array of shape (n, dim), float32
        Compared by Euclidean distance.
    frequency : array of shape (n,), int64
        The most frequent are the landmarks.
    seed
        Of t-SNE.
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
    """Return what makes the median perplexity of the rankings' shares `RELATED`, by bisection of its log.

    Perplexity falls as sharpness grows. Where no sharpness reaches it, as in a vocabulary that is smaller,
    the end of the range is returned; where there is no ranking, 1.
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
    """Return exp of the entropy of shares that sum to 1: the number of tags they amount to."""
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
    # One thread: more of them add up in another order each time, and a bundle is to be made again.
    with threadpool_limits(1):
        found: FloatArray = TSNE(perplexity=wanted, init="pca", random_state=seed, n_jobs=1).fit_transform(
            vectors
        )
    return found


def _settle(vectors: Float32Array, landmarks: Float32Array, places: FloatArray) -> FloatArray:
    """Return the mean place of each vector's nearest landmarks, the closer the heavier; shape (n, 2)."""
    squares = (vectors**2).sum(axis=1)[:, None] + (landmarks**2).sum(axis=1)[None, :]
    apart = np.maximum(squares - 2 * vectors @ landmarks.T, 0)  # (n, n_landmarks)
    nearest = np.argpartition(apart, NEAREST - 1, axis=1)[:, :NEAREST]
    weights = 1 / (np.take_along_axis(apart, nearest, axis=1) + 1e-6)
    weights /= weights.sum(axis=1, keepdims=True)
    return np.asarray((weights[:, :, None] * places[nearest]).sum(axis=1))
