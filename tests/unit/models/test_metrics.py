"""Metrics on rankings small enough to work out by hand."""

import numpy as np
import pytest

from models import metrics
from models.errors import EvaluationError

# Ranks:            1     2     3      4     5
HITS = np.array([[True, False, True, False, False], [False, False, False, False, True]])
N_RELEVANT = np.array([4, 1])


def test_precision_and_recall():
    assert metrics.precision_at_k(HITS, 2).tolist() == [0.5, 0.0]
    assert metrics.precision_at_k(HITS, 10).tolist() == [0.2, 0.1]
    assert metrics.recall_at_k(HITS, N_RELEVANT, 3).tolist() == [0.5, 0.0]


def test_average_precision_counts_what_was_not_ranked():
    assert metrics.average_precision(HITS, N_RELEVANT) == pytest.approx([(1 + 2 / 3) / 4, 1 / 5])


def test_ndcg_and_reciprocal_rank():
    best = 1 + 1 / np.log2(3) + 1 / 2
    assert metrics.ndcg_at_k(HITS, N_RELEVANT, 3) == pytest.approx([(1 + 1 / 2) / best, 0])
    assert metrics.reciprocal_rank(HITS) == pytest.approx([1, 0.2])


def test_the_papers_map_is_the_mean_of_precisions():
    expected = [(1 + 1 / 2 + 2 / 3 + 2 / 4 + 2 / 5 + 2 / 6 + 2 / 7) / 7, (1 / 5 + 1 / 6 + 1 / 7) / 7]
    assert metrics.mean_precision_to_k(HITS, 7) == pytest.approx(expected)


def test_the_papers_random_rows_follow_from_its_definition():
    """With P@1 = 1 and chance p after it, as printed for both of its collections."""
    rng = np.random.default_rng(0)
    for p, m, printed in ((0.0411, 5, 47.9), (25.4 / 158, 25, 29.0)):
        hits = rng.random((40_000, m)) < p
        hits[:, 0] = True
        assert 100 * metrics.mean_precision_to_k(hits, m).mean() == pytest.approx(printed, abs=0.5)


def test_eleven_points():
    curve = metrics.eleven_point_precision(HITS, N_RELEVANT)
    assert curve[0].tolist() == pytest.approx([1, 1, 1, 2 / 3, 2 / 3, 2 / 3, 0, 0, 0, 0, 0])
    assert curve[1].tolist() == pytest.approx([0.2] * 11)
    assert metrics.area_under_curve(curve) == pytest.approx([(0.5 + 1 + 1 + 3 * 2 / 3) / 10, 0.2])


def test_recall_levels_are_compared_in_whole_numbers():
    hits = np.zeros((1, 10), dtype=bool)
    hits[0, [0, 1, 9]] = True  # three of ten: recall 0.3, though 0.3 * 10 > 3 in floating point
    assert metrics.eleven_point_precision(hits, np.array([10]))[0, 3] == pytest.approx(0.3)


def test_a_query_without_relevant_tags_scores_nothing():
    hits = np.zeros((1, 4), dtype=bool)
    for values in metrics.evaluate(hits, np.array([0]), m=3).values():
        assert values.tolist() == [0.0]


def test_a_perfect_ranking_scores_one():
    hits = np.ones((1, 10), dtype=bool)
    assert {k: v.item() for k, v in metrics.evaluate(hits, np.array([10]), 10).items()} == pytest.approx(
        dict.fromkeys(["P@1", "P@2", "P@5", "P@10", "MAP@10 (paper)", "AP", "nDCG@10", "MRR", "AUC"], 1.0)
    )


def test_other_cutoffs_take_the_place_of_the_tables():
    found = metrics.evaluate(HITS, N_RELEVANT, 5, cutoffs=[3, 50])
    assert set(found) == {
        *("P@3", "P@50", "Recall@3", "Recall@50", "nDCG@3", "nDCG@50"),
        *("MAP@5 (paper)", "AP", "MRR", "AUC"),
    }
    assert found["P@50"].tolist() == (HITS.sum(axis=1) / 50).tolist()
    assert found["Recall@50"].tolist() == (HITS.sum(axis=1) / N_RELEVANT).tolist()
    assert found["nDCG@3"].tolist() == metrics.ndcg_at_k(HITS, N_RELEVANT, 3).tolist()


def test_batch_equals_single():
    rng = np.random.default_rng(1)
    hits = rng.random((20, 30)) < 0.3
    n_relevant = hits.sum(axis=1) + 1
    together = metrics.evaluate(hits, n_relevant, 7)
    for i in range(20):
        for name, value in metrics.evaluate(hits[i : i + 1], n_relevant[i : i + 1], 7).items():
            assert together[name][i] == value[0]


def test_ties_go_to_the_first_tag_or_to_the_popular_one():
    scores = np.array([[1.0, 2.0, 1.0, 2.0, -np.inf]])
    assert metrics.rank(scores).tolist() == [[1, 3, 0, 2, 4]]
    assert metrics.rank(scores, np.array([0, 1, 5, 1, 9])).tolist() == [[1, 3, 2, 0, 4]]


def test_what_cannot_be_evaluated_is_refused():
    with pytest.raises(EvaluationError, match="score of tag 1 for query 0 is not a number"):
        metrics.rank(np.array([[0.0, np.nan]]))
    with pytest.raises(EvaluationError, match="at least 1; got 0"):
        metrics.precision_at_k(HITS, 0)
    with pytest.raises(EvaluationError, match="query 0 ranks 2 relevant tags but is stated to have 1"):
        metrics.evaluate(HITS, np.array([1, 1]), 5)
    with pytest.raises(EvaluationError, match="boolean matrix"):
        metrics.evaluate(HITS.astype(float), N_RELEVANT, 5)
    with pytest.raises(EvaluationError, match="as many counts"):
        metrics.evaluate(HITS, np.array([4]), 5)
    with pytest.warns(UserWarning, match="no query"):
        metrics.validate(np.zeros((0, 3), dtype=bool), np.zeros(0, dtype=int))
