from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from app.jobs.paired import sign_flip_p_values


def p_value(differences: np.ndarray, **options: int) -> float:
    return sign_flip_p_values(differences[:, None], **options).item()


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.1, 0.2])
def test_it_agrees_with_the_paired_t_test_where_that_one_holds(shift: float) -> None:
    differences = np.random.default_rng(3).normal(shift, 0.5, size=200)
    expected = stats.ttest_1samp(differences, 0.0).pvalue
    assert p_value(differences) == pytest.approx(expected, abs=0.02)


def test_it_is_exact_for_few_documents() -> None:
    # Of the 8 sign patterns of 1, 2, 4 only all plus and all minus are as far from 0 as what was seen.
    assert p_value(np.array([1.0, 2.0, 4.0])) == pytest.approx(2 / 8, abs=0.02)


def test_no_difference_is_no_evidence() -> None:
    assert p_value(np.zeros(50)) == 1.0
    assert p_value(np.empty(0)) == 1.0


def test_the_same_seed_gives_the_same_value() -> None:
    differences = np.random.default_rng(0).normal(size=30)
    assert p_value(differences, seed=5) == p_value(differences, seed=5)


def test_metrics_are_tested_as_if_alone() -> None:
    differences = np.random.default_rng(1).normal(0.1, 0.5, size=(60, 3))
    alone = [p_value(differences[:, metric]) for metric in range(3)]
    assert sign_flip_p_values(differences).tolist() == alone
