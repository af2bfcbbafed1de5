"""Training end to end on a small corpus: bundle, determinism, interrupt and resume, the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from models.bundle import load_bundle
from models.catalogues.document import Document
from models.encoders.contract import Query
from models.errors import TrainingError
from models.index import TagSearch
from training.corpus import Provenance, TagCorpus
from training.fitting.run import CHECKPOINT, Progress, Run
from training.pipeline import train_bundle
from training.recipe import load_recipe_of
from training.siamese.fit import fit_siamese
from training.siamese.recipe import SiameseRecipe
from training.siamese.trainer import Trainer


def small_corpus(n_documents: int = 120) -> TagCorpus:
    """Two scenes that share one tag, "lo-fi", and nothing else."""
    scenes = (["hip hop", "beats", "chill", "jazz", "study"], ["garage", "indie", "punk", "raw", "live"])
    rng = np.random.default_rng(0)
    documents = []
    for i in range(n_documents):
        tags = {scenes[i % 2][int(j)] for j in rng.integers(5, size=4)}
        if rng.random() < 0.5:
            tags.add("lo-fi")
        documents.append(Document(str(i), tuple(sorted(tags))))
    return TagCorpus.from_documents("scenes", documents, Provenance("", "", ""))


@pytest.fixture(scope="module")
def recipe() -> SiameseRecipe:
    """EXT, short and narrow."""
    full = load_recipe_of(SiameseRecipe, "ext")
    return full.model_copy(
        update={
            "topics": full.topics.model_copy(update={"n_topics": 4, "passes": 5}),
            "network": full.network.model_copy(update={"hidden": (16, 16, 4)}),
            "initialisation": full.initialisation.model_copy(update={"steps": 5}),
            "stage1": full.stage1.model_copy(update={"steps": 60, "pairs": 32}),
            "stage2": full.stage2.model_copy(update={"steps": 120, "positives": 4, "negatives": 4}),
        }
    )


def test_a_trained_bundle_tells_contexts_apart(recipe: SiameseRecipe, tmp_path: Path) -> None:
    corpus = small_corpus()
    bundle = train_bundle(corpus, recipe, tmp_path / "b", 0, "cpu", Progress(Run()))
    key = bundle.vocabulary.key_to_index
    search = TagSearch(bundle.encoder)
    nothing = np.array([], dtype=np.int64)

    def top(context: list[str]) -> set[str]:
        query = Query(key["lo-fi"], bundle.vocabulary.indices(context))
        (ranking,) = search.search([query], 5, [np.append(nothing, key["lo-fi"])])
        return {bundle.vocabulary.index_to_key[i] for i in ranking.indices}

    assert len(top(["hip hop", "beats"]) & {"hip hop", "beats", "chill", "jazz", "study"}) >= 4
    assert len(top(["punk", "garage"]) & {"garage", "indie", "punk", "raw", "live"}) >= 4


def test_the_same_seed_gives_the_same_bundle_and_another_seed_another(
    recipe: SiameseRecipe, tmp_path: Path
) -> None:
    corpus = small_corpus()
    versions = [
        train_bundle(corpus, recipe, tmp_path / str(i), seed, "cpu", Progress(Run())).version
        for i, seed in enumerate((0, 0, 1))
    ]
    assert versions[0] == versions[1] != versions[2]


def test_the_numpy_encoder_equals_the_torch_network(recipe: SiameseRecipe) -> None:
    corpus = small_corpus()
    model = fit_siamese(corpus, recipe)
    encoder = model.encoder()
    documents = corpus.documents()
    for row in (0, 1, 50):
        n = corpus.n_tags
        with torch.no_grad():
            expected = model.trained.network.embed(
                torch.from_numpy(model.features.standardised(np.arange(n))),
                torch.arange(n),
                torch.from_numpy(model.contexts.features[[row]]),
                torch.zeros(n, dtype=torch.int64),
            ).numpy()
        candidates = encoder.candidates(documents[row])
        held = documents[row]
        queries = encoder.encode([Query(int(tag), held) for tag in held]).vectors
        assert np.abs(candidates - expected).max() <= 1e-5
        assert np.abs(queries - expected[held]).max() <= 1e-5


def test_a_stopped_run_goes_on_as_if_it_had_never_stopped(recipe: SiameseRecipe, tmp_path: Path) -> None:
    corpus = small_corpus()
    whole = fit_siamese(corpus, recipe)
    taken = {"steps": 0}

    def count(phase: str, step: int, steps: int, loss: float) -> None:
        taken["steps"] += 1

    first = Run(on_step=count, stop=lambda: taken["steps"] == 100, folder=tmp_path)
    halted = fit_siamese(corpus, recipe, run=first)
    assert halted.trained.stopped == ("stage 2", 25)  # 3 x 5 steps of initialisation, 60 of stage 1
    resumed = fit_siamese(corpus, recipe, run=Run(folder=tmp_path, resume=True))
    for ours, theirs in zip(
        whole.trained.network.parameters(), resumed.trained.network.parameters(), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)
    assert resumed.trained.losses == whole.trained.losses


def test_an_early_stop_leaves_a_marked_bundle_and_its_checkpoint(
    recipe: SiameseRecipe, tmp_path: Path
) -> None:
    taken = {"steps": 0}

    def count(phase: str, step: int, steps: int, loss: float) -> None:
        taken["steps"] += 1

    run = Run(on_step=count, stop=lambda: taken["steps"] >= 100, folder=tmp_path / "run")
    bundle = train_bundle(small_corpus(), recipe, tmp_path / "b", 0, "cpu", Progress(run))
    assert bundle.manifest.training["stopped_early"] == {"phase": "stage 2", "step": 25}
    assert (tmp_path / "run" / CHECKPOINT).is_file()


def test_a_stop_before_there_is_anything_to_serve_says_so(recipe: SiameseRecipe, tmp_path: Path) -> None:
    run = Run(stop=lambda: True, folder=tmp_path / "run")
    with pytest.raises(TrainingError, match="--resume"):
        train_bundle(small_corpus(), recipe, tmp_path / "b", 0, "cpu", Progress(run))
    assert not (tmp_path / "b").exists()


def test_a_loss_that_is_not_finite_stops_training(
    recipe: SiameseRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Trainer, "_stage1_step", lambda self: torch.tensor(float("nan"), requires_grad=True))
    with pytest.raises(TrainingError, match="loss of stage 1 became nan at step 0"):
        fit_siamese(small_corpus(), recipe)


def test_a_corpus_that_cannot_be_learnt_from_is_refused(recipe: SiameseRecipe) -> None:
    tags = tuple(f"t{i}" for i in range(6))
    same = [Document(str(i), tags) for i in range(20)]
    with pytest.raises(TrainingError, match="no document holds some of the tags"):
        fit_siamese(TagCorpus.from_documents("same", same, Provenance("", "", "")), recipe)
    with pytest.raises(TrainingError, match="3 documents"):
        fit_siamese(TagCorpus.from_documents("few", same[:3], Provenance("", "", "")), recipe)


@pytest.fixture
def small_jsonl(tmp_path: Path) -> Path:
    import json

    corpus = small_corpus()
    path = tmp_path / "small.jsonl"
    lines = [
        json.dumps({"id": name, "tags": [corpus.index_to_key[tag] for tag in tags]})
        for name, tags in zip(corpus.document_ids, corpus.documents(), strict=True)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


COMMAND = [sys.executable, "-c", "from app.cli import main; main()", "train", "jsonl"]


@pytest.mark.parametrize("recipe_name", ["lit", "completion"])
def test_ctrl_c_leaves_a_bundle_that_serves(small_jsonl: Path, tmp_path: Path, recipe_name: str) -> None:
    """The real command, the real signal; then the run that goes on from there."""
    out = tmp_path / "bundle"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    command = [*COMMAND, "--path", str(small_jsonl), "--recipe", recipe_name, "--out", str(out)]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    checkpoint = tmp_path / "bundle.run" / CHECKPOINT
    try:
        for _ in range(1200):
            if checkpoint.is_file() or process.poll() is not None:
                break
            try:
                process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    bundle = load_bundle(out)
    assert bundle.manifest.training["stopped_early"] is not None
    assert bundle.version in output
    assert "the same command with --resume goes on from there" in errors
    (search,) = TagSearch(bundle.encoder).search([Query(0, np.array([0]))], 3, [np.array([0])])
    assert len(search.indices) == 3
    n_losses = len((tmp_path / "bundle.run" / "losses.csv").read_text().splitlines())
    assert n_losses > 500
    if recipe_name == "lit":  # whose going on is tested above, and takes long
        return
    resumed = subprocess.run(
        [*command, "--resume"], capture_output=True, text=True, timeout=240, check=False, env=environment
    )
    assert resumed.returncode == 0, resumed.stderr
    assert load_bundle(out).manifest.training.get("stopped_early") is None
    assert load_bundle(out).version != bundle.version
    assert not checkpoint.exists()
    assert len((tmp_path / "bundle.run" / "losses.csv").read_text().splitlines()) > n_losses


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["--recipe", "nope"], "there is no recipe 'nope'"),
        (["--recipe", "ext", "--topics", "one"], "--topics is 'one'"),
        (["--device", "tpu"], "--device is 'tpu'"),
        (["--min-documents", "10000"], "10000 documents"),
    ],
)
def test_bad_options_end_in_one_clear_line(
    small_jsonl: Path, tmp_path: Path, arguments: list[str], fault: str
) -> None:
    out = tmp_path / "bundle"
    done = subprocess.run(
        [*COMMAND, "--path", str(small_jsonl), "--out", str(out), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert fault in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()
