"""From a corpus to a bundle with a completion encoder."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from models.bundle import Bundle
from training.bundle import TrainedEncoder, stop_description, write_bundle
from training.completion.export import check_towers
from training.completion.fit import fit_completion
from training.completion.recipe import CompletionRecipe
from training.corpus import TagCorpus
from training.fitting.held_out import Measure
from training.fitting.run import Progress


def train_completion_bundle(
    corpus: TagCorpus,
    recipe: CompletionRecipe,
    out: Path,
    seed: int,
    device: str,
    progress: Progress,
    measure: Measure,
    replace: bool = False,
) -> Bundle:
    """Train a completion encoder on all documents and save it as a bundle.

    Settings are chosen, and the quality is measured, with a tenth of the documents held out. The encoder
    that is saved has been trained on all of them, unless training is stopped early. See
    `training.pipeline.train_bundle`.
    """
    progress.on_stage(f"training on {corpus.n_documents} documents, {corpus.n_tags} tags")
    fitted = fit_completion(corpus, recipe, seed, device, progress.run, progress.on_stage, measure)
    training = {
        "recipe": recipe.model_dump(mode="json"),
        "seed": seed,
        "chosen": asdict(fitted.chosen),
        "steps": fitted.steps,
        "training_documents": fitted.n_documents,
        **({"stopped_early": stop_description(fitted.stopped)} if fitted.stopped else {}),
    }
    trained = TrainedEncoder(
        encoder=fitted.encoder,
        check=lambda saved: check_towers(saved, fitted.towers, corpus),
        training=training,
        quality=fitted.quality,
        stopped=fitted.stopped,
    )
    return write_bundle(trained, corpus, corpus, out, seed, progress, replace)
