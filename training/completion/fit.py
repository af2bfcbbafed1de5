"""Train a completion encoder: counts, towers, linear term, and the weights that combine them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from models.encoders.completion import CompletionEncoder
from models.errors import TrainingError
from training.completion.checkpoint import Checkpoint, Checkpoints
from training.completion.cooccurrence_shares import cooccurrence_shares
from training.completion.export import to_encoder
from training.completion.features import count_features
from training.completion.mixing import (
    Mixing,
    blended,
    choose_linear,
    choose_mixing,
    solve,
)
from training.completion.recipe import CompletionRecipe
from training.completion.towers import TwoTowers
from training.completion.trainer import SaveState, State, TowersTrainer, TrainedTowers
from training.corpus import TagCorpus
from training.fitting.counts import cooccurrence, duplicate_weights
from training.fitting.held_out import Measure, hold_out, validation_queries, with_permuted_contexts
from training.fitting.run import Run

VALIDATION_TOWERS, FINAL_TOWERS = "validation towers", "towers"
"""Phases of the training: first without the validation documents, then on all documents."""


@dataclass(frozen=True)
class Chosen:
    """Options that were chosen on the validation documents.

    Attributes
    ----------
    l2, dropout
        Penalty and dropout of the linear term.
    mixing
        Weight of the linear term, in standard deviations of the towers' scores.
    damping
        Power of a candidate's document frequency that the linear term's score is divided by.
    """

    l2: float
    dropout: float
    mixing: float
    damping: float


@dataclass(frozen=True)
class Completion:
    """A trained completion encoder.

    Attributes
    ----------
    encoder
        The encoder as it is served.
    towers
        The trained network, in evaluation mode.
    chosen
        Options chosen on the validation documents.
    steps
        Number of steps that the towers were trained for.
    n_documents
        Number of documents that the encoder was trained on.
    quality
        Metrics of the encoder that was trained without the validation documents, measured on them, by
        protocol; empty without a measure.
    stopped
        ``(phase, step)`` where training was stopped early, or None. After an early stop the encoder is the
        one that `quality` was measured on.
    """

    encoder: CompletionEncoder
    towers: TwoTowers
    chosen: Chosen
    steps: int
    n_documents: int
    quality: dict[str, Any]
    stopped: tuple[str, int] | None = None


def fit_completion(
    corpus: TagCorpus,
    recipe: CompletionRecipe,
    seed: int,
    device: str = "cpu",
    run: Run | None = None,
    on_stage: Callable[[str], None] = lambda line: None,
    measure: Measure | None = None,
) -> Completion:
    """Choose options on a held-out tenth of the documents, then train on all documents.

    Parameters
    ----------
    corpus
        Training documents.
    recipe
        Architecture, steps and the options to choose from.
    seed
        Seed of every random draw.
    device
        ``cpu`` or ``cuda``.
    run
        Progress callback, checkpoints and early stop of the network's training.
    on_stage
        Called with a line of text when a stage begins.
    measure
        Measures the quality on the held-out documents; by default it is not measured.

    Raises
    ------
    TrainingError
        If fewer than two documents hold two tags, the loss is not finite, training was stopped before its
        first step, or the checkpoint is of another training.
    """
    run = run or Run()
    checkpoints = Checkpoints(run, corpus, recipe, seed)
    rest, held_out = hold_out(corpus, seed)
    queries = validation_queries(held_out, seed)
    checkpoint = checkpoints.load()
    if checkpoint is None:
        on_stage(f"choosing the linear term on {held_out.n_documents} held-out documents")
        checkpoint = Checkpoint(choose_linear(rest, recipe, queries))
    train = _Training(recipe, seed, device, checkpoint.linear, run)
    validation_encoder, first = train(
        rest, VALIDATION_TOWERS, checkpoint.validation_towers, checkpoint.save_validation_towers(checkpoints)
    )
    if not first.step:
        raise TrainingError("stopped before the first step: there is nothing to serve yet")
    if checkpoint.validated is None:
        on_stage(f"choosing the mix and measuring on {held_out.n_documents} held-out documents")
    validated = checkpoint.validated or _validate(validation_encoder, recipe, rest, held_out, seed, measure)
    mixing, quality = validated
    chosen = Chosen(*checkpoint.linear, *mixing)
    stopped = VALIDATION_TOWERS, first.step
    if not first.stopped:
        validated_checkpoint = replace(checkpoint, validation_towers=first.state, validated=validated)
        final, last = train(
            corpus,
            FINAL_TOWERS,
            checkpoint.final_towers,
            validated_checkpoint.save_final_towers(checkpoints),
        )
        if not last.stopped:
            final = blended(final, mixing, recipe.mixing.alone, validation_queries(corpus, seed))
            return Completion(final, last.towers, chosen, last.step, corpus.n_documents, quality)
        stopped = FINAL_TOWERS, last.step
    encoder = blended(validation_encoder, mixing, recipe.mixing.alone, queries)
    return Completion(encoder, first.towers, chosen, first.step, rest.n_documents, quality, stopped)


@dataclass(frozen=True)
class _Training:
    """Trains the towers and the linear term by a recipe on a given corpus."""

    recipe: CompletionRecipe
    seed: int
    device: str
    linear: tuple[float, float]
    run: Run

    def __call__(
        self, corpus: TagCorpus, phase: str, state: State | None, save: SaveState
    ) -> tuple[CompletionEncoder, TrainedTowers]:
        """Return an encoder whose two added terms are not weighted yet, and its towers."""
        weights = duplicate_weights(corpus.matrix)
        counts = cooccurrence(corpus.matrix, weights)
        features = count_features(counts, self.recipe.towers.features, self.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            towers = TwoTowers(features, counts.diagonal(), self.recipe.towers)
            trainer = TowersTrainer(towers, corpus, weights, self.recipe, self.seed, self.device)
            trained = trainer.train(phase, self.run, state, save)
        term = solve(counts, self.linear, self.recipe)
        mix = self.recipe.linear.attention
        encoder = to_encoder(trained.towers, features, counts.diagonal(), term, mix)
        shares = cooccurrence_shares(corpus.matrix, weights, self.recipe.linear.neighbours)
        return replace(encoder, cooccurrence=shares), trained


def _validate(
    encoder: CompletionEncoder,
    recipe: CompletionRecipe,
    rest: TagCorpus,
    held_out: TagCorpus,
    seed: int,
    measure: Measure | None,
) -> tuple[Mixing, dict[str, Any]]:
    """Choose the mix of towers and linear term on the validation documents; return it and its quality."""
    queries = validation_queries(held_out, seed)
    noisy = with_permuted_contexts(queries, seed)
    mixing = choose_mixing(encoder, recipe, queries, noisy, rest)
    if measure is None:
        return mixing, {}
    encoder = blended(encoder, mixing, recipe.mixing.alone, queries)
    return mixing, measure(encoder, rest, held_out, seed)
