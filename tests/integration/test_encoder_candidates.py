"""The comparison of encoder candidates runs: every network, loss and rule, on a small corpus of one's own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_every_candidate_is_trained_and_measured(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import encoder_candidates
    import encoder_trainings

    rng = np.random.default_rng(0)
    lines = [
        json.dumps({"id": str(i), "tags": [f"t{(i % 3) * 8 + tag}" for tag in rng.permutation(8)[:6]]})
        for i in range(120)
    ]
    (tmp_path / "own.jsonl").write_text("\n".join(lines))
    arguments = [
        "jsonl",
        "--path",
        str(tmp_path / "own.jsonl"),
        "--out",
        str(tmp_path / "out"),
        "--steps",
        "3",
    ]
    encoder_candidates.main([*arguments, "--folds", "0", "--parts", "1"])
    measured = json.loads((tmp_path / "out" / "jsonl-0-0.json").read_text())
    assert measured.keys() == {*encoder_trainings.TRAININGS, *encoder_candidates.RULES}
    for found in measured.values():
        for variant in ("clean", "distractor", "query-only"):
            assert len(found[variant]) == len(measured["recipe"][variant])
            assert 0 < np.mean(found[variant]) <= 1
    changed = [name for name in measured if measured[name]["clean"] != measured["recipe"]["clean"]]
    assert len(changed) > len(measured) / 2
    capsys.readouterr()
    encoder_candidates.main([*arguments, "--folds", "0", "--parts", "1", "--candidates", "InfoNCE"])
    shown = capsys.readouterr().out
    assert shown.startswith("| candidate |")  # nothing is measured twice
    assert "| InfoNCE |" in shown
    with pytest.raises(SystemExit):
        encoder_candidates.main([*arguments, "--candidates", "magic"])
    for module in ("encoder_candidates", "encoder_mixes", "encoder_networks", "encoder_trainings"):
        sys.modules.pop(module)
