"""Other losses and trainings for the completion encoder, compared by `encoder_candidates.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from encoder_networks import FullRank, Gated, SetTransformer, Tied, Towers, spread, unseen_logs
from torch import nn
from torch.nn import functional

from training.completion.batches import Batch, Examples
from training.completion.towers import MASKED, completion_loss
from training.completion.trainer import TowersTrainer
from training.fitting.counts import cooccurrence, duplicate_weights
from training.fitting.linear_solver import solve_dense

PARTS = 5
"""Parts of the documents in `OutOfFold`; the linear scores of each come from a term fitted on the others."""


class Trainer(TowersTrainer):
    """The recipe's own training; subclasses may use the corpus and the linear term's B."""

    def __init__(self, towers: Towers, corpus: Any, linear: Any, recipe: Any, seed: int) -> None:
        weights = duplicate_weights(corpus.matrix)
        super().__init__(towers, corpus, weights, recipe, seed, "cpu")
        self.linear = torch.from_numpy(linear.values)
        self.prepare(corpus, weights, linear, recipe, seed)

    def prepare(self, corpus: Any, weights: Any, linear: Any, recipe: Any, seed: int) -> None:
        pass


class InfoNce(Trainer):
    """InfoNCE: each hidden tag against the tags that are neither shown nor hidden."""

    def loss(self, queries, context, mask, hidden, hidden_mask):
        scores = self.towers(queries, context, mask)
        known = spread(torch.ones(mask.shape), context, mask, scores.shape[1])
        known = known + spread(torch.ones(hidden.shape), hidden, hidden_mask, scores.shape[1])
        rest = scores.masked_fill(known > 0, MASKED).logsumexp(dim=1, keepdim=True)
        losses = functional.softplus(rest - scores.gather(1, hidden))
        return ((losses * hidden_mask).sum(dim=1) / hidden_mask.sum(dim=1)).mean()


class Binary(Trainer):
    """Binary cross-entropy of every tag outside the context, instead of one softmax over them."""

    def loss(self, queries, context, mask, hidden, hidden_mask):
        scores = self.towers(queries, context, mask)
        seen = spread(torch.ones(mask.shape), context, mask, scores.shape[1]) > 0
        wanted = spread(torch.ones(hidden.shape), hidden, hidden_mask, scores.shape[1])
        losses = functional.binary_cross_entropy_with_logits(scores, wanted, reduction="none")
        return (losses * ~seen).sum(dim=1).mean() / 10


class Smoothed(Trainer):
    """Label smoothing: a tenth of the target is spread evenly over the tags outside the context."""

    def loss(self, queries, context, mask, hidden, hidden_mask):
        scores = self.towers(queries, context, mask)
        logs, seen = unseen_logs(scores, context, mask)
        even = -(logs.masked_fill(seen, 0).sum(dim=1) / (~seen).sum(dim=1)).mean()
        return 0.9 * completion_loss(scores, context, mask, hidden, hidden_mask) + 0.1 * even


class Distilled(Trainer):
    """Distillation: three tenths of the target are the softmax of the linear term's scores."""

    def loss(self, queries, context, mask, hidden, hidden_mask):
        scores = self.towers(queries, context, mask)
        logs, seen = unseen_logs(scores, context, mask)
        teacher = spread(torch.ones(mask.shape), context, mask, scores.shape[1]) @ self.linear
        soft = (12.0 * teacher).masked_fill(seen, MASKED).softmax(dim=1)
        followed = -(soft * logs.masked_fill(seen, 0)).sum(dim=1).mean()
        return 0.7 * completion_loss(scores, context, mask, hidden, hidden_mask) + 0.3 * followed


class GateTrainer(Trainer):
    """Adds the cross-entropy of the gates, as classifiers of the document's tags and a distractor's."""

    def loss(self, queries, context, mask, hidden, hidden_mask):
        loss = super().loss(queries, context, mask, hidden, hidden_mask)
        logits = self.towers.gate_logits(queries, context, self.towers.inputs())
        # The examples put a distractor's tags in the second half of the context's columns.
        half = context.shape[1] // 2 if len(queries) > 1 else context.shape[1]
        own = (torch.arange(context.shape[1]) < half).float().expand_as(logits)
        asked = mask & (context != queries[:, None])
        errors = functional.binary_cross_entropy_with_logits(logits, own, reduction="none")
        return loss + 0.3 * (errors * asked).sum() / asked.sum().clamp(min=1)


class DecayedPairs(Trainer):
    """Penalises the square of the free weights of `FullRank`."""

    def loss(self, queries, context, mask, hidden, hidden_mask):
        loss = super().loss(queries, context, mask, hidden, hidden_mask)
        return loss + 5e-5 * self.towers.pairs.square().sum()


class Averaged(Trainer):
    """Keeps an exponential moving average of the weights over about the last tenth of the steps."""

    def prepare(self, corpus, weights, linear, recipe, seed):
        self.kept = [parameter.detach().clone() for parameter in self.towers.parameters()]
        self.taken = 0

    def _step(self, batch: Batch) -> float:
        loss = super()._step(batch)
        self.taken += 1
        decay = min(1 - 10 / self._steps, self.taken / (self.taken + 10))
        with torch.no_grad():
            for kept, parameter in zip(self.kept, self.towers.parameters(), strict=True):
                kept.lerp_(parameter, 1 - decay)
        return loss

    def train(self, *args: Any, **kwargs: Any):
        trained = super().train(*args, **kwargs)
        with torch.no_grad():
            for kept, parameter in zip(self.kept, trained.towers.parameters(), strict=True):
                parameter.copy_(kept)
        return trained


class OutOfFold(Trainer):
    """The towers are trained on the residual of a linear term that has not seen the document.

    Documents are divided into parts by group. The score of a part's documents is the sum of the towers' score
    and a weighted score of a term fitted on the other parts; the weight is trained as well.
    """

    def prepare(self, corpus, weights, linear, recipe, seed):
        groups = corpus.group_numbers()
        part = np.random.RandomState(seed).permutation(int(groups.max()) + 1)[groups] % PARTS
        self._random, size = np.random.default_rng(seed), self._batches._size
        self._parts, self._size = [], size
        for number in range(PARTS):
            rest, rows = corpus.select(np.flatnonzero(part != number)), np.flatnonzero(part == number)
            counts = cooccurrence(rest.matrix, duplicate_weights(rest.matrix))
            term = solve_dense(counts, linear.l2, linear.dropout)
            drawn = Examples(
                corpus.select(rows), weights[rows], recipe.training.shown, recipe.training.distractors
            )
            self._parts.append((drawn, torch.from_numpy(term.values)))
        self.weight = nn.Parameter(torch.tensor(10.0))
        self._optimiser.add_param_group({"params": [self.weight], "weight_decay": 0.0, "lr": 0.1})
        self._scheduler.base_lrs.append(0.1)
        self._scheduler.lr_lambdas.append(self._scheduler.lr_lambdas[0])
        self._batches, self.position = self, None

    def __iter__(self) -> Iterator[Batch]:
        while True:
            epoch = [
                (batch, term)
                for drawn, term in self._parts
                for batch in drawn.epoch(self._size, self._random)
            ]
            for number in self._random.permutation(len(epoch)):
                batch, self._term = epoch[number]
                yield batch

    def loss(self, queries, context, mask, hidden, hidden_mask):
        scores = self.towers(queries, context, mask)
        shares = self.towers.shares(queries, context, mask)
        weights = 0.5 * mask + 0.5 * shares * mask.sum(dim=1, keepdim=True)
        scores = scores + self.weight * spread(weights, context, mask, scores.shape[1]) @ self._term
        return completion_loss(scores, context, mask, hidden, hidden_mask)


@dataclass(frozen=True)
class Training:
    """Differences of a candidate from the recipe's own training."""

    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    towers: type[Towers] = Towers
    trainer: type[Trainer] = Trainer


TRAININGS: dict[str, Training] = {
    "recipe": Training(),
    "variant a": Training({"towers": {"variant": "a"}}),
    "wider": Training({"towers": {"width": 256, "hidden": 512}}),
    "weight decay .05": Training({"training": {"weight_decay": 0.05}}),
    "dropout .5": Training({"towers": {"dropout": 0.5}}),
    "unseen .4": Training({"towers": {"unseen": 0.4}}),
    "twice the steps": Training({"training": {"steps": 1200, "epochs": 60, "max_steps": 12000}}),
    "shown 10-70%": Training({"training": {"shown": [0.1, 0.7]}}),
    "distractors half the time": Training({"training": {"distractors": 0.5}}),
    "InfoNCE": Training(trainer=InfoNce),
    "binary cross-entropy": Training(trainer=Binary),
    "label smoothing": Training(trainer=Smoothed),
    "distilled EDLAE": Training(trainer=Distilled),
    "averaged weights": Training(trainer=Averaged),
    "tied embeddings": Training(towers=Tied),
    "supervised gates": Training(towers=Gated, trainer=GateTrainer),
    "free pairs of tags": Training(towers=FullRank, trainer=DecayedPairs),
    "out-of-fold EDLAE": Training(trainer=OutOfFold),
    "set transformer": Training(towers=SetTransformer),
}
"""Candidates by the name that the table prints; the others are compared with the first."""
