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
    measure,
    solve,
)
from training.completion.recipe import CompletionRecipe
from training.completion.towers import TwoTowers
from training.completion.trainer import Keep, State, TowersTrainer, TrainedTowers
from training.corpus import TagCorpus
from training.fitting.counts import cooccurrence, duplicate_weights
from training.fitting.held_out import hold_off, validation_queries, with_distractors
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
    say: Callable[[str], None] = lambda line: None,
    measured: bool = True,
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
    say
        Called with a line on what begins now.
    measured
        Whether the quality is wanted.

    Raises
    ------
    TrainingError
        If no two documents with two tags are there to learn from, the loss stops being finite, training
        was stopped before its first step, or is to go on from a checkpoint of something else.
    """
    run = run or Run()
    checkpoints = Checkpoints(run, corpus, recipe, seed)
    rest, held_off = hold_off(corpus, seed)
    queries = validation_queries(held_off, seed)
    begun = checkpoints.load()
    if begun is None:
        say(f"choosing the linear term on {held_off.n_documents} held-out documents")
        begun = Checkpoint(choose_linear(rest, recipe, queries))
    train = _Training(recipe, seed, device, begun.linear, run)
    probe, first = train(rest, PROBE, begun.probe, begun.keep_probe(checkpoints))
    if not first.step:
        raise TrainingError("stopped before the first step: there is nothing to serve yet")
    if begun.validated is None:
        say(f"choosing the mix and measuring on {held_off.n_documents} held-out documents")
    validated = begun.validated or _validate(probe, recipe, rest, held_off, seed, measured)
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
        return replace(encoder, company=kept), trained


def _validate(
    probe: CompletionEncoder,
    recipe: CompletionRecipe,
    rest: TagCorpus,
    held_off: TagCorpus,
    seed: int,
    measured: bool,
) -> tuple[Mixing, dict[str, Any]]:
    """Return the mix of towers and linear term that validation documents ask for, and what it reaches."""
    queries = validation_queries(held_off, seed)
    noisy = with_distractors(queries, seed)
    mixing = choose_mixing(probe, recipe, queries, noisy, rest)
    if not measured:
        return mixing, {}
    probe = blended(probe, mixing, recipe.mixing.alone, queries)
    return mixing, measure(probe, rest, held_off, queries, noisy)
