"""Ways to combine the towers and the linear term, compared by `encoder_candidates.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from encoder_networks import Towers, spread
from torch import Tensor

from models.protocols.completion import CompletionQuery

KAPPA, ATTENTION = 0.7, 0.5


def padded(contexts: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
    mask = np.arange(max(map(len, contexts))) < np.asarray([len(context) for context in contexts])[:, None]
    context = np.zeros(mask.shape, dtype=np.int64)
    context[mask] = np.concatenate(contexts)
    return torch.from_numpy(context), torch.from_numpy(mask)


@dataclass
class Blend:
    """Towers and the linear term, combined by a rule; a scorer of the completion protocol.

    Each ratio is the standard deviation of the towers' scores over that of another term: `ratio` of the
    linear term, `damped_ratio` of the damped one, `evidence_ratio` of naive Bayes, `lone_ratio` of the
    co-occurrence shares that answer a lone tag.
    """

    network: Towers
    linear: Tensor
    damped: Tensor
    evidence: Tensor
    shares: Tensor
    rule: Callable[[Blend, Tensor, Tensor, Tensor], Tensor]
    ratio: float = 1.0
    damped_ratio: float = 1.0
    evidence_ratio: float = 1.0
    lone_ratio: float = 1.0

    def terms(
        self, queries: Tensor, context: Tensor, mask: Tensor, matrix: Tensor, attention: float = ATTENTION
    ) -> Tensor:
        """Return the sum of a matrix's rows over the context, weighted in part by the towers' attention."""
        attended = self.network.shares(queries, context, mask)
        weights = (1 - attention) * mask + attention * attended * mask.sum(dim=1, keepdim=True)
        return spread(weights, context, mask, len(matrix)) @ matrix

    @torch.no_grad()
    def calibrate(self, queries: list[CompletionQuery]) -> None:
        asked = torch.tensor([query.tag for query in queries])
        context, mask = padded([query.context for query in queries])
        wide = self.network(asked, context, mask).std(dim=1).mean()
        self.ratio = float(wide / self.terms(asked, context, mask, self.linear).std(dim=1).mean())
        self.damped_ratio = float(wide / self.terms(asked, context, mask, self.damped).std(dim=1).mean())
        self.evidence_ratio = float(wide / self.terms(asked, context, mask, self.evidence).std(dim=1).mean())
        lone = self.network(asked, asked[:, None], torch.ones(len(asked), 1, dtype=torch.bool))
        self.lone_ratio = float(lone.std(dim=1).mean() / self.shares[asked].std(dim=1).mean())

    @torch.no_grad()
    def score(self, queries: Sequence[int], contexts: Sequence[np.ndarray]) -> np.ndarray:
        return self.rule(self, torch.tensor(queries), *padded(contexts)).numpy()


def as_recipe(
    blend: Blend, *asked: Tensor, kappa: float | Tensor = KAPPA, attention: float = ATTENTION
) -> Tensor:
    linear = blend.terms(*asked, blend.linear, attention)
    return blend.network(*asked) + kappa * blend.ratio * linear


def damped(blend: Blend, *asked: Tensor, kappa: float = KAPPA) -> Tensor:
    """Adopted in the recipe: the linear term's scores of frequent candidates are reduced."""
    return blend.network(*asked) + kappa * blend.damped_ratio * blend.terms(*asked, blend.damped)


def average_over_queries(blend: Blend, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
    """Average the query's vector with the mean vector of the context tags, each taken as the query."""
    network, size = blend.network, context.shape[1]
    found = network.encode(
        context.reshape(-1), context.repeat_interleave(size, 0), mask.repeat_interleave(size, 0)
    )
    found = (found.view(*context.shape, -1) * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
    mean = (network.encode(queries, context, mask) + found) / 2
    linear = blend.terms(queries, context, mask, blend.linear)
    return mean @ network.outputs().T + network.biases + KAPPA * blend.ratio * linear


def with_naive_bayes(blend: Blend, *asked: Tensor) -> Tensor:
    return as_recipe(blend, *asked) + 0.2 * blend.evidence_ratio * blend.terms(*asked, blend.evidence)


def by_size(blend: Blend, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
    """Weigh the linear term by the root of the context's size; at ten tags the weight is the recipe's."""
    kappa = KAPPA * (mask.sum(dim=1, keepdim=True) / 10).sqrt()
    return as_recipe(blend, queries, context, mask, kappa=kappa)


def shares_of_a_lone_tag(blend: Blend, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
    """Adopted in the recipe: co-occurrence shares replace the linear term where the query is the only tag."""
    answered = blend.network(queries, context, mask) + blend.lone_ratio * blend.shares[queries]
    alone = mask.sum(dim=1, keepdim=True) == 1
    return torch.where(alone, answered, as_recipe(blend, queries, context, mask))


RULES: dict[str, Callable[..., Tensor]] = {
    "shares of a lone tag": shares_of_a_lone_tag,
    "damped linear term": damped,
    "damped and lighter linear term": lambda blend, *asked: damped(blend, *asked, kappa=0.3),
    "turns": average_over_queries,
    "with naive Bayes": with_naive_bayes,
    "linear term by context size": by_size,
    "lighter linear term": lambda blend, *asked: as_recipe(blend, *asked, kappa=0.3),
    "attention alone weighs": lambda blend, *asked: as_recipe(blend, *asked, attention=1.0),
}
"""Candidates that use the recipe's own towers, by the name that the table prints."""


def log_odds(counts: np.ndarray, n_documents: float) -> np.ndarray:
    """Return naive Bayes' evidence log p(t given c) / p(t without c), (n_tags, n_tags), zero diagonal."""
    n = counts.diagonal()
    prior = n[:, None] / n_documents
    given = (counts + prior) / (n + 1)[None, :]
    without = (n[:, None] - counts + prior) / (n_documents - n + 1)[None, :]
    evidence = np.log(np.maximum(given, 1e-9) / np.maximum(without, 1e-9))
    np.fill_diagonal(evidence, 0)
    return evidence.astype(np.float32)
