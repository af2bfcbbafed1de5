"""The query tower of the completion encoder: from a tag and its context to a query vector, in NumPy.

Conventions
-----------
Variant ``b`` lets the query attend to its context: the attention weight of a context tag t is the softmax of
e(q)' A e(t). Variant ``a`` weighs all tags of the context alike. ``focus`` multiplies the query tag's own
attention weight before the weights are made to sum to 1.

A query tag that nothing is known of is left out: each tag of the context takes its turn as the query, and
the query vectors are averaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.types import Float32Array, IndexArray

Variant = Literal["a", "b"]


@dataclass(frozen=True)
class Attention:
    """One query's embeddings and how much it attends to each of them.

    Attributes
    ----------
    queries : array of shape (n, width), float32
        Embeddings that act as the query: one, or each context tag's where the query tag is left out.
    tokens : array of shape (k, width), float32
        Embeddings of the tags attended to.
    weights : array of shape (n, k), float32
        Attention weights; rows sum to 1.
    """

    queries: Float32Array
    tokens: Float32Array
    weights: Float32Array


@dataclass(frozen=True)
class QueryTower:
    """The tower's parameters; see `models.encoders.completion.CompletionEncoder` for their shapes."""

    variant: Variant
    inputs: Float32Array
    attention: Float32Array
    hidden_weights: Float32Array
    hidden_biases: Float32Array
    output_weights: Float32Array
    output_biases: Float32Array
    context_scale: np.float32
    query_scale: np.float32

    def attend(self, tag: int | Float32Array | None, context: IndexArray, focus: float) -> Attention:
        """Return the attention weights of one query over its local context.

        Parameters
        ----------
        tag
            The query tag's position in the vocabulary, or the embedding of an OOV tag, shape (width,), or
            None where the query tag is left out.
        context : array of shape (k,), int64
            The local context; k is at least 1 where the query tag is left out.
        focus
            Weight of the query tag.
        """
        tokens = self.inputs[context]
        if tag is None:
            return Attention(tokens, tokens, self._weights(tokens, tokens, None, 1.0))
        if isinstance(tag, int):
            queries, position = self.inputs[[tag]], int(np.flatnonzero(context == tag)[0])
        else:
            queries, position = tag[None, :], len(context)
            tokens = np.concatenate([tokens, queries])
        return Attention(queries, tokens, self._weights(queries, tokens, position, focus))

    def vector(self, attention: Attention) -> Float32Array:
        """Return the query vector, the mean over `attention.queries`, shape (width,)."""
        k = len(attention.tokens)
        attended = np.float32(np.sqrt(k)) * (attention.weights @ attention.tokens)  # (n, width)
        found = self.context_scale * attended
        joined = attended
        if self.variant == "b":
            found = found + self.query_scale * attention.queries
            joined = np.concatenate([attended, attention.queries, attended * attention.queries], axis=1)
        return np.asarray((found + self._perceptron(joined)).mean(axis=0), dtype=np.float32)

    def _weights(
        self, queries: Float32Array, tokens: Float32Array, position: int | None, focus: float
    ) -> Float32Array:
        if self.variant == "b":
            logits = (queries @ self.attention) @ tokens.T
            weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        else:
            weights = np.ones((len(queries), len(tokens)), dtype=np.float32)
        if position is not None:
            weights[:, position] *= np.float32(focus)
        return np.asarray(weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-30), dtype=np.float32)

    def _perceptron(self, joined: Float32Array) -> Float32Array:
        hidden = np.tanh(joined @ self.hidden_weights.T + self.hidden_biases)
        return np.asarray(hidden @ self.output_weights.T + self.output_biases, dtype=np.float32)
