"""Fitting the map: like tags live together, the same again for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from models.catalogues.document import Document
from models.index import Ranking
from models.projection import softmax
from tests.conftest import random_completion_encoder, random_siamese_encoder
from training import projection
from training.corpus import Provenance, TagCorpus
from training.projection import RELATED, fit_projection, fit_sharpness, layout, perplexity

N = 40


def corpus() -> TagCorpus:
    rng = np.random.default_rng(2)
    names = [f"t{tag:02d}" for tag in range(N)]
    documents = [
        Document(str(i), tuple(sorted(names[tag] for tag in rng.permutation(N)[: rng.integers(2, 7)])))
        for i in range(80)
    ]
    return TagCorpus.from_documents("drawn", documents, Provenance("made here", "", ""), names)


def clusters(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Points around four far corners of a cube of 12 dimensions, and whose they are."""
    rng = np.random.default_rng(0)
    own = np.arange(n) % 4
    return (8 * np.eye(12)[own] + rng.normal(size=(n, 12))).astype(np.float32), own


def alike(positions: np.ndarray, own: np.ndarray) -> float:
    apart = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    return float((own[apart.argmin(axis=1)] == own).mean())


def test_like_tags_live_together_and_fill_the_plane() -> None:
    vectors, own = clusters(200)
    positions = layout(vectors, np.arange(200), seed=0)
    assert (positions.shape, positions.dtype) == ((200, 2), np.float32)
    assert alike(positions, own) > 0.98
    assert np.abs(positions).max() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(positions.max(axis=0) + positions.min(axis=0), 0, atol=1e-5)


def test_past_the_landmarks_tags_settle_among_their_like(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "LANDMARKS", 80)
    vectors, own = clusters(300)
    positions = layout(vectors, np.arange(300)[::-1], seed=0)
    assert alike(positions, own) > 0.98
    assert len(np.unique(positions.round(5), axis=0)) > 290


@pytest.mark.parametrize("n", [1, 2, 9, 12])
def test_a_few_tags_have_homes_too(n: int) -> None:
    positions = layout(clusters(n)[0], np.ones(n, dtype=np.int64), seed=0)
    assert np.isfinite(positions).all()
    assert len(np.unique(positions, axis=0)) == n


def test_a_typical_query_is_related_to_so_many_tags() -> None:
    rng = np.random.default_rng(3)
    rankings = [
        Ranking(np.arange(400), np.sort(rng.normal(0, scale, 400)).astype(np.float32)[::-1], None)
        for scale in (0.01, 0.02, 0.04)
    ]
    sharpness = fit_sharpness(rankings)
    assert perplexity(softmax(np.float32(sharpness) * rankings[1].scores)) == pytest.approx(RELATED, rel=0.01)


def test_perplexity_counts_equal_shares() -> None:
    assert perplexity(np.array([0.25, 0.25, 0.25, 0.25, 0], dtype=np.float32)) == pytest.approx(4)


@pytest.mark.parametrize("family", ["completion", "siamese"])
def test_the_same_seed_fits_the_same_map(family: str) -> None:
    encoder = random_completion_encoder() if family == "completion" else random_siamese_encoder(n_tags=N)
    one, two = (fit_projection(encoder, corpus(), seed=4) for _ in range(2))
    np.testing.assert_array_equal(one.positions, two.positions)
    assert one.sharpness == two.sharpness
    other = fit_projection(encoder, corpus(), seed=5)
    assert one.sharpness != other.sharpness
