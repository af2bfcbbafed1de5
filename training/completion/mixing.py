"""How the towers and the linear term are set and mixed on validation documents, and what they reach there."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from scipy import sparse

from models.encoders.completion import CompletionEncoder
from models.encoders.contract import Query
from models.encoders.linear_term import LinearTerm
from models.protocols.completion import CompletionQuery, query_only
from models.protocols.encoder_scorer import EncoderScorer
from training.completion.recipe import CompletionRecipe
from training.corpus import TagCorpus
from training.fitting.counts import cooccurrence, duplicate_weights
from training.fitting.held_out import select
from training.fitting.linear_solver import TermScorer, fit_linear

Mixing = tuple[float, float]
"""(weight of the linear term in standard deviations of the towers' scores, its damping)."""

MIXING_QUERIES = 1_000
"""Queries over which the spread of the two terms is compared."""


def solve(counts: sparse.csr_array, linear: tuple[float, float], recipe: CompletionRecipe) -> LinearTerm:
    """Return the linear term of the (l2, dropout) in `linear`, dense or sparse by the vocabulary's size."""
    return fit_linear(counts, *linear, recipe.linear.dense_up_to, recipe.linear.neighbours)


def choose_linear(
    rest: TagCorpus, recipe: CompletionRecipe, queries: list[CompletionQuery]
) -> tuple[float, float]:
    """Return the (l2, dropout) whose term alone completes validation documents best; the first of equals."""
    settings = recipe.linear.settings
    if len(settings) == 1 or rest.n_tags > recipe.linear.tuned_up_to:
        return settings[0]
    counts = cooccurrence(rest.matrix, duplicate_weights(rest.matrix))
    return select(
        settings, lambda pair: TermScorer(solve(counts, pair, recipe)), [queries], rest.document_frequency
    )


def choose_mixing(
    probe: CompletionEncoder,
    recipe: CompletionRecipe,
    clean: list[CompletionQuery],
    noisy: list[CompletionQuery],
    rest: TagCorpus,
) -> Mixing:
    """Return the mix with the best nDCG@10; what a clean context reaches counts twice, noise once."""
    mixes = list(product(recipe.mixing.weights, recipe.mixing.dampings))
    if len(mixes) == 1:
        return mixes[0]
    return select(
        mixes,
        lambda mixing: EncoderScorer(blended(probe, mixing, 0.0, clean)),
        [clean, clean, noisy],
        rest.document_frequency,
        errors=2.0,  # of so many candidates one or another is a standard error ahead by accident
    )


def scale_ratio(encoder: CompletionEncoder, queries: list[CompletionQuery]) -> float:
    """Return the towers' mean standard deviation over candidates, over the linear term's."""
    return _spread_ratio(replace(mixed(encoder, 1.0), cooccurrence=None), queries)


def _spread_ratio(encoder: CompletionEncoder, queries: list[CompletionQuery]) -> float:
    asked = [Query(query.tag, query.context) for query in queries]
    encoded = encoder.encode(asked)
    towers = encoded.vectors @ encoder.candidates(None).T
    spread = 0.0 if encoded.added is None else float(encoded.added.std(axis=1).mean())
    return float(towers.std(axis=1).mean()) / max(spread, 1e-9)


def blended(
    encoder: CompletionEncoder, mixing: Mixing, alone: float, queries: list[CompletionQuery]
) -> CompletionEncoder:
    """Return the encoder with both of its added terms in proportion to its towers.

    Parameters
    ----------
    encoder
        Its linear term and company not weighted yet.
    mixing
        Of the linear term.
    alone
        Weight of the company of a tag asked alone, in standard deviations of the towers' scores; with 0 a
        lone tag is answered by the linear term like any other.
    queries
        Over which the deviations are taken.
    """
    queries = queries[:MIXING_QUERIES]
    kept = None
    if encoder.cooccurrence is not None and alone:
        kept = encoder.cooccurrence.weighted(alone * _spread_ratio(encoder, query_only(queries)))
    weight, damping = mixing
    damped = replace(encoder, damping=damping)
    return replace(mixed(damped, weight * scale_ratio(damped, queries)), cooccurrence=kept)


def mixed(encoder: CompletionEncoder, kappa: float) -> CompletionEncoder:
    """Return the encoder with another weight of the linear term."""
    scales = encoder.scales.copy()
    scales[2] = kappa
    return replace(encoder, scales=scales)
