"""`tagprime reproduce` and `tagprime tune` on a small collection: sections, resuming, refusals."""

import csv
import json

import numpy as np
import pytest

from models.catalogues.document import Document
from models.errors import EvaluationError
from training.corpus import Provenance, TagCorpus
from training.evaluation import cross_validation as evaluation
from training.evaluation import methods, tuning
from training.evaluation.methods import MethodEntry
from training.recipe import load_recipe
from training.reports import embeddings, reproduction
from training.reports.writing import write_report

SIAMESE = "training.baselines.siamese:Siamese"
QUICK = {"n_topics": 3, "shorten": 0.01}


@pytest.fixture(scope="module")
def corpus() -> TagCorpus:
    rng = np.random.default_rng(1)
    names = ["guitar", "rock", "loud", "live", "piano", "soft", "calm", "slow"]
    documents = []
    for i in range(45):
        half = 4 * (i % 2)
        tags = rng.permutation(4)[: rng.integers(2, 5)] + half
        documents.append(Document(f"song_{i}", tuple(sorted(names[tag] for tag in tags))))
    return TagCorpus.from_documents("small", documents, Provenance("made here", "Somebody, 2026.", ""))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Train the paper's model for a few steps only, and LDA for its passes on three topics."""
    for name, options in {
        "single-lit": {"stage": "single"},
        "siamese-lit": {},
        "siamese-ext": {"recipe": "ext"},
    }.items():
        monkeypatch.setitem(
            methods.METHODS, name, MethodEntry(SIAMESE, {**options, **QUICK}, family="siamese")
        )
    lda = MethodEntry("training.baselines.lda:Lda", {"n_topics": 3}, family="siamese")
    monkeypatch.setitem(methods.METHODS, "lda", lda)


def plan(corpus: TagCorpus, **changes) -> reproduction.Plan:
    settings = evaluation.default_settings(corpus, m=4, seed=2, reserved=1)
    return reproduction.Plan(**{"sections": ("priming",), "settings": settings, **changes})


def test_a_section_is_measured_written_and_taken_up_again(corpus, tmp_path):
    narrowed = plan(corpus, sections=("priming", "oov"), methods=["popularity", "cooccurrence", "random"])
    findings = reproduction.measure(corpus, narrowed, tmp_path)
    path = write_report(corpus, narrowed, tmp_path, findings)
    assert path.read_text().startswith("<!doctype html>")
    record = json.loads((tmp_path / "results.json").read_text())
    assert set(record["priming"]["methods"]) == {"popularity", "cooccurrence", "random"}
    assert set(record["oov"]["methods"]) == {"popularity", "cooccurrence", "random"}
    with (tmp_path / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["table"] for row in rows} == {"priming", "3"}
    before = {p: p.stat().st_mtime_ns for p in tmp_path.glob("cells/*/*.[0-9].json")}
    assert len(before) == 18
    again = reproduction.measure(corpus, narrowed, tmp_path)
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert again == findings


def test_methods_and_folds_narrow_the_run(corpus, tmp_path):
    narrowed = plan(corpus, methods=["popularity"], folds=[2])
    findings = reproduction.measure(corpus, narrowed, tmp_path)
    assert list(findings.priming) == ["popularity"]
    assert list(findings.priming["popularity"]) == [2]
    with pytest.raises(EvaluationError, match="method 'bm25' is unknown"):
        reproduction.measure(corpus, plan(corpus, methods=["bm25"]), tmp_path)
    empty = plan(corpus, sections=("oov",), methods=["lsa"])
    with pytest.raises(EvaluationError, match="nothing was measured"):
        write_report(corpus, empty, tmp_path, reproduction.measure(corpus, empty, tmp_path))


def test_cal500_has_no_oov_part_and_the_default_run_has_every_method(corpus):
    from dataclasses import replace

    whole = plan(corpus, sections=reproduction.SECTIONS)
    assert whole.oov_methods(replace(corpus, name="cal500")) == []
    asked = whole.priming_methods()
    assert len(asked) == len(set(asked)) == 3 + 12 + 2 + 1 + 16
    assert "infoth-search" not in asked
    assert "infoth-search" in plan(corpus, search=True).priming_methods()
    assert all(methods.entry(name) for name in asked)


@pytest.mark.usefixtures("quick")
def test_the_figures_are_drawn_and_kept(corpus, tmp_path, monkeypatch):
    wanted = plan(corpus, sections=("figures",), tag="Guitar", document="song_4")
    findings = reproduction.Findings()
    reproduction.illustrate(corpus, wanted, tmp_path, findings)
    assert set(findings.drawings) == {"2", "3a", "3b", "D.1", "learning"}
    assert len(findings.topics) == 3
    drawn = {name: (tmp_path / "figures" / f"{name}.svg").read_text() for name in findings.drawings}
    assert drawn == findings.drawings
    monkeypatch.setattr(embeddings, "draw", None)  # would fail if it were drawn again
    again = reproduction.Findings()
    reproduction.illustrate(corpus, wanted, tmp_path, again)
    assert again == findings


def test_figures_look_at_what_was_asked_for(corpus):
    assert corpus.index_to_key[embeddings.choose(corpus, None, None).tag] == "guitar"
    assert embeddings.choose(corpus, "PIANO ", "song_7") == embeddings.Choice(
        corpus.vocabulary.key_to_index["piano"], 7
    )
    with pytest.raises(EvaluationError, match="'banjo' is no tag of small"):
        embeddings.choose(corpus, "banjo", None)
    with pytest.raises(EvaluationError, match="no document of small is called 'nothing'"):
        embeddings.choose(corpus, None, "nothing")


def search(corpus: TagCorpus, grid: dict) -> tuning.Search:
    recipe = load_recipe("lit")
    recipe = recipe.model_copy(update={"topics": recipe.topics.model_copy(update={"n_topics": 3})})
    return tuning.Search(corpus, recipe, grid, seed=0, m=4, shorten=0.01)


def test_a_search_is_sorted_resumed_and_independent_of_processes(corpus, tmp_path):
    wanted = search(corpus, {"depth": (1, 2), "width": (8, 16), "learning_rate": (1e-3,)})
    trials = tuning.search(wanted, folder=tmp_path)
    reached = [trial.metrics["MAP@4 (paper)"] for trial in trials]
    assert len(trials) == 3  # the width says nothing with one hidden layer
    assert reached == sorted(reached, reverse=True)
    kept = sorted(tmp_path.glob("*.json"))
    assert len(kept) == 3
    kept[0].unlink()
    seen: list[tuning.Trial] = []
    assert tuning.search(wanted, folder=tmp_path, done=seen.append) == trials
    assert len(seen) == 3


def test_a_setting_lands_in_the_recipe(corpus):
    setting = {"depth": 3, "width": 75, "sensitivity": 2.0, "alpha": 2000.0, "learning_rate": 1e-3}
    recipe = tuning.adapted(load_recipe("lit"), setting)
    assert recipe.network.hidden == (75, 75, 10)
    assert recipe.loss.sensitivity == 2.0
    assert recipe.loss.alpha == 2000.0
    assert recipe.loss.beta == pytest.approx(10**0.5)
    assert recipe.stage1.learning_rate == recipe.stage2.learning_rate == 1e-3
    assert len(tuning.Search(corpus, recipe, tuning.PAPER_GRID, 0, 25).settings()) == 12 * 13
    with pytest.raises(EvaluationError, match="'momentum' cannot be searched; known: depth"):
        search(corpus, {"momentum": (0.9,)}).settings()
