"""Completion on grouped folds: half of the tags of each test document are hidden and have to be found.

The seeds are those of the published figures: folds by `TagCorpus.grouped_folds` with seed 7, hidden tags
with seed 100 + fold, distractors with 200 + fold, held-out tags with 1000 + fold. The seed of the settings is
added to each of them; the method itself is trained with that seed plus the fold's number.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.protocols.completion import CompletionQuery, clean_queries, evaluate_completion, split_documents
from models.protocols.completion_conditions import (
    context_only,
    distractor_queries,
    draw_held_out,
    held_out_queries,
    query_only,
)
from training.baselines.method import Method
from training.corpus import TagCorpus
from training.evaluation.cell import Cell, EvaluationSettings
from training.fitting.usage import count_usages

FOLD_SEED, HIDING_SEED, DISTRACTOR_SEED, HELD_OUT_SEED = 7, 100, 200, 1000


def evaluate_fold(corpus: TagCorpus, method: Method, fold: int, settings: EvaluationSettings) -> Cell:
    """Fit `method` on the fold's training documents and query the test documents under every condition.

    A method that supports unseen tags is trained a second time without a tenth of the tags. Metric names
    without a condition are those of the clean condition.
    """
    seed = settings.seed
    train_rows, test_rows = corpus.grouped_folds(settings.folds, FOLD_SEED + seed)[fold]
    training, documents = corpus.select(train_rows), corpus.select(test_rows).documents()
    method.fit(training, seed + fold)
    splits = split_documents(documents, HIDING_SEED + seed + fold, settings.completion_min_tags)
    clean = clean_queries(splits)
    conditions = {
        "clean": clean,
        "distractor": distractor_queries(splits, DISTRACTOR_SEED + seed + fold),
        "query-only": query_only(clean),
    }
    popularity = training.document_frequency
    metrics: dict[str, float] = {}
    by_document: dict[str, list[float]] = {}
    for condition, queries in conditions.items():
        found = evaluate_completion(method, queries, popularity)
        metrics |= {f"{condition} {name}": value for name, value in found.metrics.items()}
        if condition == "clean":
            metrics |= found.metrics
            by_document = {
                name: _whole(values, len(documents)).tolist() for name, values in found.by_document.items()
            }
    counts = {"training documents": len(train_rows), "test documents": len(test_rows), "queries": len(clean)}
    if method.supports_oov and settings.unseen_tags:
        unseen, n_queries = _unseen(corpus, method, fold, settings)
        metrics |= unseen
        counts["OOV queries"] = n_queries
    return Cell(metrics, by_document=by_document, documents=test_rows.tolist(), counts=counts)


def _unseen(
    corpus: TagCorpus, method: Method, fold: int, settings: EvaluationSettings
) -> tuple[dict[str, float], int]:
    seed = settings.seed
    train_rows, test_rows = corpus.grouped_folds(settings.folds, FOLD_SEED + seed)[fold]
    training = corpus.select(train_rows)
    held_out = draw_held_out(training.document_frequency, HELD_OUT_SEED + seed + fold)
    known = np.setdiff1d(np.arange(corpus.n_tags), held_out)
    reduced = training.with_tags(known)
    method.fit(replace(reduced, name=f"{corpus.name} without {len(held_out)} tags"), seed + fold)
    tested = corpus.select(test_rows)
    queries = held_out_queries(
        tested.with_tags(known).documents(),
        tested.with_tags(held_out).documents(),
        count_usages(training, held_out, known),
        HIDING_SEED + seed + fold,
        settings.completion_min_tags,
    )
    conditions: dict[str, list[CompletionQuery]] = {
        "OOV": queries,
        "OOV context-only": context_only(queries),
        "OOV alone": query_only(queries),
    }
    metrics: dict[str, float] = {}
    for condition, asked in conditions.items():
        found = evaluate_completion(method, asked, reduced.document_frequency)
        metrics |= {f"{condition} {name}": value for name, value in found.metrics.items()}
    return metrics, len(queries)


def _whole(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], n_documents: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Pad values by document with NaN to all documents; the last documents may have no query."""
    return np.concatenate([values, np.full(n_documents - len(values), np.nan)])
