"""Other networks and losses for the completion encoder, as `encoder_candidates.py` compares them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.completion.batches import Batch, Examples
from training.completion.towers import NEVER, TwoTowers, completion_loss
from training.completion.trainer import TowersTrainer
from training.fitting.counts import cooccurrence, duplicate_weights
from training.fitting.linear_solver import solve_dense

PARTS = 5
"""Parts of the documents that are each given the linear scores of the others, in `OutOfFold`."""


def spread(weights: Tensor, context: Tensor, mask: Tensor, n_tags: int) -> Tensor:
    """Return weights (n, k) of padded context tags as rows over the vocabulary, (n, n_tags)."""
    rows = torch.zeros(len(context), n_tags + 1)
    return rows.scatter_add(1, torch.where(mask, context, n_tags), weights * mask)[:, :n_tags]


def unseen_logs(scores: Tensor, context: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return log-probabilities over the tags not in sight, and which are in sight."""
    seen = spread(torch.ones_like(mask, dtype=scores.dtype), context, mask, scores.shape[1]) > 0
    return scores.masked_fill(seen, NEVER).log_softmax(dim=1), seen


class Towers(TwoTowers):
    """The recipe's own, which also tells its attention."""

    def shares(self, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        """Return what part of the linear term's weight each context tag gets, (n, k), rows summing to 1."""
        if self.recipe.variant == "a":
            return mask / mask.sum(dim=1, keepdim=True)
        inputs = self.inputs()
        logits = torch.einsum("nw,nkw->nk", inputs[queries] @ self.attention(), inputs[context])
        return logits.masked_fill(~mask, NEVER).softmax(dim=1)


class Tied(Towers):
    """One embedding a tag, whether it is asked with or found."""

    def outputs(self) -> Tensor:
        return self.input_weights(self.features) + self.input_tags


class SetTransformer(Towers):
    """Tags of the context attend to one another, four heads, before the query attends to them."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        width = self.recipe.width
        self.between = nn.MultiheadAttention(
            width, 4, dropout=self.recipe.dropout, batch_first=True, bias=False
        )
        nn.init.zeros_(self.between.out_proj.weight)

    def encode(self, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        inputs = self.inputs()
        plain, asked = inputs[context], inputs[queries]
        tokens = plain + self.between(plain, plain, plain, key_padding_mask=~mask, need_weights=False)[0]
        logits = torch.einsum("nw,nkw->nk", asked @ self.attention(), tokens)
        shares = logits.masked_fill(~mask, NEVER).softmax(dim=1)
        root = mask.sum(dim=1, keepdim=True).sqrt()
        heard = self.dropout(root * torch.einsum("nk,nkw->nw", shares, tokens))
        joined = torch.cat([heard, asked, heard * asked], dim=1)
        return self.context_scale * heard + self.query_scale * asked + self.perceptron(joined)


class Gated(Towers):
    """A gate a context tag instead of shares: is it of the query's own document? It is taught the answer."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.open = nn.Parameter(torch.tensor(1.5))
        for layer in (self.attend_query, self.attend_key):
            nn.init.normal_(layer.weight, std=0.05)

    def gate_logits(self, queries: Tensor, context: Tensor, inputs: Tensor) -> Tensor:
        scaled = self.attention() * math.sqrt(self.recipe.width)
        return torch.einsum("nw,nkw->nk", inputs[queries] @ scaled, inputs[context]) + self.open

    def gates(self, queries: Tensor, context: Tensor, mask: Tensor, inputs: Tensor) -> Tensor:
        gates = self.gate_logits(queries, context, inputs).sigmoid()
        return gates.masked_fill(context == queries[:, None], 1.0) * mask

    def shares(self, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        return self.gates(queries, context, mask, self.inputs()) / mask.sum(dim=1, keepdim=True)

    def encode(self, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        inputs = self.inputs()
        gates, asked = self.gates(queries, context, mask, inputs), inputs[queries]
        heard = torch.einsum("nk,nkw->nw", gates, inputs[context]) / gates.sum(dim=1, keepdim=True).sqrt()
        heard = self.dropout(heard)
        joined = torch.cat([heard, asked, heard * asked], dim=1)
        return self.context_scale * heard + self.query_scale * asked + self.perceptron(joined)


class FullRank(Towers):
    """A free weight for every pair of tags, learned with the towers, on top of the linear term."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.pairs = nn.Parameter(torch.zeros(len(self.biases), len(self.biases)))

    def forward(self, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        rows = spread(torch.ones(mask.shape), context, mask, len(self.biases))
        return super().forward(queries, context, mask) + rows @ self.pairs


class Trainer(TowersTrainer):
    """The recipe's own; `corpus` and `linear`, the term's B, are there for those that need them."""

    def __init__(self, towers: Towers, corpus: Any, linear: Any, recipe: Any, seed: int) -> None:
        weights = duplicate_weights(corpus.matrix)
        super().__init__(towers, corpus, weights, recipe, seed, "cpu")
        self.linear = torch.from_numpy(linear.values)
        self.prepare(corpus, weights, linear, recipe, seed)

    def prepare(self, corpus: Any, weights: Any, linear: Any, recipe: Any, seed: int) -> None:
        pass


class InfoNce(Trainer):
    """Each hidden tag against what is neither shown nor hidden, apart from the other hidden ones."""

    def loss(self, queries, context, mask, hidden, hidden_mask):
        scores = self.towers(queries, context, mask)
        known = spread(torch.ones(mask.shape), context, mask, scores.shape[1])
        known = known + spread(torch.ones(hidden.shape), hidden, hidden_mask, scores.shape[1])
        rest = scores.masked_fill(known > 0, NEVER).logsumexp(dim=1, keepdim=True)
        losses = functional.softplus(rest - scores.gather(1, hidden))
        return ((losses * hidden_mask).sum(dim=1) / hidden_mask.sum(dim=1)).mean()


class Binary(Trainer):
    """A yes or no for every tag not in sight, instead of one choice among them."""

    def loss(self, queries, context, mask, hidden, hidden_mask):
        scores = self.towers(queries, context, mask)
        seen = spread(torch.ones(mask.shape), context, mask, scores.shape[1]) > 0
        wanted = spread(torch.ones(hidden.shape), hidden, hidden_mask, scores.shape[1])
        losses = functional.binary_cross_entropy_with_logits(scores, wanted, reduction="none")
        return (losses * ~seen).sum(dim=1).mean() / 10


class Smoothed(Trainer):
    """A tenth of the target is spread over all tags not in sight."""

    def loss(self, queries, context, mask, hidden, hidden_mask):
        scores = self.towers(queries, context, mask)
        logs, seen = unseen_logs(scores, context, mask)
        even = -(logs.masked_fill(seen, 0).sum(dim=1) / (~seen).sum(dim=1)).mean()
        return 0.9 * completion_loss(scores, context, mask, hidden, hidden_mask) + 0.1 * even


class Distilled(Trainer):
    """Three tenths of the target are the linear term's own scores, through a softmax."""

    def loss(self, queries, context, mask, hidden, hidden_mask):
        scores = self.towers(queries, context, mask)
        logs, seen = unseen_logs(scores, context, mask)
        teacher = spread(torch.ones(mask.shape), context, mask, scores.shape[1]) @ self.linear
        soft = (12.0 * teacher).masked_fill(seen, NEVER).softmax(dim=1)
        followed = -(soft * logs.masked_fill(seen, 0)).sum(dim=1).mean()
        return 0.7 * completion_loss(scores, context, mask, hidden, hidden_mask) + 0.3 * followed


class GateTrainer(Trainer):
    """Adds to the loss whether the gates tell a distractor's tags from the document's own."""

    def loss(self, queries, context, mask, hidden, hidden_mask):
        loss = super().loss(queries, context, mask, hidden, hidden_mask)
        logits = self.towers.gate_logits(queries, context, self.towers.inputs())
        # The examples put a distractor's tags in the second half of the context's columns.
        half = context.shape[1] // 2 if len(queries) > 1 else context.shape[1]
        own = (torch.arange(context.shape[1]) < half).float().expand_as(logits)
        asked = mask & (context != queries[:, None])
        told = functional.binary_cross_entropy_with_logits(logits, own, reduction="none")
        return loss + 0.3 * (told * asked).sum() / asked.sum().clamp(min=1)


class DecayedPairs(Trainer):
    """Keeps the free weights of `FullRank` small."""

    def loss(self, queries, context, mask, hidden, hidden_mask):
        loss = super().loss(queries, context, mask, hidden, hidden_mask)
        return loss + 5e-5 * self.towers.pairs.square().sum()


class Averaged(Trainer):
    """Ends with an exponential average of the weights, over about the last tenth of the steps."""

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
    """The towers learn what a linear term that has not seen the document gets wrong.

    Documents are dealt in parts, groups whole; the scores of a part's documents are those of the towers and
    of a term solved on the other parts, each a batch long. Its weight is learned too.
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
    """What towers are trained with instead of the recipe's own."""

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
"""By name, as the table calls them; the first is what the others are compared with."""
