"""Every format of catalogue, from the file to its account, into the store both ways, and to a bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.cli import root
from app.db.documents import all_documents
from app.db.engine import open_engine, transaction
from app.main import create_app
from app.settings import Settings
from models.bundle import load_bundle
from models.catalogues.document import Document
from tests.api.conftest import wait_for
from tests.integration.test_examples import TINY
from tests.scene_catalogues import N_TRACKS, UNWEIGHTED, WEIGHTED, weighted
from training import cli

FORMATS = {**WEIGHTED, **UNWEIGHTED}


TRAINING = typer.Typer()
cli.register(TRAINING)


def run(commands: typer.Typer, *arguments: str) -> Result:
    result = CliRunner().invoke(commands, arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def stored(url: str) -> list[Document]:
    engine = open_engine(url)
    with transaction(engine, reads_only=True) as connection:
        held = list(all_documents(connection))
    engine.dispose()
    return held


@pytest.mark.parametrize("shape", FORMATS)
def test_a_catalogue_is_described_imported_both_ways_and_trained_on(shape: str, tmp_path: Path) -> None:
    if shape in ("beets", "folder"):
        pytest.importorskip("mutagen")
    path = str(FORMATS[shape](tmp_path))
    name = shape.split()[0]

    described = run(TRAINING, "corpora", "info", "catalogue", "--path", path, "--json").stdout
    info: dict[str, Any] = json.loads(described)
    assert info["account"]["format"] == name, info["account"]["why"]
    assert (info["account"]["documents"], info["account"]["n_faults"]) == (N_TRACKS, 0)
    assert info["corpus"]["tags"] == 8
    assert (info["corpus"]["weights"] is not None) == (shape in WEIGHTED)

    here = f"sqlite:///{tmp_path / 'here.db'}"
    counted = json.loads(run(root, "documents", "import", path, "--database", here, "--json").stdout)
    assert (counted["created"], counted["account"]["tags"]) == (N_TRACKS, info["corpus"]["assignments"])

    lines = tmp_path / "lines.jsonl"
    run(TRAINING, "corpora", "export", name, str(lines), "--path", path)
    there = f"sqlite:///{tmp_path / 'there.db'}"
    with TestClient(create_app(Settings(database_url=there))) as client:
        wait_for(lambda: client.get("/v1/documents").status_code == 200)
        answer = client.post(
            "/v1/documents", content=lines.read_bytes(), headers={"Content-Type": "application/x-ndjson"}
        )
        assert (answer.json()["created"], answer.json()["faulty"]) == (N_TRACKS, 0)

    held = stored(here)
    assert held == stored(there)
    if shape in WEIGHTED:
        expected = sorted(sorted(weighted(number)) for number in range(N_TRACKS))
        assert sorted(list(document.weighted()) for document in held) == expected

    recipe, out = tmp_path / "tiny.toml", tmp_path / "tonight"
    recipe.write_text(TINY)
    run(TRAINING, "train", name, "--path", path, "--recipe", str(recipe), "--out", str(out))
    bundle = load_bundle(out)
    assert (bundle.manifest.corpus["name"], len(bundle.vocabulary)) == (name, 8)
