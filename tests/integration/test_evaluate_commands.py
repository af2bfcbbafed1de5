"""`tagprime evaluate`, `reproduce` and `tune` from the command line, on a catalogue of one's own."""

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from models.errors import EvaluationError
from training.cli import register

root = typer.Typer()
register(root)
runner = CliRunner()


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("catalogue") / "catalogue.jsonl"
    lines = []
    for i in range(40):
        tags = [f"t{tag}" for tag in rng.permutation(6)[: rng.integers(2, 5)] + 6 * (i % 2)]
        lines.append(json.dumps({"id": f"track-{i}", "tags": tags}))
    path.write_text("\n".join(lines) + "\n")
    return path


def run(*arguments: str) -> str:
    result = runner.invoke(root, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(("protocol", "unit"), [("priming", "percent"), ("oov", "percent")])
def test_evaluate_prints_a_table_and_writes_every_figure(catalogue, tmp_path, protocol, unit):
    file = tmp_path / "figures" / "result.json"
    common = ("--corpus", "jsonl", "--path", str(catalogue), "--protocol", protocol)
    output = run("evaluate", *common, "--methods", "popularity, cooccurrence", "--json", str(file))
    result = json.loads(file.read_text())
    assert (result["protocol"], result["unit"], result["folds"]) == (protocol, unit, 3)
    assert list(result["methods"]) == ["popularity", "cooccurrence"]
    for metrics in result["methods"].values():
        for value in metrics.values():
            assert value["mean"] == pytest.approx(np.mean(value["folds"]))
            assert len(value["folds"]) == 3
    assert "cooccurrence" in output


def test_evaluate_lists_methods_and_refuses_unknown_ones(catalogue):
    assert "siamese-lit" in run("evaluate", "--corpus", "jsonl", "--methods", "help").split()
    with pytest.raises(EvaluationError, match=r"method 'tfidf' is unknown; known: random"):
        run("evaluate", "--corpus", "jsonl", "--path", str(catalogue), "--methods", "popularity,tfidf")


def test_reproduce_writes_the_report(catalogue, tmp_path):
    out = tmp_path / "report"
    common = ("--corpus", "jsonl", "--path", str(catalogue), "--out", str(out))
    output = run("reproduce", "priming", *common, "--methods", "popularity,plsa,random", "--folds", "1,3")
    assert "report.html" in output
    record = json.loads((out / "results.json").read_text())
    assert all(len(metrics["AP"]["folds"]) == 2 for metrics in record["priming"]["methods"].values())
    assert (out / "results.csv").read_text().startswith("table,")
    with pytest.raises(EvaluationError, match="there is no section 'tables'; known: all, priming"):
        run("reproduce", "tables", *common)
    with pytest.raises(EvaluationError, match="folds are numbers from 1"):
        run("reproduce", "priming", *common, "--folds", "one")


def test_tune_ranks_settings_and_refuses_a_bad_grid(catalogue, tmp_path):
    common = ("--corpus", "jsonl", "--path", str(catalogue), "--out", str(tmp_path), "--shorten", "0.01")
    fixed = ("--grid", "width=8", "--grid", "sensitivity=0.5", "--grid", "alpha=1000", "--grid")
    output = run("tune", *common, *fixed, "learning-rate=0.003", "--grid", "depth=1,2")
    trials = json.loads((tmp_path / "trials.json").read_text())
    assert [trial["setting"]["learning_rate"] for trial in trials] == [0.003, 0.003]
    assert "depth" in output
    with pytest.raises(EvaluationError, match="got 'depth=deep'"):
        run("tune", *common, "--grid", "depth=deep")
