"""From a corpus to a bundle: the whole story, top to bottom."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.bundle import Bundle, save_bundle
from models.encoders.completion import CompletionEncoder
from models.encoders.contract import Encoder, OovRule
from models.encoders.siamese import SiameseEncoder
from models.errors import BundleError, TrainingError
from models.projection import Projection
from training.completion.export import check_towers
from training.completion.fit import fit_completion
from training.completion.recipe import CompletionRecipe
from training.completion.towers import TwoTowers
from training.corpus import TagCorpus
from training.fitting.run import CHECKPOINT, Run
from training.projection import fit_projection
from training.recipe import Recipe
from training.siamese.fit import SiameseModel, check_trainable, fit_siamese
from training.siamese.validation import choose_oov_rule, draw_oov_tags, measure_quality, split_validation

# Exported and trained embeddings may differ by rounding alone.
EXPORT_TOLERANCE = 1e-5

LIBRARIES = ("numpy", "scipy", "gensim", "scikit-learn", "torch")


@dataclass(frozen=True)
class Watch:
    """How a caller follows the pipeline.

    Attributes
    ----------
    run
        Steps, stop and checkpoints of the network's training.
    on_stage
        Called with a line on what begins now.
    on_lda_pass
        Called with the number of passes, after each of them.
    """

    run: Run
    on_stage: Callable[[str], None] = lambda line: None
    on_lda_pass: Callable[[int], None] | None = None


def train_bundle(
    corpus: TagCorpus,
    recipe: Recipe | CompletionRecipe,
    out: Path,
    seed: int,
    device: str,
    watch: Watch,
    replace: bool = False,
) -> Bundle:
    """Train an encoder of the recipe's family on a corpus and save it as a bundle.

    Raises
    ------
    TrainingError
        If the corpus cannot be trained on, or training was stopped before there was anything to keep.
    BundleError
        If `out` is taken, or what was written does not equal what was trained.
    """
    if isinstance(recipe, CompletionRecipe):
        return train_completion_bundle(corpus, recipe, out, seed, device, watch, replace)
    return train_siamese_bundle(corpus, recipe, out, seed, device, watch, replace)


def train_completion_bundle(
    corpus: TagCorpus,
    recipe: CompletionRecipe,
    out: Path,
    seed: int,
    device: str,
    watch: Watch,
    replace: bool = False,
) -> Bundle:
    """Train a completion encoder on all documents and save it as a bundle.

    Settings are chosen, and the quality is measured, with a tenth of the documents held off; the encoder
    that is kept has seen all of them, unless training is stopped early. See `train_bundle`.
    """
    watch.on_stage(f"training on {corpus.n_documents} documents, {corpus.n_tags} tags")
    trained = fit_completion(corpus, recipe, seed, device, watch.run, watch.on_stage)
    projection = draw_map(trained.encoder, corpus, seed, watch)
    describe = {
        "corpus": corpus_description(corpus),
        "training": {
            "recipe": recipe.model_dump(mode="json"),
            "seed": seed,
            "chosen": asdict(trained.chosen),
            "steps": trained.steps,
            "training_documents": trained.n_documents,
            **({"stopped_early": _stopped(trained.stopped)} if trained.stopped else {}),
        },
        "quality": trained.quality,
        **build_description(),
    }
    bundle = save_bundle(
        out,
        trained.encoder,
        corpus.vocabulary,
        describe,
        lambda saved: check_completion_export(saved, trained.towers, corpus),
        replace,
        projection,
    )
    if trained.stopped is None:
        _forget_checkpoint(watch.run)
    return bundle


def draw_map(encoder: Encoder, corpus: TagCorpus, seed: int, watch: Watch) -> Projection:
    """Fit the map that goes with an encoder."""
    watch.on_stage(f"laying out the map of {corpus.n_tags} tags")
    return fit_projection(encoder, corpus, seed)


def check_completion_export(saved: Bundle, towers: TwoTowers, corpus: TagCorpus) -> None:
    """Compare a saved bundle's vectors with the towers' own; BundleError if they differ."""
    if not isinstance(saved.encoder, CompletionEncoder):
        raise BundleError(f"{saved.path}: was read back as a {saved.encoder.kind} encoder")
    check_towers(saved.encoder, towers, corpus)


def train_siamese_bundle(
    corpus: TagCorpus, recipe: Recipe, out: Path, seed: int, device: str, watch: Watch, replace: bool = False
) -> Bundle:
    """Train a siamese encoder on a corpus and save it as a bundle; see `train_bundle`.

    Some documents are held out; on them the quality is measured and the OOV rule chosen.
    """
    check_trainable(corpus)
    training, validation = split_validation(corpus, recipe.validation.share, seed)
    watch.on_stage(f"training on {training.n_documents} documents, {corpus.n_tags} tags")
    model = fit_siamese(training, recipe, seed, device, watch.run, watch.on_lda_pass)
    stopped = model.trained.stopped
    if stopped and stopped[0].startswith("initialise"):
        raise TrainingError(
            f"stopped in {stopped[0]!r}, before there was anything to serve; "
            f"the checkpoint is kept, so --resume goes on from there"
        )
    oov_rule: OovRule = "nearest"
    measured: dict[str, float] = {}
    if not stopped:
        watch.on_stage("choosing the rule for out-of-vocabulary tags on held-out documents")
        oov_rule, measured = seek_oov_rule(training, validation, recipe, seed, device, watch)
    encoder = model.encoder(oov_rule)
    quality: dict[str, Any] = {}
    if validation.n_documents:
        watch.on_stage(f"measuring on {validation.n_documents} held-out documents")
        quality = measure_quality(encoder, training, validation, seed)
        if measured:
            quality["oov_rule"] = {"AP": measured, "unit": "percent"}
    describe = {
        "corpus": corpus_description(corpus),
        "training": {
            "recipe": recipe.model_dump(mode="json"),
            "seed": seed,
            "n_topics": model.topics.n_topics,
            "training_documents": training.n_documents,
            "validation_documents": validation.n_documents,
            "stopped_early": _stopped(stopped),
        },
        "quality": quality,
        **build_description(),
    }
    bundle = save_bundle(
        out,
        encoder,
        training.vocabulary,
        describe,
        lambda saved: check_export(saved, model, training),
        replace,
        draw_map(encoder, training, seed, watch),
    )
    if stopped is None:
        _forget_checkpoint(watch.run)
    return bundle


def _stopped(stopped: tuple[str, int] | None) -> dict[str, str | int] | None:
    return None if stopped is None else {"phase": stopped[0], "step": stopped[1]}


def _forget_checkpoint(run: Run) -> None:
    if run.folder is not None:
        (run.folder / CHECKPOINT).unlink(missing_ok=True)


def seek_oov_rule(
    training: TagCorpus, validation: TagCorpus, recipe: Recipe, seed: int, device: str, watch: Watch
) -> tuple[OovRule, dict[str, float]]:
    """Train a shorter probe without some tags and see which end of its rankings answers them."""
    oov_tags = draw_oov_tags(training, recipe.validation.oov_tags, seed)
    if not len(oov_tags) or not validation.n_documents:
        return "nearest", {}
    known = np.setdiff1d(np.arange(training.n_tags), oov_tags)
    probe_corpus = training.with_tags(known)
    probe_corpus = probe_corpus.select(np.flatnonzero(np.diff(probe_corpus.matrix.indptr)))
    run = Run(
        on_step=lambda phase, step, steps, loss: watch.run.on_step(f"OOV probe, {phase}", step, steps, loss),
        stop=watch.run.stop,
    )
    probe = fit_siamese(probe_corpus, shortened(recipe), seed, device, run, watch.on_lda_pass)
    return choose_oov_rule(probe.encoder(), training, validation, oov_tags)


def shortened(recipe: Recipe) -> Recipe:
    """Return the recipe with the steps of both stages scaled by its ``validation.oov_steps``."""
    scale = recipe.validation.oov_steps
    return recipe.model_copy(
        update={
            "stage1": recipe.stage1.model_copy(update={"steps": round(recipe.stage1.steps * scale)}),
            "stage2": recipe.stage2.model_copy(update={"steps": round(recipe.stage2.steps * scale)}),
        }
    )


def check_export(saved: Bundle, model: SiameseModel, training: TagCorpus) -> None:
    """Compare a saved bundle's embeddings with the network's own, on some training documents.

    Raises
    ------
    BundleError
        If they differ by more than `EXPORT_TOLERANCE`.
    """
    encoder = saved.encoder
    if not isinstance(encoder, SiameseEncoder):
        raise BundleError(f"{saved.path}: was read back as a {encoder.kind} encoder")
    documents = training.documents()
    for row in range(0, len(documents), max(1, len(documents) // 10)):
        tags = documents[row][:50]
        with torch.no_grad():
            expected = model.trained.network.embed(
                torch.from_numpy(model.features.standardised(tags)),
                torch.arange(len(tags)),
                torch.from_numpy(model.contexts.features[[row]]),
                torch.zeros(len(tags), dtype=torch.int64),
            ).numpy()
        got = encoder.encode_queries([int(tag) for tag in tags], [documents[row]] * len(tags))
        worst = float(np.abs(got - expected).max(initial=0.0))
        if worst > EXPORT_TOLERANCE:
            raise BundleError(
                f"{saved.path}: exported embeddings differ from the network's by {worst:.2e}; "
                f"at most {EXPORT_TOLERANCE:.0e} is rounding"
            )


def corpus_description(corpus: TagCorpus) -> dict[str, Any]:
    """Return the provenance a manifest keeps."""
    return {
        "name": corpus.name,
        "n_documents": corpus.n_documents,
        "n_tags": corpus.n_tags,
        "n_assignments": int(corpus.matrix.nnz),
        "source": corpus.provenance.source,
        "citation": corpus.provenance.citation,
        "licence": corpus.provenance.licence,
        "files": dict(corpus.provenance.files),
    }


def build_description() -> dict[str, Any]:
    """Return the library versions and the git revision a bundle is made with."""
    versions = {"python": platform.python_version()} | {name: metadata.version(name) for name in LIBRARIES}
    try:
        revision = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        revision = None  # installed from a wheel, or no git on this machine
    return {"libraries": versions, "git_revision": revision}
