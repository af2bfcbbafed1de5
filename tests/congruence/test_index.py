"""FAISS against brute force, and a batch against its single queries."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.encoders.contract import OovRule, Query
from models.features import Usage
from models.index import FlatIndex, TagSearch
from tests.conftest import random_siamese_encoder

NOTHING = np.array([], dtype=np.int64)


def brute_force(
    vectors: npt.NDArray[np.float32], query: npt.NDArray[np.float32], k: int, excluded: set[int], sign: float
) -> list[int]:
    distances = np.sqrt(((vectors.astype(np.float64) - query) ** 2).sum(axis=1))
    order = sorted(range(len(vectors)), key=lambda i: (round(sign * distances[i], 6), i))
    return [i for i in order if i not in excluded][:k]


@given(
    seed=st.integers(0, 10_000), k=st.integers(1, 40), n_excluded=st.integers(0, 10), furthest=st.booleans()
)
@settings(max_examples=60, deadline=None)
def test_faiss_and_brute_force_rank_alike_ties_included(
    seed: int, k: int, n_excluded: int, furthest: bool
) -> None:
    rng = np.random.default_rng(seed)
    # Few distinct points, so that most candidates tie with others.
    vectors = rng.integers(-2, 3, size=(30, 2)).astype(np.float32)
    query = rng.normal(size=2).astype(np.float32)
    exclude = rng.choice(30, size=n_excluded, replace=False)
    ranking = FlatIndex(vectors, "l2").search(query, k, exclude, furthest)
    expected = brute_force(vectors, query, k, set(exclude.tolist()), -1.0 if furthest else 1.0)
    assert ranking.indices.tolist() == expected
    assert np.all(np.diff(ranking.scores) <= 0)


def test_inner_products_rank_largest_first() -> None:
    rng = np.random.default_rng(3)
    vectors, query = rng.normal(size=(500, 8)).astype(np.float32), rng.normal(size=8).astype(np.float32)
    ranking = FlatIndex(vectors, "ip").search(query, 20, np.array([7]))
    expected = [i for i in np.argsort(-(vectors @ query), kind="stable") if i != 7][:20]
    assert ranking.indices.tolist() == expected
    assert ranking.distances is None


@pytest.mark.parametrize("oov_rule", ["nearest", "furthest"])
def test_a_batch_is_its_single_queries(oov_rule: OovRule) -> None:
    encoder = random_siamese_encoder(n_tags=40, oov_rule=oov_rule)
    search = TagSearch(encoder)
    usage = Usage(3, np.array([1, 4, 9]), np.array([3, 1, 2], dtype=np.float32))
    contexts = [np.array([2, 5]), NOTHING, np.array([30]), np.array([5, 2])]
    queries = [Query(tag, context) for tag, context in zip([1, 2, usage, usage], contexts, strict=True)]
    exclude = [np.array([1]), np.array([2]), np.array([30]), NOTHING]
    together = search.search(queries, 10, exclude)
    for query, left_out, ranking in zip(queries, exclude, together, strict=True):
        (alone,) = TagSearch(encoder).search([query], 10, [left_out])
        np.testing.assert_array_equal(alone.indices, ranking.indices)
        np.testing.assert_allclose(alone.scores, ranking.scores, rtol=1e-6)
        assert not set(left_out.tolist()) & set(ranking.indices.tolist())


def test_an_oov_query_of_a_furthest_bundle_is_answered_from_the_far_end() -> None:
    usage = Usage(2, np.array([0, 3]), np.array([2, 1], dtype=np.float32))
    query = Query(usage, np.array([0, 3]))
    near = TagSearch(random_siamese_encoder(n_tags=20)).search([query], 20, [NOTHING])[0]
    far = TagSearch(random_siamese_encoder(n_tags=20, oov_rule="furthest")).search([query], 20, [NOTHING])[0]
    assert far.indices.tolist() == near.indices.tolist()[::-1]


def test_one_index_a_context_whatever_its_order_and_old_ones_are_dropped() -> None:
    encoder = random_siamese_encoder(n_tags=10, widths=(4, 2))
    search = TagSearch(encoder, cache_bytes=2 * 10 * 2 * 4)  # room for two indexes
    for context in ([1, 2], [2, 1], [3], [4], [1, 2]):
        search.search([Query(0, np.array(context))], 3, [NOTHING])
    assert (search.hits, search.misses) == (1, 4)
