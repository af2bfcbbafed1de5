"""Our metrics equal ir-measures' (trec_eval's) to 1e-9, ties included."""

import ir_measures
import numpy as np
import pytest
from ir_measures import AP, RR, P, R, nDCG

from models import metrics

N_QUERIES, N_TAGS = 40, 60


@pytest.fixture(scope="module")
def judged() -> tuple[np.ndarray, np.ndarray]:
    """Scores from five values only, so that every ranking is full of ties; 0 to 30 relevant tags."""
    rng = np.random.default_rng(5)
    scores = rng.integers(0, 5, size=(N_QUERIES, N_TAGS)).astype(np.float64)
    relevant = rng.random((N_QUERIES, N_TAGS)) < rng.uniform(0.02, 0.5, size=(N_QUERIES, 1))
    relevant[~relevant.any(axis=1), 0] = True
    return scores, relevant


def theirs(scores: np.ndarray, relevant: np.ndarray, measures: list) -> dict[str, np.ndarray]:
    # trec_eval breaks ties by the document's name, later names first: so tag 0 gets the last name.
    names = [f"tag{N_TAGS - tag:04d}" for tag in range(scores.shape[1])]
    qrels = [
        ir_measures.Qrel(f"q{i:03d}", names[tag], int(relevant[i, tag]))
        for i in range(len(scores))
        for tag in range(scores.shape[1])
    ]
    run = [
        ir_measures.ScoredDoc(f"q{i:03d}", names[tag], float(scores[i, tag]))
        for i in range(len(scores))
        for tag in range(scores.shape[1])
    ]
    values: dict[str, np.ndarray] = {str(m): np.full(len(scores), np.nan) for m in measures}
    for value in ir_measures.iter_calc(measures, qrels, run):
        values[str(value.measure)][int(value.query_id[1:])] = value.value
    return values


@pytest.mark.parametrize("by_popularity", [False, True])
def test_every_shared_metric_agrees_query_by_query(judged, by_popularity):
    scores, relevant = judged
    popularity = np.arange(N_TAGS)[::-1] if by_popularity else None
    ranked = np.take_along_axis(relevant, metrics.rank(scores, popularity), axis=1)
    n_relevant = relevant.sum(axis=1)
    measures = [P @ 1, P @ 2, P @ 5, P @ 10, R @ 10, R @ 25, nDCG @ 5, nDCG @ 10, RR, AP]
    expected = theirs(scores, relevant, measures)
    ours = {
        **{f"P@{k}": metrics.precision_at_k(ranked, k) for k in (1, 2, 5, 10)},
        **{f"R@{k}": metrics.recall_at_k(ranked, n_relevant, k) for k in (10, 25)},
        **{f"nDCG@{k}": metrics.ndcg_at_k(ranked, n_relevant, k) for k in (5, 10)},
        "RR": metrics.reciprocal_rank(ranked),
        "AP": metrics.average_precision(ranked, n_relevant),
    }
    assert ours.keys() == expected.keys()
    for name, values in ours.items():
        np.testing.assert_allclose(values, expected[name], rtol=0, atol=1e-9, err_msg=name)


def test_eleven_points_agree_with_interpolated_precision(judged):
    scores, relevant = judged
    ranked = np.take_along_axis(relevant, metrics.rank(scores), axis=1)
    curve = metrics.eleven_point_precision(ranked, relevant.sum(axis=1))
    for level in range(11):
        measure = ir_measures.IPrec(recall=level / 10)
        # trec_eval asks for int(recall * n_relevant + 0.9) tags, ours for recall * n_relevant rounded up.
        # The two differ, or hang on the last bit, where the product ends in .1: those queries are left out.
        same = level * relevant.sum(axis=1) % 10 != 1
        values = theirs(scores, relevant, [measure])[str(measure)]
        assert same.sum() >= 25
        np.testing.assert_allclose(
            curve[same, level], values[same], rtol=0, atol=1e-9, err_msg=f"level {level}"
        )
