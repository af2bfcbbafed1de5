"""The completion encoder: a contextual two-tower network beside a linear item-item term, in NumPy.

::

    score(c | q, ctx) = f(q, ctx) . g(c) + b_c + kappa * n_c^-damping * sum over t in ctx of w_t B[t, c]

Conventions
-----------
n_c is how many documents hold the candidate. A linear term of squared errors is taught by tags of many
documents above all; `damping` takes that back, where validation documents ask for it.

w_t mixes 1 with the attention's share of t (k times it, for a context of k tags), so that what the query
turns away from counts less in both terms.

Candidates are static: ``[g, b]``, one row a tag, so that one inner-product index serves every query; a
query is ``[f, 1]``. The linear term is added by `linear_scores`. A local context holds the query tag where
it is known; ``focus`` is the query's own weight (1 completes a track, about 2 asks what is related to this
tag), in the linear term and, before the shares are made to sum to 1, in the attention. Where one tag is all
that is known, the company it keeps (`models.encoders.cooccurrence_share`) stands in for its row of B.

A tag outside the vocabulary is answered from its `Usage`: the tower from its co-occurrence features, the
linear term from the update its counts bring, or without a context from the counts themselves. Features say
less than what training learns of a tag, so the tower's answer is the mean of the one to the tag and the one
that the context alone gives (``focus`` to 1). With nothing known of it (``Usage.unknown()``) it is left out,
and the context answers alone, each of its tags taking its turn as the query.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from models.encoders.completion_tensors import PLAIN, ROWS, company_of, damping_of, linear_of, tensor_specs
from models.encoders.contract import Arrays, Indices, Metric, OovRule, Tag, TensorSpec
from models.encoders.cooccurrence_share import Company
from models.encoders.linear_term import LinearTerm
from models.features import Usage

Floats = npt.NDArray[np.float32]
Variant = Literal["a", "b"]

MET_SHARE, MET_PRIOR = 1.5, 5.0
"""Without context: weight of the share of an unseen tag's documents against rows of B, and the documents
without any tag that the share is smoothed with, so that one or two documents weigh little."""


@dataclass(frozen=True)
class _Heard:
    """A query's side of the tower: query vectors (n, width), tokens (k, width) and shares (n, k)."""

    queries: Floats
    tokens: Floats
    shares: Floats


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
    company
        What a tag adds where it is all that is known of a query, instead of its row of B; None in bundles
        made before there was such a thing.
    damping
        Power of a candidate's documents that the linear term is divided by; not negative.
    """

    kind: ClassVar[str] = "completion"
    metric: ClassVar[Metric] = "ip"
    contextual_candidates: ClassVar[bool] = False
    supports_focus: ClassVar[bool] = True

    variant: Variant
    inputs: Floats
    outputs: Floats
    biases: Floats
    attention: Floats
    hidden_weights: Floats
    hidden_biases: Floats
    output_weights: Floats
    output_biases: Floats
    scales: Floats
    frequency: Floats
    unseen_weights: Floats
    linear: LinearTerm
    company: Company | None = None
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
    def candidate_weights(self) -> Floats:
        """What the linear term counts in each candidate's score, kappa * n_c^-damping, shape (n_tags,)."""
        return np.asarray(
            self.scales[2] * np.maximum(self.frequency, 1.0) ** -np.float32(self.damping), dtype=np.float32
        )

    def candidates(self, context: Indices | None) -> Floats:
        """Return [g, b] of all tags, shape (n_tags, dim); the context does not move them."""
        return np.concatenate([self.outputs, self.biases[:, None]], axis=1)

    def encode_queries(
        self, tags: Sequence[Tag], contexts: Sequence[Indices], focus: Sequence[float] | None = None
    ) -> Floats:
        """Return [f, 1] of each query, shape (n, dim).

        Parameters
        ----------
        tags
            Query tags.
        contexts
            Their local contexts.
        focus
            The weight of each query tag among its context; 1 by default.
        """
        vectors = np.ones((len(tags), self.dim), dtype=np.float32)
        weights = [1.0] * len(tags) if focus is None else focus
        for row, tag, context, weight in zip(vectors, tags, contexts, weights, strict=True):
            row[:-1] = self._tower(tag, context, weight)
        return vectors

    def linear_scores(
        self, tags: Sequence[Tag], contexts: Sequence[Indices], focus: Sequence[float] | None = None
    ) -> Floats:
        """Return the linear term of each query as it enters the score, for all candidates, (n, n_tags)."""
        scores = np.empty((len(tags), len(self.biases)), dtype=np.float32)
        weights = [1.0] * len(tags) if focus is None else focus
        for row, tag, context, weight in zip(scores, tags, contexts, weights, strict=True):
            company = self._company(tag, context)
            if company is None:
                row[:] = self.candidate_weights * self._linear(tag, context, weight)
            else:
                row[:] = self.linear_weights(tag, context, weight)[0] * company
        return scores

    def linear_rows(self, tag: Tag, context: Indices, focus: float = 1.0) -> Floats:
        """Return each context tag's part of `linear_scores`, an unseen query's own at the end.

        Shape (k, n_tags), or (k + 1, n_tags) for an unseen query; the sum over rows is the query's
        `linear_scores`.
        """
        unseen = tag if isinstance(tag, Usage) and _known(tag) else None
        if not len(context) and unseen is None:
            return np.zeros((0, len(self.biases)), dtype=np.float32)
        if not len(context) and unseen is not None:
            return np.asarray((self.candidate_weights * self._met(unseen))[None, :], dtype=np.float32)
        weights = self.linear_weights(tag, context, focus)
        company = self._company(tag, context)
        if company is not None:
            return np.asarray(weights[:1, None] * company[None, :], dtype=np.float32)
        each = [(context[i : i + 1], weights[i : i + 1]) for i in range(len(context))]
        if unseen is None:
            rows = [self.linear.combine(*one) for one in each]
        else:
            update = self.linear.updated(unseen)
            rows = [update.rows(self.linear, *one) for one in each] + [weights[-1] * update.own_row()]
        return np.asarray(np.stack(rows) * self.candidate_weights, dtype=np.float32)

    def unseen_input(self, usage: Usage) -> Floats:
        """Return e of a tag outside the vocabulary, from its counts alone, shape (width,)."""
        frequency = np.maximum(self.frequency[usage.indices], 1e-6)
        features = usage.counts / np.sqrt(frequency)
        features /= max(float(np.linalg.norm(features)), 1e-9)
        return np.asarray(features @ self.unseen_weights[usage.indices], dtype=np.float32)

    def _heard(self, tag: Tag, context: Indices, focus: float) -> _Heard:
        """Return who speaks to the query, and with what share."""
        if isinstance(tag, Usage) and not _known(tag):
            # Each tag of the context takes its turn as the query; what they make of it is averaged.
            tokens = self.inputs[context]
            return _Heard(tokens, tokens, self._shares(tokens, tokens, None, 1.0))
        if isinstance(tag, Usage):
            own = self.unseen_input(tag)[None, :]
            tokens, position = np.concatenate([self.inputs[context], own]), len(context)
        else:
            own, tokens = self.inputs[[tag]], self.inputs[context]
            position = int(np.flatnonzero(context == tag)[0])
        return _Heard(own, tokens, self._shares(own, tokens, position, focus))

    def _shares(self, queries: Floats, tokens: Floats, position: int | None, focus: float) -> Floats:
        """Return each query's attention to the tokens, shape (n, k), rows summing to 1."""
        if self.variant == "b":
            logits = (queries @ self.attention) @ tokens.T
            shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        else:
            shares = np.ones((len(queries), len(tokens)), dtype=np.float32)
        if position is not None:
            shares[:, position] *= np.float32(focus)
        return np.asarray(shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-30), dtype=np.float32)

    def _tower(self, tag: Tag, context: Indices, focus: float) -> Floats:
        if not len(context) and isinstance(tag, Usage) and not _known(tag):
            return np.zeros(self.outputs.shape[1], dtype=np.float32)
        found = self._answer(self._heard(tag, context, focus))
        if len(context) and isinstance(tag, Usage) and _known(tag):
            share = np.float32(focus / (1.0 + focus))
            others = self._answer(self._heard(Usage.unknown(), context, 1.0))
            found = share * found + (1 - share) * others
        return found

    def _answer(self, heard: _Heard) -> Floats:
        """Return the mean of the query vectors of those who speak, shape (width,)."""
        summed = np.float32(np.sqrt(len(heard.tokens))) * (heard.shares @ heard.tokens)  # (n, width)
        found = self.scales[0] * summed
        if self.variant == "b":
            found = found + self.scales[1] * heard.queries
            summed = np.concatenate([summed, heard.queries, summed * heard.queries], axis=1)
        return np.asarray((found + self._perceptron(summed)).mean(axis=0), dtype=np.float32)

    def _perceptron(self, joined: Floats) -> Floats:
        hidden = np.tanh(joined @ self.hidden_weights.T + self.hidden_biases)
        return np.asarray(hidden @ self.output_weights.T + self.output_biases, dtype=np.float32)

    def _linear(self, tag: Tag, context: Indices, focus: float) -> Floats:
        unseen = tag if isinstance(tag, Usage) and _known(tag) else None
        if not len(context) and unseen is None:
            return np.zeros(len(self.biases), dtype=np.float32)
        if not len(context) and unseen is not None:
            return self._met(unseen)
        weights = self.linear_weights(tag, context, focus)
        if unseen is None:
            return self.linear.combine(context, weights)
        return self.linear.score_unseen(unseen, context, weights[:-1], float(weights[-1]))

    def _company(self, tag: Tag, context: Indices) -> Floats | None:
        """Return the company of the one tag that is known of a query; None where there is more to go by."""
        if self.company is None or len(context) != 1 or (isinstance(tag, Usage) and _known(tag)):
            return None
        return self.company.row(int(context[0]))

    def _met(self, usage: Usage) -> Floats:
        """Return the linear term of an unseen tag that comes without context: the tags it was met with.

        Its row by the update is made to be added to others'; alone, and the more so with few documents,
        the plain share of its documents that hold a tag ranks better, and next to few documents the tower.
        """
        row = np.zeros(len(self.biases), dtype=np.float32)
        row[usage.indices] = np.float32(MET_SHARE / (usage.n_documents + MET_PRIOR)) * usage.counts
        return row

    def linear_weights(self, tag: Tag, context: Indices, focus: float = 1.0) -> Floats:
        """Return the weight of each context tag in the linear term, an unseen query's own at the end."""
        heard = self._heard(tag, context, focus)
        plain = np.ones(len(heard.tokens), dtype=np.float32)
        if isinstance(tag, Usage):
            plain[len(context) :] = focus
        else:
            plain[context == tag] = focus
        attended = heard.shares.mean(axis=0) * np.float32(len(heard.tokens))
        mix = self.scales[3]
        return np.asarray((1 - mix) * plain + mix * attended, dtype=np.float32)

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
            "company": None if self.company is None else len(self.company.indices),
        }

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays a bundle keeps, by name."""
        named: dict[str, npt.NDArray[Any]] = {name: getattr(self, name) for name in PLAIN}
        named |= {"linear_values": self.linear.values, "linear_diagonal": self.linear.diagonal}
        if self.linear.indptr is not None and self.linear.indices is not None:
            named |= {"linear_indptr": self.linear.indptr, "linear_indices": self.linear.indices}
        if self.company is not None:
            named |= {f"company_{name}": getattr(self.company, name) for name in ROWS}
        return named

    @staticmethod
    def specs(settings: Mapping[str, Any]) -> dict[str, TensorSpec]:
        """Return the tensors that `settings` call for."""
        return tensor_specs(settings)

    @classmethod
    def from_tensors(
        cls, settings: Mapping[str, Any], tensors: Arrays, oov_rule: OovRule
    ) -> CompletionEncoder:
        """Rebuild the encoder from a manifest's settings and checked tensors.

        Raises
        ------
        BundleError
            If the bounds or columns of what is sparse are out of range, or the damping cannot be.
        """
        plain = {name: tensors[name] for name in PLAIN}
        linear, company = linear_of(settings, tensors), company_of(settings, tensors)
        damping = damping_of(settings)
        return cls(variant=settings["variant"], **plain, linear=linear, company=company, damping=damping)


def _known(usage: Usage) -> bool:
    return usage.n_documents > 0 and len(usage.indices) > 0
