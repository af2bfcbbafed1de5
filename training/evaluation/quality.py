"""Measure the quality in a bundle's manifest: both protocols on held-out documents, with baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from models.encoders.completion import CompletionEncoder
from models.encoders.contract import Encoder
from models.errors import TrainingError
from models.protocols.completion import CompletionQuery, clean_queries, evaluate_completion
from models.protocols.completion_conditions import distractor_queries, query_only
from models.protocols.encoder_scorer import EncoderScorer
from models.protocols.priming import DEFAULT_M, evaluate_priming
from models.protocols.scoring import Evaluation, Scorer
from models.types import IndexArray
from training.baselines.cooccurrence import Cooccurrence
from training.baselines.popularity import Popularity
from training.corpus import TagCorpus
from training.fitting.held_out import validation_queries, validation_splits
from training.fitting.linear_solver import TermScorer


def measure_siamese_encoder(
    encoder: Encoder, training: TagCorpus, held_out: TagCorpus, seed: int
) -> dict[str, Any]:
    """Measure priming and, where a document has the two tags it needs, completion with clean contexts.

    Parameters
    ----------
    encoder
        The encoder, trained on `training`.
    training, held_out
        Documents over the encoder's vocabulary.
    seed
        Seed of the hidden tags.

    Returns
    -------
    dict
        By protocol; see `measured_priming` and `measured_completion`.
    """
    scorers: dict[str, Scorer] = {encoder.kind: EncoderScorer(encoder), **_baselines(training)}
    found = {"priming": measured_priming(scorers, held_out.documents())}
    with suppress(TrainingError):
        queries = {"clean": validation_queries(held_out, seed)}
        found["completion"] = measured_completion(scorers, queries, training.document_frequency)
    return found


def measure_completion_encoder(
    encoder: CompletionEncoder, training: TagCorpus, held_out: TagCorpus, seed: int
) -> dict[str, Any]:
    """Measure completion under three conditions, and priming, as `measure_siamese_encoder` does.

    The encoder's linear term alone is measured beside the baselines.
    """
    splits = validation_splits(held_out, seed)
    queries = clean_queries(splits)
    conditions = {"clean": queries}
    if len(splits) > 1:  # a distractor is another document
        conditions["distractor"] = distractor_queries(splits, seed)
    conditions["query-only"] = query_only(queries)
    scorers: dict[str, Scorer] = {
        encoder.kind: EncoderScorer(encoder),
        "edlae": TermScorer(encoder.linear),
        **_baselines(training),
    }
    return {
        "completion": measured_completion(scorers, conditions, training.document_frequency),
        "priming": measured_priming(scorers, held_out.documents()),
    }


def _baselines(training: TagCorpus) -> dict[str, Scorer]:
    return {"cooccurrence": Cooccurrence().fit(training), "popularity": Popularity().fit(training)}


def measured_priming(scorers: Mapping[str, Scorer], documents: Sequence[IndexArray]) -> dict[str, Any]:
    """Measure priming, the paper's protocol.

    Parameters
    ----------
    scorers
        Methods by name.
    documents
        Tag indices of held-out documents; empty ones are not counted.

    Returns
    -------
    dict
        ``{"protocol", "documents", "unit", "methods": {name: {metric: percent}}, "curves"}``, rounded to
        0.01; curves are fractions (`_curves`).
    """
    asked = [tags for tags in documents if len(tags)]
    found = {name: evaluate_priming(scorer, asked, DEFAULT_M) for name, scorer in scorers.items()}
    return {
        "protocol": "priming",
        "documents": len(asked),
        "unit": "percent",
        "methods": {
            name: {metric: round(100 * value, 2) for metric, value in one.metrics.items()}
            for name, one in found.items()
        },
        "curves": _curves(found),
    }


def measured_completion(
    scorers: Mapping[str, Scorer],
    conditions: Mapping[str, Sequence[CompletionQuery]],
    popularity: IndexArray,
) -> dict[str, Any]:
    """Measure completion under several conditions of the same queries; the curves are those of the first.

    Returns
    -------
    dict
        ``{"protocol", "documents", "queries", "unit", "methods": {name: {"condition metric": fraction}},
        "curves"}``, rounded to .0001.
    """
    first, *_ = conditions
    found = {
        name: {
            condition: evaluate_completion(scorer, asked, popularity, draws_curve=condition == first)
            for condition, asked in conditions.items()
        }
        for name, scorer in scorers.items()
    }
    return {
        "protocol": "completion",
        "documents": len({query.document for query in conditions[first]}),
        "queries": len(conditions[first]),
        "unit": "fraction",
        "methods": {
            name: {
                f"{condition} {metric}": round(value, 4)
                for condition, one in measured.items()
                for metric, value in one.metrics.items()
            }
            for name, measured in found.items()
        },
        "curves": _curves({name: measured[first] for name, measured in found.items()}),
    }


def _curves(found: Mapping[str, Evaluation]) -> dict[str, list[float]]:
    """Return each method's interpolated precision at recall 0, 0.1, ..., 1, fractions."""
    return {name: [round(float(p), 4) for p in one.curve] for name, one in found.items()}
