"""The two towers in torch: one encodes a query in its context, the other the candidate tags."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.types import Float64Array
from training.completion.features import CountFeatures
from training.completion.recipe import Towers

MASKED = -1e9
"""The logit of a masked entry; its softmax is 0."""

DENSE_ATTENTION_UP_TO = 4096
"""Largest vocabulary for which attention is computed over the whole vocabulary, masked to the context.

Matrix products are then cheaper than gathering the tags of padded contexts: a step takes half the time at 200
tags and two thirds at 2,000.
"""


class TwoTowers(nn.Module):
    """Scores f(query, context) . g(candidate) + b_candidate.

    Parameters
    ----------
    features
        Features phi of every tag.
    popularity : array of shape (n_tags,)
        The biases are initialised with the log of its shares.
    recipe
        Widths, dropout and variant: ``a`` averages the context, ``b`` attends to it by the query.
    """

    features: Tensor

    def __init__(self, features: CountFeatures, popularity: Float64Array, recipe: Towers) -> None:
        super().__init__()
        n_tags, n_features = features.values.shape
        width = recipe.width
        self.recipe = recipe
        self.register_buffer("features", torch.from_numpy(features.values))
        self.input_weights = nn.Linear(n_features, width, bias=False)
        self.output_weights = nn.Linear(n_features, width, bias=False)
        self.input_tags = nn.Parameter(0.05 * torch.randn(n_tags, width))
        self.output_tags = nn.Parameter(0.05 * torch.randn(n_tags, width))
        self.attend_query = nn.Linear(width, width, bias=False)
        self.attend_key = nn.Linear(width, width, bias=False)
        self.first = nn.Linear(width if recipe.variant == "a" else 3 * width, recipe.hidden)
        self.last = nn.Linear(recipe.hidden, width)
        self.dropout = nn.Dropout(recipe.dropout)
        self.context_scale = nn.Parameter(torch.tensor(1.0))
        self.query_scale = nn.Parameter(torch.tensor(0.3))
        share = np.maximum(popularity, 0.5)
        self.biases = nn.Parameter(torch.from_numpy(np.log(share / share.sum()).astype(np.float32)))

    def inputs(self) -> Tensor:
        """Return the input embedding e of every tag, (n_tags, width).

        In training, a share of the tags (`unseen` in the recipe) is embedded by its features alone.
        """
        own: Tensor = self.input_tags
        if self.training and self.recipe.unseen:
            own = own * (torch.rand(len(own), 1, device=own.device) >= self.recipe.unseen)
        return self.input_weights(self.features) + own  # type: ignore[no-any-return]

    def outputs(self) -> Tensor:
        """Return the output embedding g of every tag, (n_tags, width)."""
        return self.output_weights(self.features) + self.output_tags  # type: ignore[no-any-return]

    def attention(self) -> Tensor:
        """Return the bilinear form between the e of a query and that of a context tag, (width, width)."""
        scale = math.sqrt(self.attend_query.out_features)
        return self.attend_query.weight.T @ self.attend_key.weight / scale

    def perceptron(self, joined: Tensor) -> Tensor:
        """Return the nonlinear part of f, (n, width)."""
        return self.last(self.dropout(torch.tanh(self.first(joined))))  # type: ignore[no-any-return]

    def encode(self, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        """Return f of queries (n,) in padded contexts (n, k) that include the query; shape (n, width)."""
        inputs = self.inputs()
        root = mask.sum(dim=1, keepdim=True).sqrt()
        if self.recipe.variant == "a":
            attended = self.dropout(self._attended(inputs, None, context, mask) * root)
            return self.context_scale * attended + self.perceptron(attended)  # type: ignore[no-any-return]
        query = inputs[queries]
        attended = self.dropout(self._attended(inputs, query @ self.attention(), context, mask) * root)
        joined = torch.cat([attended, query, attended * query], dim=1)
        return self.context_scale * attended + self.query_scale * query + self.perceptron(joined)  # type: ignore[no-any-return]

    def _attended(self, inputs: Tensor, attention: Tensor | None, context: Tensor, mask: Tensor) -> Tensor:
        """Return the mean e of each context, (n, width), by attention vectors (n, width) if given."""
        n_tags = len(inputs)
        if n_tags <= DENSE_ATTENTION_UP_TO:
            held = torch.zeros(len(context), n_tags + 1, dtype=torch.bool, device=context.device)
            held.scatter_(1, torch.where(mask, context, n_tags), True)  # padding goes to an extra column
            held = held[:, :n_tags]
            logits = (
                torch.zeros(held.shape, device=inputs.device) if attention is None else attention @ inputs.T
            )
            return logits.masked_fill(~held, MASKED).softmax(dim=1) @ inputs
        tokens = functional.embedding(context, inputs)  # (n, k, width)
        logits = torch.zeros(mask.shape, device=inputs.device)
        if attention is not None:
            logits = torch.einsum("nw,nkw->nk", attention, tokens)
        return torch.einsum("nk,nkw->nw", logits.masked_fill(~mask, MASKED).softmax(dim=1), tokens)

    def forward(self, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        """Return the score of every tag, (n, n_tags)."""
        return self.encode(queries, context, mask) @ self.outputs().T + self.biases


def completion_loss(
    scores: Tensor, context: Tensor, mask: Tensor, hidden: Tensor, hidden_mask: Tensor
) -> Tensor:
    """Return the mean cross-entropy of the hidden tags over all tags outside the context.

    Every document has the same weight, whatever its number of hidden tags.
    """
    n_tags = scores.shape[1]
    seen = torch.zeros(len(scores), n_tags + 1, dtype=torch.bool, device=scores.device)
    seen.scatter_(1, torch.where(mask, context, n_tags), True)  # padding goes to an extra column
    logs = scores.masked_fill(seen[:, :n_tags], MASKED).log_softmax(dim=1).gather(1, hidden)
    return -((logs * hidden_mask).sum(dim=1) / hidden_mask.sum(dim=1)).mean()
