"""Other networks for the completion encoder, compared by `encoder_candidates.py`."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from training.completion.towers import MASKED, TwoTowers


def spread(weights: Tensor, context: Tensor, mask: Tensor, n_tags: int) -> Tensor:
    """Return weights (n, k) of padded context tags as rows over the vocabulary, (n, n_tags)."""
    rows = torch.zeros(len(context), n_tags + 1)
    return rows.scatter_add(1, torch.where(mask, context, n_tags), weights * mask)[:, :n_tags]


def unseen_logs(scores: Tensor, context: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return log-probabilities over the tags outside the context, and a mask of those in it."""
    seen = spread(torch.ones_like(mask, dtype=scores.dtype), context, mask, scores.shape[1]) > 0
    return scores.masked_fill(seen, MASKED).log_softmax(dim=1), seen


class Towers(TwoTowers):
    """The recipe's own network, which can also return its attention weights."""

    def shares(self, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        """Return the attention weight of each context tag, (n, k); rows sum to 1."""
        if self.recipe.variant == "a":
            return mask / mask.sum(dim=1, keepdim=True)
        inputs = self.inputs()
        logits = torch.einsum("nw,nkw->nk", inputs[queries] @ self.attention(), inputs[context])
        return logits.masked_fill(~mask, MASKED).softmax(dim=1)


class Tied(Towers):
    """One embedding per tag, used for queries and candidates alike."""

    def outputs(self) -> Tensor:
        return self.input_weights(self.features) + self.input_tags


class SetTransformer(Towers):
    """Context tags attend to one another (four heads) before the query attends to them."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        width = self.recipe.width
        self.between = nn.MultiheadAttention(
            width, 4, dropout=self.recipe.dropout, batch_first=True, bias=False
        )
        nn.init.zeros_(self.between.out_proj.weight)

    def encode(self, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        inputs = self.inputs()
        plain, queried = inputs[context], inputs[queries]
        tokens = plain + self.between(plain, plain, plain, key_padding_mask=~mask, need_weights=False)[0]
        logits = torch.einsum("nw,nkw->nk", queried @ self.attention(), tokens)
        shares = logits.masked_fill(~mask, MASKED).softmax(dim=1)
        root = mask.sum(dim=1, keepdim=True).sqrt()
        attended = self.dropout(root * torch.einsum("nk,nkw->nw", shares, tokens))
        joined = torch.cat([attended, queried, attended * queried], dim=1)
        return self.context_scale * attended + self.query_scale * queried + self.perceptron(joined)


class Gated(Towers):
    """A gate per context tag, trained to close on a distractor's tags, replaces the attention."""

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
        gates, queried = self.gates(queries, context, mask, inputs), inputs[queries]
        attended = torch.einsum("nk,nkw->nw", gates, inputs[context]) / gates.sum(dim=1, keepdim=True).sqrt()
        attended = self.dropout(attended)
        joined = torch.cat([attended, queried, attended * queried], dim=1)
        return self.context_scale * attended + self.query_scale * queried + self.perceptron(joined)


class FullRank(Towers):
    """A free weight for every pair of tags, trained with the towers, in addition to the linear term."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.pairs = nn.Parameter(torch.zeros(len(self.biases), len(self.biases)))

    def forward(self, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        rows = spread(torch.ones(mask.shape), context, mask, len(self.biases))
        return super().forward(queries, context, mask) + rows @ self.pairs
