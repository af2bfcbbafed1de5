"""Embeddings: nearest candidates are the ranking, exactly at full width and measurably at smaller ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.embeddings import Embedder, EmbeddingBasis, description_fault, mean_overlap, score_rows
from models.encoders.contract import Encoder, Query
from models.errors import BundleError, InputError
from models.features import Usage
from models.index import TagSearch
from tests.conftest import drawn_basis, random_completion_encoder, random_siamese_encoder

N = 40
NOTHING = np.empty(0, dtype=np.int64)
QUERIES = [
    Query(3, np.array([5, 9])),
    Query(0, NOTHING),
    Query(Usage(2, np.array([1, 4]), np.array([2, 1], dtype=np.float32)), np.array([7])),
    Query(11, np.array([2, 8, 30]), 4.0),
]


def ranked(encoder: Encoder, query: Query, limit: int) -> list[int]:
    return TagSearch(encoder).search([query], limit, [NOTHING])[0].indices.tolist()


@pytest.mark.parametrize("stored", [None, 300])
def test_the_full_width_of_a_completion_encoder_gives_its_ranking_and_its_scores(stored: int | None) -> None:
    encoder = random_completion_encoder(stored=stored, n_tags=N)
    embedder = Embedder(encoder, N, drawn_basis(N))
    candidates = embedder.candidates(range(N), [NOTHING] * N, embedder.full_width)
    for query, vector in zip(QUERIES, embedder.queries(QUERIES, embedder.full_width), strict=True):
        ranking = TagSearch(encoder).search([query], N, [NOTHING])[0]
        inner = candidates @ vector
        np.testing.assert_array_equal(np.argsort(-inner, kind="stable"), ranking.indices)
        np.testing.assert_allclose(inner[ranking.indices], ranking.scores, rtol=1e-5)


def test_the_vectors_of_a_siamese_encoder_give_its_ranking() -> None:
    encoder = random_siamese_encoder(n_tags=N)
    embedder = Embedder(encoder, N)
    assert embedder.default_width == embedder.full_width == encoder.dim
    query = Query(3, np.array([5, 9]))
    context = query.local_context
    candidates = embedder.candidates(range(N), [context] * N, encoder.dim)
    apart = np.linalg.norm(candidates - embedder.queries([query], encoder.dim)[0], axis=1)
    assert np.argsort(apart, kind="stable").tolist() == ranked(encoder, query, N)


def test_a_smaller_width_gives_the_scores_of_the_projected_row_and_begins_a_larger_one() -> None:
    encoder, basis = random_completion_encoder(n_tags=N), drawn_basis(N)
    embedder = Embedder(encoder, N, basis)
    vectors, narrower = embedder.queries(QUERIES, 12), embedder.queries(QUERIES, 5)
    columns = basis.columns[:, :12]
    projected = score_rows(encoder, QUERIES) @ columns @ columns.T
    candidates = embedder.candidates(range(N), [NOTHING] * N, 12)
    np.testing.assert_allclose(vectors @ candidates.T, projected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(vectors[:, :5], narrower, rtol=1e-5, atol=1e-5)


def test_an_unnamed_width_is_the_default_and_the_overlap_is_that_of_a_measured_width() -> None:
    embedder = Embedder(random_completion_encoder(n_tags=N), N, drawn_basis(N))
    assert embedder.check_width(None) == embedder.default_width == 10
    assert embedder.overlap == {10: 0.6, 20: 0.9, 40: 1.0}
    assert [embedder.overlap_at(width) for width in (5, 10, 15, 20, 40)] == [0.0, 0.6, 0.6, 0.9, 1.0]


@pytest.mark.parametrize("width", [0, -1, 21, 39, 41])
def test_a_width_that_there_is_not_is_refused_with_those_that_there_are(width: int) -> None:
    embedder = Embedder(random_completion_encoder(n_tags=N), N, drawn_basis(N))
    with pytest.raises(InputError, match=f"dimensions is {width}; this model has 1 to 20, or 40"):
        embedder.check_width(width)


def test_without_a_basis_there_is_the_full_width_alone() -> None:
    embedder = Embedder(random_completion_encoder(n_tags=N), N)
    assert embedder.check_width(None) == N
    with pytest.raises(InputError, match="dimensions is 8; this model has 40"):
        embedder.check_width(8)


def test_a_default_width_beyond_the_vocabulary_is_refused() -> None:
    basis = EmbeddingBasis(drawn_basis(N).columns, N + 1, {})
    with pytest.raises(BundleError, match="must be from 1 to 40; got 41"):
        Embedder(random_completion_encoder(n_tags=N), N, basis)


def test_overlap_is_the_share_of_the_first_ten_without_query_and_context() -> None:
    row = np.arange(30, 0, -1, dtype=np.float32)[None]
    other = row.copy()
    other[0, 11] = 100  # the twelfth becomes the first: one of ten is lost
    alone = [Query(29, NOTHING)]
    assert mean_overlap(row, row, alone) == 1
    assert mean_overlap(row, other, alone) == pytest.approx(0.9)
    assert mean_overlap(row, other, [Query(29, np.array([11]))]) == 1


@pytest.mark.parametrize(
    "described",
    [
        None,
        [],
        {"columns": 3, "default_width": 2},
        {"columns": "3", "default_width": 2, "overlap": {}},
        {"columns": 0, "default_width": 2, "overlap": {}},
        {"columns": 3, "default_width": 2, "overlap": {"two": 0.5}},
        {"columns": 3, "default_width": 2, "overlap": {"2": 1.5}},
        {"columns": 3, "default_width": 2, "overlap": {"2": True}},
        {"columns": 3, "default_width": 2, "overlap": {"9" * 5000: 0.5}},
    ],
)
def test_a_description_of_another_shape_is_a_fault(described: Any) -> None:
    assert (description_fault(described) or "").startswith("embeddings")


def test_what_describe_says_is_no_fault_and_comes_back() -> None:
    basis = drawn_basis(N)
    assert description_fault(basis.describe()) is None
    again = EmbeddingBasis.from_tensors(basis.describe(), {"columns": basis.columns})
    assert (again.default_width, again.overlap) == (basis.default_width, basis.overlap)
