"""Train the towers: steps of AdamW that can be stopped after any of them and taken up again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.errors import TrainingError
from training.completion.batches import Batch, Examples
from training.completion.recipe import CompletionRecipe
from training.completion.towers import TwoTowers, completion_loss
from training.corpus import TagCorpus
from training.fitting.counts import Weights
from training.fitting.run import Run

WARM_UP, CLIP = 0.05, 5.0

State = dict[str, Any]
"""What going on with a training takes: tensors and plain values."""

Keep = Callable[[State], None]


@dataclass(frozen=True)
class TrainedTowers:
    """Towers on the CPU in evaluation mode.

    Attributes
    ----------
    towers
        The network.
    step, steps
        Steps taken, and those that were meant; fewer were taken if training was stopped.
    state
        What going on from here takes.
    """

    towers: TwoTowers
    step: int
    steps: int
    state: State

    @property
    def stopped(self) -> bool:
        """Whether training ended before its time."""
        return self.step < self.steps


def schedule(recipe: CompletionRecipe, expected: float) -> tuple[int, int]:
    """Return (batch size, steps) for so many documents an epoch."""
    training = recipe.training
    batch = 2 ** round(math.log2(max(expected / 30, 1)))
    batch = min(max(batch, training.min_batch), training.max_batch)
    an_epoch = max(1.0, expected / batch)
    wanted = max(training.steps, training.epochs * an_epoch)
    return batch, math.ceil(min(wanted, training.max_steps))


class TowersTrainer:
    """Trains towers on a corpus.

    Parameters
    ----------
    towers
        The network, with its first weights.
    corpus
        Training documents.
    weights : array of shape (n_documents,)
        The probability with which a document is taken in an epoch.
    recipe, seed, device
        What else decides the steps.

    Raises
    ------
    TrainingError
        If fewer than two documents an epoch hold two tags.
    """

    def __init__(
        self,
        towers: TwoTowers,
        corpus: TagCorpus,
        weights: Weights,
        recipe: CompletionRecipe,
        seed: int,
        device: str,
    ) -> None:
        distractors = recipe.training.distractors if recipe.towers.variant == "b" else 0.0
        examples = Examples(corpus, weights, recipe.training.shown, distractors)
        if examples.expected < 2:
            raise TrainingError(
                f"corpus {corpus.name}: completion needs documents with at least 2 tags; "
                f"{examples.expected:.1f} an epoch are too few"
            )
        batch, self._steps = schedule(recipe, examples.expected)
        self._batches = _Batches(examples, batch, seed)
        self.towers, self._device = towers.to(device), device
        self._optimiser, self._scheduler = _optimiser(towers, recipe, self._steps)

    def train(
        self, phase: str, run: Run, state: State | None = None, keep: Keep = lambda state: None
    ) -> TrainedTowers:
        """Take the steps that are left, or until `run` says stop; draws from torch's own generator.

        Parameters
        ----------
        phase
            What the steps are reported as.
        run
            Told of every step, and asked before it whether to stop.
        state
            Where to go on from; the beginning by default.
        keep
            Called with the state every ``run.checkpoint_every`` steps, and at a stop.

        Raises
        ------
        TrainingError
            If the loss stops being finite.
        """
        step = 0 if state is None else self._restore(state)
        batches = iter(self._batches)
        self.towers.train()
        while step < self._steps and not run.stop():
            loss = self._step(next(batches))
            step += 1
            if not math.isfinite(loss):
                raise TrainingError(f"the loss of step {step} is {loss}; try a lower learning rate")
            run.on_step(phase, step, self._steps, loss)
            if step % run.checkpoint_every == 0 and step < self._steps:
                keep(self._state(step))
        state = self._state(step)
        if step < self._steps:
            keep(state)
        return TrainedTowers(self.towers.cpu().eval(), step, self._steps, state)

    def loss(
        self, queries: Tensor, context: Tensor, mask: Tensor, hidden: Tensor, hidden_mask: Tensor
    ) -> Tensor:
        """Return the loss of one batch; see `training.completion.batches.Batch`."""
        return completion_loss(self.towers(queries, context, mask), context, mask, hidden, hidden_mask)

    def _step(self, batch: Batch) -> float:
        queries, context, mask, hidden, hidden_mask = (
            torch.from_numpy(array).to(self._device)
            for array in (batch.queries, batch.context, batch.context_mask, batch.hidden, batch.hidden_mask)
        )
        loss = self.loss(queries, context, mask, hidden, hidden_mask)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.towers.parameters(), CLIP)
        self._optimiser.step()
        self._scheduler.step()
        return float(loss.detach())

    def _state(self, step: int) -> State:
        return {
            "step": step,
            "network": self.towers.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "scheduler": self._scheduler.state_dict(),
            "batches": self._batches.position,
            "torch": torch.get_rng_state(),
        }

    def _restore(self, state: State) -> int:
        self.towers.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._scheduler.load_state_dict(state["scheduler"])
        self._batches.position = state["batches"]
        torch.set_rng_state(state["torch"])
        return int(state["step"])


class _Batches:
    """Epoch after epoch of examples.

    Attributes
    ----------
    position
        (the generator's state when this epoch began, batches it has given): enough to draw the rest again.
    """

    def __init__(self, examples: Examples, size: int, seed: int) -> None:
        self._examples, self._size = examples, size
        self._random = np.random.default_rng(seed)
        self.position: tuple[Any, int] = (self._random.bit_generator.state, 0)

    def __iter__(self) -> Iterator[Batch]:
        while True:
            epoch, given = self.position
            self._random.bit_generator.state = epoch
            for number, batch in enumerate(self._examples.epoch(self._size, self._random), start=1):
                if number > given:
                    self.position = (epoch, number)
                    yield batch
            self.position = (self._random.bit_generator.state, 0)


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
