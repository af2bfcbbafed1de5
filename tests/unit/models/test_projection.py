"""The map of one query: who moves, where to, and how far."""

from __future__ import annotations

import numpy as np
import pytest

from models.encoders.contract import Query
from models.index import TagSearch
from models.projection import HALF, NEAREST, Projection
from tests.conftest import drawn_projection, random_completion_encoder, random_siamese_encoder

N = 40


def test_what_is_likelier_has_gone_further_on_its_way_to_the_query() -> None:
    projection, ranked = drawn_projection(N), np.array([7, 3, 21, 30])
    placed = projection.place(ranked, np.array([1.0, 0.0, -3.0, -9.0], dtype=np.float32))
    left = placed.places - placed.query
    whole = projection.positions - placed.query
    np.testing.assert_allclose(left[:, 0] * whole[:, 1], left[:, 1] * whole[:, 0], atol=1e-5)  # straight
    parts = np.linalg.norm(left, axis=1) / np.linalg.norm(whole, axis=1)
    free = np.linalg.norm(left, axis=1)[ranked] > NEAREST + 1e-6
    expected = HALF / (placed.shares[ranked] + HALF)
    np.testing.assert_allclose(parts[ranked][free], expected[free], rtol=1e-4)
    assert free.sum() >= 2
    assert parts[30] > 0.99


def test_nothing_is_drawn_onto_the_query() -> None:
    projection = drawn_projection(N)
    placed = projection.place(np.arange(5), np.linspace(0, 0.1, 5, dtype=np.float32))
    apart = np.linalg.norm(placed.places - placed.query, axis=1)
    unmoved = np.linalg.norm(projection.positions - placed.query, axis=1)
    assert (apart >= np.minimum(unmoved, NEAREST) - 1e-6).all()
    np.testing.assert_allclose(apart[:5], NEAREST, rtol=1e-4)


def test_the_query_stands_among_the_homes_of_what_it_is_related_to() -> None:
    projection = drawn_projection(N)
    ranked, scores = np.array([5, 9, 2]), np.array([3.0, 2.0, 0.5], dtype=np.float32)
    odds = np.exp(projection.sharpness * scores.astype(np.float64))
    placed = projection.place(ranked, scores)
    np.testing.assert_allclose(placed.shares[ranked], odds / odds.sum(), rtol=1e-5)
    np.testing.assert_allclose(
        placed.query, (odds[:, None] * projection.positions[ranked]).sum(axis=0) / odds.sum(), rtol=1e-5
    )


def test_what_is_not_ranked_stays_at_home() -> None:
    projection = drawn_projection(N)
    placed = projection.place(np.array([1, 2]), np.array([1.0, 0.0], dtype=np.float32))
    others = np.setdiff1d(np.arange(N), [1, 2])
    np.testing.assert_allclose(placed.places[others], projection.positions[others], atol=1e-6)
    assert not placed.shares[others].any()


def test_the_order_of_the_ranking_and_a_shift_of_all_scores_change_nothing() -> None:
    projection, ranked = drawn_projection(N), np.array([4, 8, 15, 16])
    scores = np.array([2.0, 1.0, 0.0, -1.0], dtype=np.float32)
    placed, turned = projection.place(ranked, scores), projection.place(ranked[::-1], scores[::-1] + 5)
    np.testing.assert_allclose(placed.places, turned.places, atol=1e-6)


def test_with_nothing_ranked_everything_is_at_home() -> None:
    projection = drawn_projection(N)
    placed = projection.place(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32))
    np.testing.assert_array_equal(placed.places, projection.positions)
    assert placed.query is None
    assert not placed.shares.any()


def test_scores_of_any_size_leave_finite_places() -> None:
    projection = Projection(drawn_projection(N).positions, 1000.0)
    placed = projection.place(np.arange(N), np.linspace(-1e4, 1e4, N, dtype=np.float32))
    assert np.isfinite(placed.places).all()
    assert np.abs(placed.places).max() <= 1


@pytest.mark.parametrize("encoder", [random_completion_encoder(), random_siamese_encoder(n_tags=N)])
def test_another_context_is_another_map_in_every_family(encoder) -> None:  # type: ignore[no-untyped-def]
    projection, search = drawn_projection(N), TagSearch(encoder)
    placed = []
    for context in ([3], [11, 17]):
        seen = np.array([0, *context])
        ranking = search.search([Query(0, seen[1:])], N, [seen])[0]
        placed.append(projection.place(ranking.indices, ranking.scores))
    assert np.linalg.norm(placed[0].query - placed[1].query) > 0.01
    assert np.abs(placed[0].places - placed[1].places).max() > 0.01
