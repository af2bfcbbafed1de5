"""From a corpus to a bundle, by the family of the recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.bundle import Bundle
from training.completion.bundle import train_completion_bundle
from training.corpus import TagCorpus
from training.evaluation.quality import measure_completion_encoder, measure_siamese_encoder
from training.fitting.held_out import Measure
from training.fitting.run import Progress
from training.recipe import Recipe
from training.siamese.bundle import train_siamese_bundle


@dataclass(frozen=True)
class Family:
    """The functions that train and measure the encoders of a family.

    Attributes
    ----------
    train
        Called as ``train(corpus, recipe, out, seed, device, progress, measure, replace)``.
    measure
        Measures an encoder of the family on held-out documents.
    """

    train: Callable[..., Bundle]
    measure: Measure


FAMILIES: Mapping[str, Family] = {
    "completion": Family(train_completion_bundle, measure_completion_encoder),
    "siamese": Family(train_siamese_bundle, measure_siamese_encoder),
}


def train_bundle(
    corpus: TagCorpus,
    recipe: Recipe,
    out: Path,
    seed: int,
    device: str,
    progress: Progress,
    replace: bool = False,
) -> Bundle:
    """Train an encoder of the recipe's family on a corpus and save it as a bundle.

    Parameters
    ----------
    corpus
        The documents to train on.
    recipe
        Architecture, steps and losses; its ``family`` decides which encoder is trained.
    out
        Folder of the bundle.
    seed
        Seed of every random draw. The same corpus, recipe and seed give the same bundle on the same machine.
    device
        ``cpu`` or ``cuda``.
    progress
        Receives the stages and the steps of the network's training.
    replace
        Whether a bundle that exists in `out` is replaced.

    Raises
    ------
    TrainingError
        If the corpus cannot be trained on, or training was stopped before its first step.
    BundleError
        If `out` exists, or the bundle read from it differs from the trained network.
    """
    family = FAMILIES[recipe.family]
    return family.train(corpus, recipe, out, seed, device, progress, family.measure, replace)
