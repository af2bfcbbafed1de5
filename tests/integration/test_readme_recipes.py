"""The README's recipes do what they say: each is run as it stands, against a real server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from models.bundle import save_bundle
from models.vocabulary import Vocabulary
from tests.api.conftest import TAGS, serving, wait_for
from tests.conftest import DESCRIPTION, ROOT, random_siamese_encoder

README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.split("## Five things a music app does")[1].split("\n## ")[0]
RECIPES = re.findall(
    r"\*\*(.+?)\*\*[^`]*?(?:`[^`\n]*`[^`]*?)*```(bash|python)\n(.*?)```", SECTION, flags=re.DOTALL
)

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
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder with a catalogue, a served bundle, and the environment that recipes are run in."""
    folder = tmp_path_factory.mktemp("workshop")
    bundle = folder / "small"
    encoder = random_siamese_encoder(n_tags=len(TAGS))
    save_bundle(bundle, encoder, Vocabulary(TAGS, np.arange(1, len(TAGS) + 1)), DESCRIPTION)
    rng = np.random.default_rng(0)
    lines = [{"id": i, "tags": rng.choice(TAGS, size=5, replace=False).tolist()} for i in range(80)]
    (folder / "catalogue.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    (folder / "tiny.toml").write_text(TINY, "utf-8")
    command = folder / "bin" / "tagprime"
    command.parent.mkdir()
    command.write_text(f"#!{sys.executable}\nfrom app.cli import main\nmain()\n", "utf-8")
    command.chmod(0o755)
    store, bundles = f"sqlite:///{folder / 'store.db'}", folder / "bundles"
    bundles.mkdir()
    environment = {
        **os.environ,
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TAGPRIME_DATABASE_URL": store,
        "TAGPRIME_BUNDLES": str(bundles),
        "RECIPE": str(folder / "tiny.toml"),
    }
    options = ("--bundle", str(bundle), "--database", store)
    with serving(*options, TAGPRIME_BUNDLES=str(bundles)) as address:
        wait_for(lambda: httpx.get(f"{address}/v1/documents").status_code == 200)
        yield folder, {**environment, "TAGPRIME": address}


def run(kind: str, script: str, workshop: tuple[Path, dict[str, str]]) -> str:
    folder, environment = workshop
    interpreter = ["bash", "-eu", "-o", "pipefail", "-c"] if kind == "bash" else [sys.executable, "-c"]
    done = subprocess.run(
        [*interpreter, script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


EXPECTED = {
    "Related tags": '"results":[{"rank":1',
    "Complete a track": "['indie rock', 'lo-fi', 'garage rock'] -> ['",
    "Spell-check a tag": '"tag":"hip hop"',
    "Index vectors in your own store.": "12 vectors to compare by l2 with 3 numbers",
    "Retrain every night, and swap.": '"alias":"default","model":{"name":"tonight"',
}


def test_there_are_five_recipes() -> None:
    assert [name for name, _, _ in RECIPES] == list(EXPECTED)


@pytest.mark.parametrize(("name", "kind", "script"), RECIPES, ids=[name for name, _, _ in RECIPES])
def test_a_recipe_works_as_it_stands(
    name: str, kind: str, script: str, workshop: tuple[Path, dict[str, str]]
) -> None:
    assert EXPECTED[name] in run(kind, script, workshop)
    if name.startswith("Retrain"):
        model = httpx.post(f"{workshop[1]['TAGPRIME']}/prime", json={"tag": "jazz"}).json()["model"]
        assert model["name"] == "tonight"
