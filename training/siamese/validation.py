"""What is measured on held-out documents before a bundle is made: its quality, and its OOV rule."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from models.encoders.contract import Encoder, OovRule
from models.errors import TrainingError
from models.features import Usage
from models.protocols.encoder_scorer import EncoderScorer
from models.protocols.oov import OovQuery, evaluate_oov
from models.protocols.scoring import Scorer
from training.baselines.cooccurrence import Cooccurrence
from training.baselines.popularity import Popularity
from training.corpus import TagCorpus
from training.evaluation.quality import measured_completion, measured_priming
from training.fitting.held_out import validation_queries

MIN_OOV_QUERIES = 20


def split_validation(corpus: TagCorpus, share: float, seed: int) -> tuple[TagCorpus, TagCorpus]:
    """Hold `share` of the documents out, seeded; groups, where there are any, stay together.

    Returns
    -------
    training, validation
        Over the same tags; `validation` may be empty.
    """
    labels = np.asarray(corpus.groups if corpus.groups is not None else corpus.document_ids, dtype=object)
    names, group_of = np.unique(labels.astype(str), return_inverse=True)
    held_groups = np.random.default_rng(seed).permutation(len(names))[: round(share * len(names))]
    held = np.isin(group_of, held_groups)
    return corpus.select(np.flatnonzero(~held)), corpus.select(np.flatnonzero(held))


def measure_quality(
    encoder: Encoder, training: TagCorpus, validation: TagCorpus, seed: int
) -> dict[str, Any]:
    """Measure both protocols on held-out documents, with the baselines that embarrass the paper.

    Completion is left out where no document has the two tags it needs. See `training.evaluation.quality`.
    """
    scorers: dict[str, Scorer] = {
        encoder.kind: EncoderScorer(encoder),
        "cooccurrence": Cooccurrence().fit(training),
        "popularity": Popularity().fit(training),
    }
    found = {"priming": measured_priming(scorers, validation.documents())}
    with suppress(TrainingError):
        queries = {"clean": validation_queries(validation, seed)}
        found["completion"] = measured_completion(scorers, queries, training.document_frequency)
    return found


def draw_oov_tags(corpus: TagCorpus, share: float, seed: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Draw `share` of the tags on at least 3 documents, seeded; sorted positions."""
    usable = np.flatnonzero(corpus.document_frequency >= 3)
    drawn = np.random.default_rng(seed).permutation(usable)[: round(share * len(usable))]
    return np.sort(drawn)


def choose_oov_rule(
    encoder: Encoder,
    training: TagCorpus,
    validation: TagCorpus,
    oov_tags: np.ndarray[Any, np.dtype[np.int64]],
) -> tuple[OovRule, dict[str, float]]:
    """Ask validation documents for tags an encoder was trained without, under both rules.

    Parameters
    ----------
    encoder
        Trained on `training` without `oov_tags`.
    training, validation
        Documents over all tags; the OOV tags' usage is counted on `training` alone.
    oov_tags
        Positions of the tags left out.

    Returns
    -------
    rule
        The better one by average precision; ``nearest`` where there are too few queries to tell.
    measured
        Average precision by rule, percent, rounded to 0.01; empty where nothing could be asked.
    """
    known = np.setdiff1d(np.arange(training.n_tags), oov_tags)
    counts = (training.matrix.T @ training.matrix).tocsr()
    contexts = validation.with_tags(known).documents()
    queries = []
    for tag in oov_tags:
        row = counts[[tag]].toarray()[0][known]
        indices = np.flatnonzero(row)
        usage = Usage(int(training.document_frequency[tag]), indices, row[indices].astype(np.float32))
        holders = np.flatnonzero(validation.matrix[:, [tag]].toarray().ravel())
        if usage.n_documents and len(indices):
            queries += [OovQuery(usage, contexts[row], int(row)) for row in holders if len(contexts[row])]
    if len(queries) < MIN_OOV_QUERIES:
        return "nearest", {}
    found = evaluate_oov(EncoderScorer(encoder), queries)
    measured: dict[str, float] = {
        rule: round(100 * result.metrics["AP"], 2) for rule, result in found.items()
    }
    return ("furthest" if measured["furthest"] > measured["nearest"] else "nearest"), measured
