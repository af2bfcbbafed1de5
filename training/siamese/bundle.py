"""From a corpus to a bundle with a siamese encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from models.bundle import Bundle
from models.encoders.contract import OovRule
from models.errors import TrainingError
from training.bundle import TrainedEncoder, stop_description, write_bundle
from training.corpus import TagCorpus
from training.fitting.held_out import Measure, hold_out_groups
from training.fitting.run import Progress
from training.siamese.export import check_network
from training.siamese.fit import check_trainable, fit_siamese
from training.siamese.oov_rule import seek_oov_rule
from training.siamese.recipe import SiameseRecipe


def train_siamese_bundle(
    corpus: TagCorpus,
    recipe: SiameseRecipe,
    out: Path,
    seed: int,
    device: str,
    progress: Progress,
    measure: Measure,
    replace: bool = False,
) -> Bundle:
    """Train a siamese encoder on a corpus and save it as a bundle; see `training.pipeline.train_bundle`.

    A share of the documents is held out; the OOV rule is chosen and the quality is measured on them.
    """
    check_trainable(corpus)
    training, validation = hold_out_groups(corpus, recipe.validation.share, seed)
    progress.on_stage(f"training on {training.n_documents} documents, {corpus.n_tags} tags")
    model = fit_siamese(training, recipe, seed, device, progress.run, progress.on_lda_pass)
    stopped = model.trained.stopped
    if stopped and stopped[0].startswith("initialise"):
        raise TrainingError(
            f"stopped in {stopped[0]!r}, before there was anything to serve; "
            f"the checkpoint is kept, so --resume goes on from there"
        )
    oov_rule: OovRule = "nearest"
    precision_by_rule: dict[str, float] = {}
    if not stopped:
        progress.on_stage("choosing the rule for out-of-vocabulary tags on held-out documents")
        oov_rule, precision_by_rule = seek_oov_rule(training, validation, recipe, seed, device, progress)
    encoder = model.encoder(oov_rule)
    quality: dict[str, Any] = {}
    if validation.n_documents:
        progress.on_stage(f"measuring on {validation.n_documents} held-out documents")
        quality = measure(encoder, training, validation, seed)
        if precision_by_rule:
            quality["oov_rule"] = {"AP": precision_by_rule, "unit": "percent"}
    trained = TrainedEncoder(
        encoder=encoder,
        check=lambda saved: check_network(
            saved, model.trained.network, model.features, model.contexts, training
        ),
        training={
            "recipe": recipe.model_dump(mode="json"),
            "seed": seed,
            "n_topics": model.topics.n_topics,
            "training_documents": training.n_documents,
            "validation_documents": validation.n_documents,
            "stopped_early": stop_description(stopped),
        },
        quality=quality,
        stopped=stopped,
    )
    return write_bundle(trained, corpus, training, out, seed, progress, replace)
