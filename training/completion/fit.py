"""Train a completion encoder: counts, towers, linear term, and how they are mixed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from models.encoders.completion import CompletionEncoder
from models.errors import TrainingError
from training.completion.checkpoint import Checkpoint, Checkpoints
from training.completion.company import company
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
from training.completion.trainer import Keep, State, TowersTrainer, TrainedTowers
from training.corpus import TagCorpus
from training.fitting.counts import cooccurrence, duplicate_weights
from training.fitting.held_out import Measure, hold_out, validation_queries, with_permuted_contexts
from training.fitting.run import Run

PROBE, FINAL = "validation towers", "towers"
"""The two trainings: without the validation documents, then with them."""


@dataclass(frozen=True)
class Chosen:
    """What validation documents decided.

    Attributes
    ----------
    l2, dropout
        Of the linear term.
    mixing
        Its weight, in standard deviations of the towers' scores.
    damping
        Of the linear term's scores, by how many documents hold a candidate.
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
        As served.
    towers
        As trained, in evaluation mode.
    chosen
        Settings chosen on validation documents.
    steps
        Steps the towers were trained for.
    n_documents
        Documents the encoder has seen.
    quality
        What the encoder trained without the validation documents reached on them, with the baselines
        beside it, by protocol (`training.evaluation.quality`); empty if nobody asked.
    stopped
        ``(phase, step)`` where training was stopped early, or None. If it was stopped, the encoder is the
        very one that `quality` was measured on.
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
    """Choose settings with a tenth of the documents held off, then train on all of them.

    Parameters
    ----------
    corpus, recipe, seed
        What to train on, and how.
    device
        ``cpu`` or ``cuda``.
    run
        Progress, checkpoints and early stop of the network's training.
    on_stage
        Called with a line of text when a stage begins.
    measure
        Measures the quality on the held-out documents; without it none is measured.

    Raises
    ------
    TrainingError
        If no two documents with two tags are there to learn from, the loss stops being finite, training
        was stopped before its first step, or is to go on from a checkpoint of something else.
    """
    run = run or Run()
    checkpoints = Checkpoints(run, corpus, recipe, seed)
    rest, held_out = hold_out(corpus, seed)
    queries = validation_queries(held_out, seed)
    begun = checkpoints.load()
    if begun is None:
        on_stage(f"choosing the linear term on {held_out.n_documents} held-out documents")
        begun = Checkpoint(choose_linear(rest, recipe, queries))
    train = _Training(recipe, seed, device, begun.linear, run)
    probe, first = train(rest, PROBE, begun.probe, begun.keep_probe(checkpoints))
    if not first.step:
        raise TrainingError("stopped before the first step: there is nothing to serve yet")
    if begun.validated is None:
        on_stage(f"choosing the mix and measuring on {held_out.n_documents} held-out documents")
    validated = begun.validated or _validate(probe, recipe, rest, held_out, seed, measure)
    mixing, quality = validated
    chosen = Chosen(*begun.linear, *mixing)
    stopped = PROBE, first.step
    if not first.stopped:
        tried = replace(begun, probe=first.state, validated=validated)
        final, last = train(corpus, FINAL, begun.towers, tried.keep_towers(checkpoints))
        if not last.stopped:
            final = blended(final, mixing, recipe.mixing.alone, validation_queries(corpus, seed))
            return Completion(final, last.towers, chosen, last.step, corpus.n_documents, quality)
        stopped = FINAL, last.step
    probe = blended(probe, mixing, recipe.mixing.alone, queries)
    return Completion(probe, first.towers, chosen, first.step, rest.n_documents, quality, stopped)


@dataclass(frozen=True)
class _Training:
    recipe: CompletionRecipe
    seed: int
    device: str
    linear: tuple[float, float]
    run: Run

    def __call__(
        self, corpus: TagCorpus, phase: str, state: State | None, keep: Keep
    ) -> tuple[CompletionEncoder, TrainedTowers]:
        """Return the encoder, its linear term and company not weighted yet, and its towers."""
        weights = duplicate_weights(corpus.matrix)
        counts = cooccurrence(corpus.matrix, weights)
        features = count_features(counts, self.recipe.towers.features, self.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            towers = TwoTowers(features, counts.diagonal(), self.recipe.towers)
            trainer = TowersTrainer(towers, corpus, weights, self.recipe, self.seed, self.device)
            trained = trainer.train(phase, self.run, state, keep)
        term = solve(counts, self.linear, self.recipe)
        mix = self.recipe.linear.attention
        encoder = to_encoder(trained.towers, features, counts.diagonal(), term, mix)
        kept = company(corpus.matrix, weights, self.recipe.linear.neighbours)
        return replace(encoder, cooccurrence=kept), trained


def _validate(
    probe: CompletionEncoder,
    recipe: CompletionRecipe,
    rest: TagCorpus,
    held_out: TagCorpus,
    seed: int,
    measure: Measure | None,
) -> tuple[Mixing, dict[str, Any]]:
    """Return the mix of towers and linear term that validation documents ask for, and what it reaches."""
    queries = validation_queries(held_out, seed)
    noisy = with_permuted_contexts(queries, seed)
    mixing = choose_mixing(probe, recipe, queries, noisy, rest)
    if measure is None:
        return mixing, {}
    probe = blended(probe, mixing, recipe.mixing.alone, queries)
    return mixing, measure(probe, rest, held_out, seed)
