"""The completion protocol and its methods land on the published figures of the real collections."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.corpora import load_corpus
from training.corpus import TagCorpus
from training.evaluation.cross_validation import default_settings, evaluate


def clean(corpus: TagCorpus, method: str, folds: tuple[int, ...] = (0, 1, 2)) -> np.ndarray:
    settings = default_settings(corpus, unseen_tags=False)
    cells = evaluate(corpus, "completion", [method], settings, folds=folds)[method]
    return np.asarray([cell.metrics["nDCG@10"] for cell in cells.values()])


@pytest.mark.parametrize(
    ("name", "filtered", "method", "published"),
    [
        ("cal500", (1, 1), "ease-300", 0.628),
        ("mtat", (1, 1), "ease-10", 0.596),
        ("lastfm-hetrec", (5, 3), "ease-30", 0.480),
    ],
)
def test_ease_lands_on_its_published_figures(
    shared_data: Path, name: str, filtered: tuple[int, int], method: str, published: float
) -> None:
    corpus = load_corpus(name, shared_data / name).filter(*filtered)
    assert clean(corpus, method).mean() == pytest.approx(published, abs=0.002)


def test_the_completion_encoder_beats_edlae_on_cal500(shared_data: Path) -> None:
    corpus = load_corpus("cal500", shared_data / "cal500")
    ours, edlae = (clean(corpus, method, folds=(1,))[0] for method in ("completion", "edlae-30-.7"))
    assert ours > edlae
    assert ours > 0.635
