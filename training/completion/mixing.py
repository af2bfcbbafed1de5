"""Choose the linear term's options and its weight beside the towers on validation documents."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from scipy import sparse

from models.encoders.completion import CompletionEncoder
from models.encoders.contract import Query
from models.encoders.linear_term import LinearTerm
from models.protocols.completion import CompletionQuery
from models.protocols.completion_conditions import query_only
from models.protocols.encoder_scorer import EncoderScorer
from training.completion.recipe import CompletionRecipe
from training.corpus import TagCorpus
from training.fitting.counts import cooccurrence, duplicate_weights
from training.fitting.held_out import select
from training.fitting.linear_solver import TermScorer, fit_linear

Mixing = tuple[float, float]
"""(Weight of the linear term, in standard deviations of the towers' scores; its damping)."""

MIXING_QUERIES = 1_000
"""Largest number of queries over which the standard deviations of the terms are compared."""


def solve(counts: sparse.csr_array, linear: tuple[float, float], recipe: CompletionRecipe) -> LinearTerm:
    """Return the linear term of the (l2, dropout) in `linear`, dense or sparse by the vocabulary's size."""
    return fit_linear(counts, *linear, recipe.linear.dense_up_to, recipe.linear.neighbours)


def choose_linear(
    rest: TagCorpus, recipe: CompletionRecipe, queries: list[CompletionQuery]
) -> tuple[float, float]:
    """Return the (l2, dropout) whose linear term alone completes the validation documents best.

    The recipe's first pair is the default; see `training.fitting.held_out.select`.
    """
    settings = recipe.linear.settings
    if len(settings) == 1 or rest.n_tags > recipe.linear.tuned_up_to:
        return settings[0]
    counts = cooccurrence(rest.matrix, duplicate_weights(rest.matrix))
    return select(
        settings, lambda pair: TermScorer(solve(counts, pair, recipe)), [queries], rest.document_frequency
    )


def choose_mixing(
    encoder: CompletionEncoder,
    recipe: CompletionRecipe,
    clean: list[CompletionQuery],
    noisy: list[CompletionQuery],
    rest: TagCorpus,
) -> Mixing:
    """Return the mix of the best nDCG@10, in which clean contexts count twice and noisy ones once."""
    mixes = list(product(recipe.mixing.weights, recipe.mixing.dampings))
    if len(mixes) == 1:
        return mixes[0]
    return select(
        mixes,
        lambda mixing: EncoderScorer(blended(encoder, mixing, 0.0, clean)),
        [clean, clean, noisy],
        rest.document_frequency,
        errors=2.0,  # among this many candidates, one exceeds the default by one standard error by chance
    )


def scale_ratio(encoder: CompletionEncoder, queries: list[CompletionQuery]) -> float:
    """Return the mean standard deviation of the towers' scores over that of the linear term's scores."""
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
    """Return the encoder with its two added terms weighted in proportion to its towers.

    Parameters
    ----------
    encoder
        The encoder, with unweighted linear term and co-occurrence shares.
    mixing
        Weight and damping of the linear term.
    alone
        Weight of the co-occurrence shares, which replace the linear term for a query of a single tag, in
        standard deviations of the towers' scores; with 0 the linear term is kept.
    queries
        Validation queries over which the standard deviations are measured.
    """
    queries = queries[:MIXING_QUERIES]
    kept = None
    if encoder.cooccurrence is not None and alone:
        kept = encoder.cooccurrence.weighted(alone * _spread_ratio(encoder, query_only(queries)))
    weight, damping = mixing
    damped = replace(encoder, damping=damping)
    return replace(mixed(damped, weight * scale_ratio(damped, queries)), cooccurrence=kept)


def mixed(encoder: CompletionEncoder, kappa: float) -> CompletionEncoder:
    """Return the encoder with the weight `kappa` of the linear term."""
    scales = encoder.scales.copy()
    scales[2] = kappa
    return replace(encoder, scales=scales)
