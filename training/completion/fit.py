"""Train a completion encoder: counts, towers, linear term, and how they are mixed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import nn

from models.completion_encoder import CompletionEncoder
from models.errors import TrainingError
from training.completion.batches import Batch, Examples
from training.completion.counts import Weights, cooccurrence, duplicate_weights
from training.completion.export import to_encoder
from training.completion.features import CountFeatures, count_features
from training.completion.mixing import (
    MIXING_QUERIES,
    choose_linear,
    choose_mixing,
    measure,
    mixed,
    scale_ratio,
    solve,
)
from training.completion.recipe import CompletionRecipe
from training.completion.towers import TwoTowers, completion_loss
from training.completion.validation import hold_off, validation_queries, with_distractors
from training.corpus import TagCorpus

WARM_UP, CLIP = 0.05, 5.0

Follow = Callable[[str, int, int, float], None]
"""Called as follow(phase, step, steps, loss) after every step."""

Stop = Callable[[], bool]
"""Asked before every step; True ends training with a TrainingError."""


@dataclass(frozen=True)
class Follower:
    """Who hears of a phase's steps, and may stop it."""

    phase: str
    follow: Follow
    stop: Stop

    def told(self, step: int, steps: int, loss: float) -> None:
        """Pass a step on; TrainingError if training is to stop here or cannot go on."""
        if not math.isfinite(loss):
            raise TrainingError(f"the loss of step {step} is {loss}; try a lower learning rate")
        self.follow(self.phase, step, steps, loss)
        if self.stop() and step < steps:
            raise TrainingError(f"stopped at step {step} of {steps} of the {self.phase}; nothing was kept")


@dataclass(frozen=True)
class Chosen:
    """What validation documents decided.

    Attributes
    ----------
    l2, dropout
        Of the linear term.
    mixing
        Its weight, in standard deviations of the towers' scores.
    """

    l2: float
    dropout: float
    mixing: float


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
    quality
        What the encoder trained without the validation documents reached on them, with the baselines
        beside it, by protocol (`training.measuring`).
    """

    encoder: CompletionEncoder
    towers: TwoTowers
    chosen: Chosen
    steps: int
    quality: dict[str, Any]


def _silent(phase: str, step: int, steps: int, loss: float) -> None:
    return None


def _never() -> bool:
    return False


def fit_completion(
    corpus: TagCorpus,
    recipe: CompletionRecipe,
    seed: int,
    device: str = "cpu",
    follow: Follow = _silent,
    stop: Stop = _never,
) -> Completion:
    """Choose settings with a tenth of the documents held off, then train on all of them.

    Raises
    ------
    TrainingError
        If no two documents with two tags are there to learn from, or the loss stops being finite.
    """
    rest, held_off = hold_off(corpus, seed)
    queries = validation_queries(held_off, seed)
    noisy = with_distractors(queries, seed)
    linear = choose_linear(rest, recipe, queries)
    probe, _, _ = _train(rest, recipe, seed, device, Follower("validation towers", follow, stop), linear)
    mixing = choose_mixing(probe, recipe, queries, noisy, rest)
    encoder, towers, steps = _train(corpus, recipe, seed, device, Follower("towers", follow, stop), linear)
    sample = validation_queries(corpus, seed)[:MIXING_QUERIES]
    probe = mixed(probe, mixing * scale_ratio(probe, queries[:MIXING_QUERIES]))
    return Completion(
        mixed(encoder, mixing * scale_ratio(encoder, sample)),
        towers,
        Chosen(*linear, mixing),
        steps,
        measure(probe, rest, held_off, queries, noisy),
    )


def _train(
    corpus: TagCorpus,
    recipe: CompletionRecipe,
    seed: int,
    device: str,
    follower: Follower,
    linear: tuple[float, float],
) -> tuple[CompletionEncoder, TwoTowers, int]:
    weights = duplicate_weights(corpus.matrix)
    counts = cooccurrence(corpus.matrix, weights)
    features = count_features(counts, recipe.towers.features, seed)
    towers, steps = train_towers(corpus, weights, counts, features, recipe, seed, device, follower)
    term = solve(counts, linear, recipe)
    encoder = to_encoder(towers, features, counts.diagonal(), term, recipe.linear.attention)
    return encoder, towers, steps


def schedule(recipe: CompletionRecipe, expected: float) -> tuple[int, int]:
    """Return (batch size, steps) for so many documents an epoch."""
    training = recipe.training
    batch = 2 ** round(math.log2(max(expected / 30, 1)))
    batch = min(max(batch, training.min_batch), training.max_batch)
    an_epoch = max(1.0, expected / batch)
    wanted = max(training.steps, training.epochs * an_epoch)
    return batch, math.ceil(min(wanted, training.max_steps))


def train_towers(
    corpus: TagCorpus,
    weights: Weights,
    counts: sparse.csr_array,
    features: CountFeatures,
    recipe: CompletionRecipe,
    seed: int,
    device: str,
    follower: Follower,
) -> tuple[TwoTowers, int]:
    """Train the network; return it on the CPU in evaluation mode, and its steps."""
    training, variant_b = recipe.training, recipe.towers.variant == "b"
    examples = Examples(corpus, weights, training.shown, training.distractors if variant_b else 0.0)
    if examples.expected < 2:
        raise TrainingError(
            f"corpus {corpus.name}: completion needs documents with at least 2 tags; "
            f"{examples.expected:.1f} an epoch are too few"
        )
    batch_size, steps = schedule(recipe, examples.expected)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        random = np.random.default_rng(seed)
        towers = TwoTowers(features, counts.diagonal(), recipe.towers).to(device)
        optimiser, scheduler = _optimiser(towers, recipe, steps)
        towers.train()
        step = 0
        while step < steps:
            for batch in examples.epoch(batch_size, random):
                loss = _step(towers, optimiser, batch, device)
                scheduler.step()
                step += 1
                follower.told(step, steps, loss)
                if step == steps:
                    break
    return towers.cpu().eval(), steps


def _optimiser(
    towers: TwoTowers, recipe: CompletionRecipe, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    decayed = [parameter for parameter in towers.parameters() if parameter.ndim > 1]
    free = [parameter for parameter in towers.parameters() if parameter.ndim <= 1]
    optimiser = torch.optim.AdamW(
        [
            {"params": decayed, "weight_decay": recipe.training.weight_decay},
            {"params": free, "weight_decay": 0.0},
        ],
        lr=recipe.training.learning_rate,
    )

    def rate(step: int) -> float:
        warm = min(1.0, (step + 1) / (WARM_UP * steps))
        return warm * 0.5 * (1 + math.cos(math.pi * min(step / steps, 1.0)))

    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, rate)


def _step(towers: TwoTowers, optimiser: torch.optim.Optimizer, batch: Batch, device: str) -> float:
    queries, context, mask, hidden, hidden_mask = (
        torch.from_numpy(array).to(device)
        for array in (batch.queries, batch.context, batch.context_mask, batch.hidden, batch.hidden_mask)
    )
    loss = completion_loss(towers(queries, context, mask), context, mask, hidden, hidden_mask)
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(towers.parameters(), CLIP)
    optimiser.step()
    return float(loss.detach())
