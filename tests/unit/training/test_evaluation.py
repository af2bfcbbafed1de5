"""Evaluations: figures with known values, parallel = one process, resumed runs, refusals."""

import json

import numpy as np
import pytest

from models.catalogues.document import Document
from models.errors import EvaluationError
from training.corpus import Provenance, TagCorpus
from training.evaluation import cross_validation as evaluation
from training.evaluation import methods, priming
from training.evaluation.oov import reservation


@pytest.fixture(scope="module")
def corpus() -> TagCorpus:
    rng = np.random.default_rng(0)
    documents = [
        Document(f"d{i}", tuple(f"t{tag:02d}" for tag in np.sort(rng.permutation(12)[: rng.integers(3, 6)])))
        for i in range(30)
    ]
    return TagCorpus.from_documents("small", documents, Provenance("made here", "", ""))


@pytest.fixture(scope="module")
def settings(corpus: TagCorpus):
    return evaluation.default_settings(corpus, seed=4, m=4)


NAMES = ["random", "echo", "popularity", "cooccurrence"]


def test_echo_is_perfect_and_percent_is_the_unit(corpus, settings):
    cells = evaluation.evaluate(corpus, "priming", ["echo"], settings)
    result = evaluation.summary(corpus, "priming", settings, cells)
    assert (result["corpus"], result["protocol"], result["unit"], result["folds"]) == (
        "small",
        "priming",
        "percent",
        3,
    )
    assert result["methods"]["echo"]["AP"] == {"mean": 100.0, "std": 0.0, "folds": [100.0] * 3}
    assert result["methods"]["echo"]["train P@2"]["mean"] == 100.0
    assert set(result["methods"]["echo"]) >= {
        f"{part}{name}"
        for part in ("", "train ")
        for name in ("P@1", "P@2", "P@5", "P@10", "MAP@4 (paper)", "AP", "nDCG@10", "MRR", "AUC")
    }


def test_mean_and_sample_standard_deviation_are_those_of_the_folds(corpus, settings):
    cells = evaluation.evaluate(corpus, "priming", ["popularity"], settings)
    found = evaluation.summary(corpus, "priming", settings, cells)["methods"]["popularity"]["AP"]
    assert found["mean"] == pytest.approx(np.mean(found["folds"]))
    assert found["std"] == pytest.approx(np.std(found["folds"], ddof=1))
    assert len(set(found["folds"])) == 3


@pytest.mark.parametrize("protocol", ["priming", "oov"])
def test_processes_and_one_process_agree(corpus, settings, protocol):
    alone = evaluation.evaluate(corpus, protocol, NAMES, settings)
    together = evaluation.evaluate(corpus, protocol, NAMES, settings, jobs=2)
    assert alone == together


def test_every_document_is_tested_once(corpus, settings):
    cells = evaluation.evaluate(corpus, "priming", ["popularity"], settings)["popularity"]
    rows = sorted(row for cell in cells.values() for row in cell.documents)
    assert rows == list(range(corpus.n_documents))
    for cell in cells.values():
        assert len(cell.by_document["AP"]) == len(cell.documents)


def test_a_killed_run_goes_on_where_it_stopped(corpus, settings, tmp_path, monkeypatch):
    def killed(name, fold, cell):
        if (name, fold) == ("popularity", 1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluation.evaluate(corpus, "priming", NAMES, settings, folder=tmp_path, done=killed)
    kept = len(list(tmp_path.glob("*/*.[0-9].json")))
    assert 0 < kept < 12
    ran = []
    evaluate_fold = priming.evaluate_fold

    def counted(*arguments):
        ran.append(arguments)
        return evaluate_fold(*arguments)

    monkeypatch.setattr(priming, "evaluate_fold", counted)
    resumed = evaluation.evaluate(corpus, "priming", NAMES, settings, folder=tmp_path)
    assert len(ran) == 12 - kept
    assert resumed == evaluation.evaluate(corpus, "priming", NAMES, settings)


def test_other_settings_do_not_take_kept_results(corpus, settings, tmp_path):
    evaluation.evaluate(corpus, "priming", ["random"], settings, folder=tmp_path)
    other = evaluation.default_settings(corpus, seed=5, m=4)
    fresh = evaluation.evaluate(corpus, "priming", ["random"], other, folder=tmp_path)
    assert fresh == evaluation.evaluate(corpus, "priming", ["random"], other)
    assert len(list(tmp_path.iterdir())) == 2
    assert json.loads(next(tmp_path.glob("*/settings.json")).read_text())["protocol"] == "priming"


def test_a_method_that_is_defined_anew_is_run_anew(corpus, settings, tmp_path, monkeypatch):
    old = evaluation.evaluate(corpus, "priming", ["lsa-fixed"], settings, folder=tmp_path)
    changed = methods.MethodEntry("training.baselines.lsa:Lsa", {"dim": 2})
    monkeypatch.setitem(methods.METHODS, "lsa-fixed", changed)
    new = evaluation.evaluate(corpus, "priming", ["lsa-fixed"], settings, folder=tmp_path)
    assert new != old
    assert new == evaluation.evaluate(corpus, "priming", ["lsa-fixed"], settings)


def test_unknown_names_list_the_known_ones(corpus, settings):
    with pytest.raises(EvaluationError, match=r"method 'bert' is unknown; known: .*popularity"):
        evaluation.evaluate(corpus, "priming", ["bert"], settings)
    with pytest.raises(EvaluationError, match=r"protocol 'prime' is unknown; known: priming, oov"):
        evaluation.evaluate(corpus, "prime", ["echo"], settings)
    with pytest.raises(EvaluationError, match="not all among 0 to 2"):
        evaluation.evaluate(corpus, "priming", ["echo"], settings, folds=[3])


def test_reserved_tags_leave_with_all_their_documents(corpus):
    training, queries, rows = reservation(corpus, 2, seed=1)
    reserved = set(corpus.index_to_key) - set(training.index_to_key)
    assert len(reserved) >= 2
    held = {
        i for i, tags in enumerate(corpus.documents()) if reserved & {corpus.index_to_key[t] for t in tags}
    }
    assert set(rows.tolist()) == held
    assert training.n_documents == corpus.n_documents - len(rows)
    assert {query.document for query in queries} <= set(range(len(rows)))
    with pytest.raises(EvaluationError, match="1 to 11 are possible"):
        reservation(corpus, 12, seed=0)
