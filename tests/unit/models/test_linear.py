"""The linear term: rows, and the update for an unseen tag against training anew."""

import numpy as np
import pytest
from scipy import sparse

from models.encoders.linear_term import LinearTerm
from models.features import Usage
from training.fitting.counts import cooccurrence, duplicate_weights
from training.fitting.linear_solver import fit_linear, solve_columns, solve_dense

L2, DROPOUT = 4.0, 0.6
N_TAGS, UNSEEN = 15, 9


@pytest.fixture(scope="module")
def matrix() -> sparse.csr_array:
    rng = np.random.default_rng(5)
    leaning = 0.1 + 0.8 * rng.random((3, N_TAGS)) ** 2  # every pair of tags meets
    return sparse.csr_array((rng.random((200, N_TAGS)) < leaning[rng.integers(0, 3, 200)]).astype(np.float32))


def unseen_usage(matrix: sparse.csr_array, known: np.ndarray) -> Usage:
    column = matrix.toarray()[:, UNSEEN]
    counts = (column @ matrix.toarray())[known]
    met = np.flatnonzero(counts)
    return Usage(int(column.sum()), met, counts[met].astype(np.float32))


def test_the_dense_term_is_the_edlae_solution(matrix):
    gram = (matrix.T @ matrix).toarray().astype(float)
    inverse = np.linalg.inv(gram + np.diag(L2 + DROPOUT / (1 - DROPOUT) * gram.diagonal()))
    expected = -inverse / inverse.diagonal()[None, :]
    np.fill_diagonal(expected, 0)
    term = solve_dense(cooccurrence(matrix), L2, DROPOUT)
    np.testing.assert_allclose(term.values, expected, atol=1e-6)
    np.testing.assert_allclose(term.diagonal, inverse.diagonal(), rtol=1e-5)


def test_columns_on_all_neighbours_are_the_dense_term(matrix):
    counts = cooccurrence(matrix)
    dense, by_column = solve_dense(counts, L2, DROPOUT), solve_columns(counts, L2, DROPOUT, N_TAGS)
    context, weights = np.array([0, 3, 7]), np.array([1, 2, 0.5], dtype=np.float32)
    np.testing.assert_allclose(
        by_column.combine(context, weights), dense.combine(context, weights), atol=1e-5
    )
    np.testing.assert_allclose(by_column.diagonal, dense.diagonal, rtol=1e-5)
    few = solve_columns(counts, L2, DROPOUT, 4)
    assert len(few.values) == 4 * N_TAGS
    assert fit_linear(counts, L2, DROPOUT, dense_up_to=N_TAGS - 1).indptr is not None
    assert fit_linear(counts, L2, DROPOUT, dense_up_to=N_TAGS).indptr is None


@pytest.mark.parametrize(
    "solve", [solve_dense, lambda *a: solve_columns(*a, N_TAGS)], ids=["dense", "sparse"]
)
def test_an_unseen_tag_scores_as_if_it_had_been_trained_on(matrix, solve):
    known = np.setdiff1d(np.arange(N_TAGS), [UNSEEN])
    whole = solve_dense(cooccurrence(matrix), L2, DROPOUT)
    without: LinearTerm = solve(cooccurrence(sparse.csr_array(matrix[:, known])), L2, DROPOUT)
    context = np.array([1, 4, 11])  # by the numbers of the known tags
    weights = np.array([1, 1, 3], dtype=np.float32)
    asked = np.append(known[context], UNSEEN)
    expected = whole.combine(asked, np.append(weights, np.float32(2)))[known]
    found = without.score_unseen(unseen_usage(matrix, known), context, weights, 2.0)
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_counts_that_do_not_fit_the_training_ones_stay_finite(matrix):
    term = solve_dense(cooccurrence(matrix), L2, DROPOUT)
    usage = Usage(1, np.arange(N_TAGS), np.full(N_TAGS, 500, dtype=np.float32))
    assert np.isfinite(term.score_unseen(usage, np.array([2]), np.ones(1, dtype=np.float32), 1.0)).all()


def test_copies_of_one_tag_set_count_as_the_root_of_their_number():
    matrix = sparse.csr_array(np.array([[1, 1, 0]] * 4 + [[0, 1, 1]], dtype=np.float32))
    weights = duplicate_weights(matrix)
    np.testing.assert_allclose(weights, [0.5] * 4 + [1])
    np.testing.assert_allclose(cooccurrence(matrix, weights).toarray(), [[2, 2, 0], [2, 3, 1], [0, 1, 1]])
