"""Write a trained encoder as a bundle: its map, its description, and a check of what was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.bundle import Bundle
from models.bundle_writing import save_bundle
from models.encoders.contract import Encoder
from training.corpus import TagCorpus
from training.embeddings import embedding_documents, fit_embeddings
from training.fitting.run import CHECKPOINT, Progress
from training.projection import fit_projection
from training.provenance import build_description, corpus_description


@dataclass(frozen=True)
class TrainedEncoder:
    """An encoder that is ready to be written as a bundle.

    Attributes
    ----------
    encoder
        The encoder as it will be served.
    check
        Compares the encoder read from the written bundle with the trained network; raises BundleError if they
        differ.
    training
        The manifest's section on the training: recipe, seed, settings.
    quality
        Metrics on held-out documents, by protocol.
    stopped
        ``(phase, step)`` where training was stopped early, or None.
    """

    encoder: Encoder
    check: Callable[[Encoder], None]
    training: dict[str, Any]
    quality: dict[str, Any]
    stopped: tuple[str, int] | None = None


def write_bundle(
    trained: TrainedEncoder,
    described: TagCorpus,
    corpus: TagCorpus,
    out: Path,
    seed: int,
    progress: Progress,
    replace: bool = False,
) -> Bundle:
    """Fit the map and the embeddings of an encoder and save them with it as a bundle.

    The checkpoint is deleted once a training that was not stopped early is saved.

    Parameters
    ----------
    trained
        The encoder and the manifest's sections on its training and quality.
    described
        The whole corpus, whose provenance the manifest keeps.
    corpus
        The documents that the map's sample queries are drawn from.
    out
        Folder of the bundle.
    seed
        Seed of the map.
    progress
        Receives the stages.
    replace
        Whether a bundle that exists in `out` is replaced.

    Raises
    ------
    BundleError
        If `out` exists, or the bundle read from it differs from the trained network.
    """
    progress.on_stage(f"laying out the map of {corpus.n_tags} tags")
    projection = fit_projection(trained.encoder, corpus, seed)
    progress.on_stage("fitting the widths of embeddings")
    embeddings = fit_embeddings(trained.encoder, *embedding_documents(corpus, seed), seed)
    describe = {
        "corpus": corpus_description(described),
        "training": trained.training,
        "quality": trained.quality,
        **build_description(),
    }
    bundle = save_bundle(
        out,
        trained.encoder,
        corpus.vocabulary,
        describe,
        lambda saved: trained.check(saved.encoder),
        replace,
        projection,
        embeddings,
    )
    if trained.stopped is None and progress.run.folder is not None:
        (progress.run.folder / CHECKPOINT).unlink(missing_ok=True)
    return bundle


def stop_description(stopped: tuple[str, int] | None) -> dict[str, str | int] | None:
    """Return where training was stopped early, as the manifest keeps it, or None."""
    return None if stopped is None else {"phase": stopped[0], "step": stopped[1]}
