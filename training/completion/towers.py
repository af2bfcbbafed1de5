"""The two towers in torch: what a context asks for, and what a tag offers."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.completion.features import CountFeatures
from training.completion.recipe import Towers

NEVER = -1e9
"""A logit that a softmax turns to 0."""

DENSE_TAGS = 4096
"""Tags up to which contexts are attended to as rows of the whole vocabulary: products with it are cheap
next to gathering the tags of padded contexts (half the time of a step at 200 tags, two thirds at 2,000)."""


class TwoTowers(nn.Module):
    """f(q, ctx) . g(c) + b_c.

    Parameters
    ----------
    features
        phi of every tag.
    popularity : array of shape (n_tags,)
        The biases start from its log.
    recipe
        Widths, dropout, variant.
    """

    features: Tensor

    def __init__(self, features: CountFeatures, popularity: npt.NDArray[np.float64], recipe: Towers) -> None:
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
        """Return e of every tag, (n_tags, width); in training some lose what is theirs alone."""
        own: Tensor = self.input_tags
        if self.training and self.recipe.unseen:
            own = own * (torch.rand(len(own), 1, device=own.device) >= self.recipe.unseen)
        return self.input_weights(self.features) + own  # type: ignore[no-any-return]

    def outputs(self) -> Tensor:
        """Return g of every tag, (n_tags, width)."""
        return self.output_weights(self.features) + self.output_tags  # type: ignore[no-any-return]

    def attention(self) -> Tensor:
        """Return the matrix between a query's e and a context tag's, (width, width)."""
        scale = math.sqrt(self.attend_query.out_features)
        return self.attend_query.weight.T @ self.attend_key.weight / scale

    def perceptron(self, joined: Tensor) -> Tensor:
        """Return the part of f that is not linear in what was heard, (n, width)."""
        return self.last(self.dropout(torch.tanh(self.first(joined))))  # type: ignore[no-any-return]

    def encode(self, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        """Return f, (n, width), of queries (n,) in padded contexts (n, k) that hold them."""
        inputs = self.inputs()
        root = mask.sum(dim=1, keepdim=True).sqrt()
        if self.recipe.variant == "a":
            heard = self.dropout(self._shared(inputs, None, context, mask) * root)
            return self.context_scale * heard + self.perceptron(heard)  # type: ignore[no-any-return]
        asked = inputs[queries]
        heard = self.dropout(self._shared(inputs, asked @ self.attention(), context, mask) * root)
        joined = torch.cat([heard, asked, heard * asked], dim=1)
        return self.context_scale * heard + self.query_scale * asked + self.perceptron(joined)  # type: ignore[no-any-return]

    def _shared(self, inputs: Tensor, asks: Tensor | None, context: Tensor, mask: Tensor) -> Tensor:
        """Return the mean e of each context, (n, width); by what `asks`, (n, width), attends to if given."""
        n_tags = len(inputs)
        if n_tags <= DENSE_TAGS:
            held = torch.zeros(len(context), n_tags + 1, dtype=torch.bool, device=context.device)
            held.scatter_(1, torch.where(mask, context, n_tags), True)  # padding falls beside the vocabulary
            held = held[:, :n_tags]
            logits = torch.zeros(held.shape, device=inputs.device) if asks is None else asks @ inputs.T
            return logits.masked_fill(~held, NEVER).softmax(dim=1) @ inputs
        tokens = functional.embedding(context, inputs)  # (n, k, width)
        logits = torch.zeros(mask.shape, device=inputs.device)
        if asks is not None:
            logits = torch.einsum("nw,nkw->nk", asks, tokens)
        return torch.einsum("nk,nkw->nw", logits.masked_fill(~mask, NEVER).softmax(dim=1), tokens)

    def forward(self, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        """Return the score of every tag, (n, n_tags)."""
        return self.encode(queries, context, mask) @ self.outputs().T + self.biases


def completion_loss(
    scores: Tensor, context: Tensor, mask: Tensor, hidden: Tensor, hidden_mask: Tensor
) -> Tensor:
    """Return the cross-entropy of the hidden tags, each document's alike, over all tags not in sight."""
    n_tags = scores.shape[1]
    seen = torch.zeros(len(scores), n_tags + 1, dtype=torch.bool, device=scores.device)
    seen.scatter_(1, torch.where(mask, context, n_tags), True)  # padding falls beside the vocabulary
    logs = scores.masked_fill(seen[:, :n_tags], NEVER).log_softmax(dim=1).gather(1, hidden)
    return -((logs * hidden_mask).sum(dim=1) / hidden_mask.sum(dim=1)).mean()
