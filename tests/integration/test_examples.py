"""The examples and the README's question do what they say: each is run as it stands on a real server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from models.bundle_writing import save_bundle
from models.vocabulary import Vocabulary
from tests.api.conftest import TAGS, command, serving, wait_for
from tests.conftest import DESCRIPTION, ROOT, random_siamese_encoder

EXAMPLES = ROOT / "examples"
# What each prints, over the twelve tags of a small bundle with drawn weights.
EXPECTED = {
    "related_tags.sh": '"results":[{"rank":1',
    "complete_a_track.py": "['indie rock', 'lo-fi', 'garage rock'] -> ['",
    "check_a_spelling.sh": '"tag":"hip hop"',
    "index_vectors.py": "12 vectors of 3 numbers, to compare by l2",
    "retrain_and_swap.sh": '"alias":"default","model":{"name":"tonight"',
}

TINY = """
name = "tiny"
family = "siamese"
description = "A recipe that only shows that training runs."
[topics]
n_topics = 3
passes = 2
iterations = 20
chunksize = 64
[context]
likelihood = "sum"
[network]
hidden = [8, 4]
[initialisation]
steps = 0
sparsity = 2.0
learning_rate = 1e-3
[stage1]
steps = 5
pairs = 16
learning_rate = 3e-3
weight_decay = 0.01
[stage2]
steps = 5
documents = 4
positives = 2
negatives = 2
learning_rate = 3e-3
weight_decay = 0.01
[loss]
kappa = "corrected"
alpha = 1000.0
beta = 3.0
sensitivity = 0.5
rho = 0.1
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle over twelve tags; its weights are drawn, so rankings are arbitrary but fixed."""
    path = tmp_path_factory.mktemp("bundle") / "small"
    encoder = random_siamese_encoder(n_tags=len(TAGS))
    save_bundle(path, encoder, Vocabulary(TAGS, np.arange(1, len(TAGS) + 1)), DESCRIPTION)
    return path


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory, bundle: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder with a catalogue, and the environment that examples are run in, a server's address in it."""
    folder = tmp_path_factory.mktemp("workshop")
    rng = np.random.default_rng(0)
    lines = [{"id": i, "tags": rng.choice(TAGS, size=5, replace=False).tolist()} for i in range(80)]
    (folder / "catalogue.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    (folder / "tiny.toml").write_text(TINY, "utf-8")
    executable = folder / "bin" / "tagprime"
    executable.parent.mkdir()
    executable.write_text(f"#!{sys.executable}\nfrom app.cli import main\nmain()\n", "utf-8")
    executable.chmod(0o755)
    store, bundles = f"sqlite:///{folder / 'store.db'}", folder / "bundles"
    bundles.mkdir()
    environment = {
        **os.environ,
        "PATH": f"{executable.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TAGPRIME_DATABASE_URL": store,
        "TAGPRIME_BUNDLES": str(bundles),
        "RECIPE": str(folder / "tiny.toml"),
    }
    options = ("--bundle", str(bundle), "--database", store)
    with serving(*options, TAGPRIME_BUNDLES=str(bundles)) as address:
        wait_for(lambda: httpx.get(f"{address}/v1/documents").status_code == 200)
        yield folder, {**environment, "TAGPRIME": address}


def run(script: Path, folder: Path, environment: dict[str, str]) -> str:
    started = [sys.executable, script] if script.suffix == ".py" else [script]
    done = subprocess.run(started, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_example_is_expected_to_print_something() -> None:
    assert {file.name for file in EXAMPLES.iterdir()} == {*EXPECTED, "README.md"}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_works_as_it_stands(name: str, workshop: tuple[Path, dict[str, str]]) -> None:
    assert EXPECTED[name] in run(EXAMPLES / name, *workshop)
    if name == "retrain_and_swap.sh":
        model = httpx.post(f"{workshop[1]['TAGPRIME']}/prime", json={"tag": "jazz"}).json()["model"]
        assert model["name"] == "tonight"


def test_an_example_sends_the_key_that_it_is_given(tmp_path: Path, bundle: Path) -> None:
    store = f"sqlite:///{tmp_path / 'store.db'}"
    made = subprocess.run(
        command("keys", "create", "--scope", "read", "--database", store),
        capture_output=True,
        text=True,
        check=True,
    )
    with serving("--bundle", str(bundle), "--database", store, TAGPRIME_AUTH="required") as address:
        environment = {**os.environ, "TAGPRIME": address}
        refused = subprocess.run([EXAMPLES / "related_tags.sh"], env=environment, check=False)
        assert refused.returncode != 0
        for name in ("related_tags.sh", "complete_a_track.py"):
            opened = run(EXAMPLES / name, tmp_path, {**environment, "KEY": made.stdout.strip()})
            assert EXPECTED[name] in opened


def test_the_readmes_question_has_the_readmes_answer(tmp_path: Path) -> None:
    """Served is the shipped bundle, as `make serve` serves it."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    asked = re.search(r"^curl localhost:8000.*$", text, flags=re.MULTILINE)
    printed = re.search(r"```json\n(.*?)```", text, flags=re.DOTALL)
    other = re.search(r'With `"context": (\[.*?\])` the same tag gives (.*?)\. ', text, flags=re.DOTALL)
    assert asked
    assert printed
    assert other
    with serving("--database", f"sqlite:///{tmp_path / 'store.db'}") as address:
        curl = asked.group().replace("localhost:8000", address)
        done = subprocess.run(["bash", "-c", curl], capture_output=True, text=True, check=True)
        assert _shortened(json.loads(done.stdout)) == json.loads(printed.group(1))
        query = {"tag": "lo-fi", "context": json.loads(other.group(1)), "limit": 3}
        results = httpx.post(f"{address}/prime", json=query).json()["results"]
    assert [result["tag"] for result in results] == re.findall(r"`(.+?)`", other.group(2))


def _shortened(answer: dict[str, Any]) -> dict[str, Any]:
    answer["model"]["version"] = "..."
    for result in answer["results"]:
        result["score"] = round(result["score"], 2)
    return answer
