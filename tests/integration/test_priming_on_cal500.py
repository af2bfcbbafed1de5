"""The baselines of the priming table on CAL500, held to figures that are known."""

from pathlib import Path

import pytest

from training.corpora import load_corpus
from training.evaluation import cross_validation as evaluation

# Test P@2, P@5, P@10 and MAP@25 (paper), means over three folds.
KNOWN = {
    "popularity": (93.73, 76.30, 65.12, 64.32),
    "cooccurrence": (93.76, 81.55, 70.47, 69.33),
    "pca-fixed": (79.44, 62.97, 53.94, 55.33),
    "lsa-fixed": (78.02, 60.72, 52.43, 53.64),
}


@pytest.fixture(scope="module")
def result(shared_data: Path):
    corpus = load_corpus("cal500", shared_data / "cal500")
    settings = evaluation.default_settings(corpus, training_documents=False)
    cells = evaluation.evaluate(corpus, "priming", [*KNOWN, "random", "echo", "plsa", "infoth"], settings)
    return evaluation.summary(corpus, "priming", settings, cells)["methods"]


@pytest.mark.parametrize("method", list(KNOWN))
def test_deterministic_baselines_land_on_their_figures(result, method):
    reached = [result[method][name]["mean"] for name in ("P@2", "P@5", "P@10", "MAP@25 (paper)")]
    assert reached == pytest.approx(KNOWN[method], abs=0.1)


def test_chance_is_the_papers_and_echo_knows_the_answer(result):
    assert result["random"]["MAP@25 (paper)"]["mean"] == pytest.approx(29.0, abs=0.5)
    assert result["random"]["AP"]["mean"] == pytest.approx(23.9, abs=0.3)
    assert result["random"]["AUC"]["mean"] == pytest.approx(25.9, abs=0.4)
    assert result["echo"]["P@10"]["mean"] == 100.0


@pytest.mark.parametrize(
    ("method", "paper"),
    [("plsa", (75.90, 56.50, 45.75, 46.35)), ("infoth", (81.59, 66.31, 57.71, 57.69))],
)
def test_own_methods_are_not_below_the_papers(result, method, paper):
    reached = [result[method][name]["mean"] for name in ("P@2", "P@5", "P@10", "MAP@25 (paper)")]
    assert all(ours > theirs - 1.5 for ours, theirs in zip(reached, paper, strict=True))
