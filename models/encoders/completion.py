"""The completion encoder: a contextual two-tower network beside a linear item-item term, in NumPy.

::

    score(c | q, ctx) = f(q, ctx) . g(c) + b_c + kappa * n_c^-damping * sum over t in ctx of w_t B[t, c]

Conventions
-----------
n_c is how many documents hold the candidate. A linear term of squared errors is taught by tags of many
documents above all; `damping` takes that back, where that is better on validation documents.

w_t mixes 1 with k times the attention weight of t, for a context of k tags, so that what the query does not
attend to counts less in both terms.

Candidates are static: ``[g, b]``, one row a tag, so that one inner-product index serves every query; a
query is ``[f, 1]``. The linear term is what `encode` adds. ``focus`` is the query tag's own weight (1
completes a track, about 2 finds what is related to this tag) in the linear term and in the attention
(`models.encoders.query_tower`). Where one tag is all that is known, its cooccurrence shares
(`models.encoders.cooccurrence_share`) take the place of its row of B.

A tag outside the vocabulary is answered from its `Usage`: the tower from its co-occurrence features, the
linear term from the update that its counts bring, or without a context from the counts themselves. Features
say less than what training learns of a tag, so the query vector is the weighted mean of the one for the tag
in its context and the one for the context alone (``focus`` to 1). With nothing known of the tag
(``Usage.unknown()``) the context answers alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from models.encoders.completion_tensors import (
    ARRAY_NAMES,
    CSR_FIELDS,
    cooccurrence_of,
    damping_of,
    linear_of,
    tensor_specs,
)
from models.encoders.contract import Encoded, Metric, OovRule, Query, TensorSpec
from models.encoders.cooccurrence_share import CooccurrenceShare
from models.encoders.linear_term import LinearTerm
from models.encoders.query_linear_term import QueryLinearTerm, known_usage
from models.encoders.query_tower import Attention, QueryTower, Variant
from models.features import Usage
from models.types import AnyArray, Float32Array, IndexArray, NamedArrays


@dataclass(frozen=True)
class CompletionEncoder:
    """Both towers and the linear term.

    Attributes
    ----------
    variant
        ``a`` sums the context; ``b`` lets the query attend to it.
    inputs : array of shape (n_tags, width), float32
        e(t), a tag as context or query.
    outputs : array of shape (n_tags, width), float32
        g(c), a tag as candidate.
    biases : array of shape (n_tags,), float32
        b_c.
    attention : array of shape (width, width), float32
        e(q)' attention e(t) is the attention's logit; unused by variant ``a``.
    hidden_weights, hidden_biases, output_weights, output_biases
        The tower's perceptron: (hidden, width or 3 width), (hidden,), (width, hidden), (width,).
    scales : array of shape (4,), float32
        s (of the context), a (of the query), kappa (of the linear term), and the part of the linear
        term's weights that follows the attention.
    frequency : array of shape (n_tags,), float32
        Weighted training documents of each tag, for the features of unseen tags and for `damping`.
    unseen_weights : array of shape (n_tags, width), float32
        Features of an unseen tag times this is its e.
    linear
        B.
    cooccurrence
        What a tag adds where it is all that is known of a query, instead of its row of B; None in bundles
        of format 1.
    damping
        Power of a candidate's documents that the linear term is divided by; not negative.
    """

    kind: ClassVar[str] = "completion"
    metric: ClassVar[Metric] = "ip"
    contextual_candidates: ClassVar[bool] = False
    supports_focus: ClassVar[bool] = True

    variant: Variant
    inputs: Float32Array
    outputs: Float32Array
    biases: Float32Array
    attention: Float32Array
    hidden_weights: Float32Array
    hidden_biases: Float32Array
    output_weights: Float32Array
    output_biases: Float32Array
    scales: Float32Array
    frequency: Float32Array
    unseen_weights: Float32Array
    linear: LinearTerm
    cooccurrence: CooccurrenceShare | None = None
    damping: float = 0.0

    @property
    def dim(self) -> int:
        """Width of query and candidate vectors: the tower's, and one for the bias."""
        return int(self.outputs.shape[1]) + 1

    @property
    def oov_rule(self) -> OovRule:
        """Unseen tags are answered like any other."""
        return "nearest"

    @cached_property
    def candidate_weights(self) -> Float32Array:
        """Weight of the linear term in each candidate's score, kappa * n_c^-damping, shape (n_tags,)."""
        return np.asarray(
            self.scales[2] * np.maximum(self.frequency, 1.0) ** -np.float32(self.damping), dtype=np.float32
        )

    def candidates(self, context: IndexArray | None) -> Float32Array:
        """Return [g, b] of all tags, shape (n_tags, dim); the context does not move them."""
        return np.concatenate([self.outputs, self.biases[:, None]], axis=1)

    def similarity_vectors(self) -> Float32Array:
        """Return g of all tags at unit length, shape (n_tags, width); scores depend on angles above all."""
        lengths = np.linalg.norm(self.outputs, axis=1, keepdims=True)
        return np.asarray(self.outputs / np.maximum(lengths, 1e-9), dtype=np.float32)

    @cached_property
    def tower(self) -> QueryTower:
        """The query tower."""
        return QueryTower(
            variant=self.variant,
            inputs=self.inputs,
            attention=self.attention,
            hidden_weights=self.hidden_weights,
            hidden_biases=self.hidden_biases,
            output_weights=self.output_weights,
            output_biases=self.output_biases,
            context_scale=self.scales[0],
            query_scale=self.scales[1],
        )

    @cached_property
    def query_term(self) -> QueryLinearTerm:
        """The linear term of a query."""
        return QueryLinearTerm(
            linear=self.linear,
            cooccurrence=self.cooccurrence,
            candidate_weights=self.candidate_weights,
            attended_share=self.scales[3],
        )

    def encode(self, queries: Sequence[Query], with_added: bool = True) -> Encoded:
        """Return [f, 1] of each query, (n, dim), and the linear term of its scores, (n, n_tags)."""
        vectors = np.ones((len(queries), self.dim), dtype=np.float32)
        added = np.zeros((len(queries), len(self.biases)), dtype=np.float32) if with_added else None
        for row, query in enumerate(queries):
            attention = self.attend(query)
            vectors[row, :-1] = self._query_vector(query, attention)
            if added is not None:
                added[row] = self.query_term.scores(query, attention)
        return Encoded(vectors, added)

    def added_parts(self, query: Query) -> Float32Array:
        """Return each tag's part of the linear term; see `Encoder.added_parts`.

        A tag that is all that is known of a query has one row, its cooccurrence shares.
        """
        return self.query_term.parts(query, self.attend(query))

    def unseen_input(self, usage: Usage) -> Float32Array:
        """Return e of a tag outside the vocabulary, from its counts alone, shape (width,)."""
        frequency = np.maximum(self.frequency[usage.indices], 1e-6)
        features = usage.counts / np.sqrt(frequency)
        features /= max(float(np.linalg.norm(features)), 1e-9)
        return np.asarray(features @ self.unseen_weights[usage.indices], dtype=np.float32)

    def attend(self, query: Query) -> Attention | None:
        """Return the attention weights over the context; None where nothing is known of the query."""
        tag: int | Float32Array | None
        if isinstance(query.tag, Usage):
            usage = known_usage(query)
            if usage is None and not len(query.local_context):
                return None
            tag = None if usage is None else self.unseen_input(usage)
        else:
            tag = query.tag
        return self.tower.attend(tag, query.local_context, query.focus)

    def _query_vector(self, query: Query, attention: Attention | None) -> Float32Array:
        if attention is None:
            return np.zeros(self.outputs.shape[1], dtype=np.float32)
        found = self.tower.vector(attention)
        if len(query.local_context) and known_usage(query) is not None:
            share = np.float32(query.focus / (1.0 + query.focus))
            context_alone = self.tower.vector(self.tower.attend(None, query.local_context, 1.0))
            found = share * found + (1 - share) * context_alone
        return found

    def settings(self) -> dict[str, Any]:
        """Return what a manifest says of the encoder besides its tensors."""
        return {
            "variant": self.variant,
            "n_tags": len(self.biases),
            "width": int(self.outputs.shape[1]),
            "hidden": len(self.hidden_biases),
            "linear": {
                "l2": self.linear.l2,
                "dropout": self.linear.dropout,
                "damping": self.damping,
                "stored": None if self.linear.indices is None else len(self.linear.indices),
            },
            "company": None if self.cooccurrence is None else len(self.cooccurrence.indices),
        }

    def tensors(self) -> dict[str, AnyArray]:
        """Return the arrays a bundle keeps, by name."""
        named: dict[str, AnyArray] = {name: getattr(self, name) for name in ARRAY_NAMES}
        named |= {"linear_values": self.linear.values, "linear_diagonal": self.linear.diagonal}
        if self.linear.indptr is not None and self.linear.indices is not None:
            named |= {"linear_indptr": self.linear.indptr, "linear_indices": self.linear.indices}
        if self.cooccurrence is not None:
            named |= {f"company_{name}": getattr(self.cooccurrence, name) for name in CSR_FIELDS}
        return named

    @staticmethod
    def specs(settings: Mapping[str, Any]) -> dict[str, TensorSpec]:
        """Return the tensors that `settings` call for."""
        return tensor_specs(settings)

    @staticmethod
    def width(settings: Mapping[str, Any]) -> int:
        """Return the width of vectors that `settings` call for: the tower's, and one for the bias."""
        return int(settings["width"]) + 1

    @classmethod
    def from_tensors(
        cls, settings: Mapping[str, Any], tensors: NamedArrays, oov_rule: OovRule
    ) -> CompletionEncoder:
        """Rebuild the encoder from a manifest's settings and checked tensors.

        Raises
        ------
        BundleError
            If the bounds or columns of what is sparse are out of range, or the damping cannot be.
        """
        return cls(
            variant=settings["variant"],
            **{name: tensors[name] for name in ARRAY_NAMES},
            linear=linear_of(settings, tensors),
            cooccurrence=cooccurrence_of(settings, tensors),
            damping=damping_of(settings),
        )
