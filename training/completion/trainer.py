"""Train the towers by AdamW; a training can be stopped after any step and resumed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.errors import TrainingError
from models.types import Float64Array
from training.completion.batches import Batch, Examples
from training.completion.recipe import CompletionRecipe
from training.completion.towers import TwoTowers, completion_loss
from training.corpus import TagCorpus
from training.fitting.run import Run

WARM_UP, CLIP = 0.05, 5.0

State = dict[str, Any]
"""Everything that resuming a training needs: tensors and plain values."""

SaveState = Callable[[State], None]


@dataclass(frozen=True)
class TrainedTowers:
    """Trained towers, on the CPU and in evaluation mode.

    Attributes
    ----------
    towers
        The network.
    step, steps
        Steps taken and steps planned; fewer were taken if training was stopped.
    state
        State from which the training can be resumed.
    """

    towers: TwoTowers
    step: int
    steps: int
    state: State

    @property
    def stopped(self) -> bool:
        """Whether training was stopped before its last step."""
        return self.step < self.steps


def schedule(recipe: CompletionRecipe, expected: float) -> tuple[int, int]:
    """Return (batch size, steps) for an epoch of `expected` documents."""
    training = recipe.training
    batch = 2 ** round(math.log2(max(expected / 30, 1)))
    batch = min(max(batch, training.min_batch), training.max_batch)
    steps_per_epoch = max(1.0, expected / batch)
    wanted = max(training.steps, training.epochs * steps_per_epoch)
    return batch, math.ceil(min(wanted, training.max_steps))


class TowersTrainer:
    """Trains towers on a corpus.

    Parameters
    ----------
    towers
        The network, with its initial weights.
    corpus
        Training documents.
    weights : array of shape (n_documents,)
        Probability that a document is drawn in an epoch.
    recipe
        Batch sizes, steps and learning rate.
    seed
        Seed of the examples.
    device
        ``cpu`` or ``cuda``.

    Raises
    ------
    TrainingError
        If an epoch has fewer than two documents of two tags.
    """

    def __init__(
        self,
        towers: TwoTowers,
        corpus: TagCorpus,
        weights: Float64Array,
        recipe: CompletionRecipe,
        seed: int,
        device: str,
    ) -> None:
        distractors = recipe.training.distractors if recipe.towers.variant == "b" else 0.0
        examples = Examples(corpus, weights, recipe.training.shown, distractors)
        if examples.expected < 2:
            raise TrainingError(
                f"corpus {corpus.name}: completion needs at least 2 documents an epoch with at least 2 tags; "
                f"there are {examples.expected:.1f}"
            )
        batch, self._steps = schedule(recipe, examples.expected)
        self._batches = _Batches(examples, batch, seed)
        self.towers, self._device = towers.to(device), device
        self._optimiser, self._scheduler = _optimiser(towers, recipe, self._steps)

    def train(
        self, phase: str, run: Run, state: State | None = None, save: SaveState = lambda state: None
    ) -> TrainedTowers:
        """Take the remaining steps, or stop as soon as ``run.stop`` returns True.

        Dropout draws from torch's global generator.

        Parameters
        ----------
        phase
            Name under which the steps are reported.
        run
            Progress callback, stop and interval of the checkpoints.
        state
            State to resume from; by default the training starts anew.
        save
            Called with the state every ``run.checkpoint_every`` steps, and when the training is stopped.

        Raises
        ------
        TrainingError
            If the loss is not finite.
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
                save(self._state(step))
        state = self._state(step)
        if step < self._steps:
            save(state)
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
    """An endless sequence of batches, epoch by epoch, that can be continued at a position.

    Attributes
    ----------
    position
        (State of the random generator at the start of this epoch, number of batches drawn since).
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
