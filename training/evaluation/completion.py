"""Completion on grouped folds: half of each test document is to be found, in four variants.

Settings are those of the published figures: folds by `TagCorpus.grouped_folds` with seed 7, hiding with
seed 100 + fold, distractors with 200 + fold, held-out tags with 1000 + fold; the run's own seed is
added to each. The method is trained with the fold's number (plus the run's seed).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.protocols.completion import (
    CompletionQuery,
    clean_queries,
    context_only,
    distractor_queries,
    draw_held_out,
    evaluate_completion,
    held_out_queries,
    query_only,
    split_documents,
)
from training.baselines.method import Method
from training.corpus import TagCorpus
from training.evaluation.cell import Cell, Settings
from training.fitting.usage import count_usages

FOLD_SEED, HIDING_SEED, DISTRACTOR_SEED, HELD_OUT_SEED = 7, 100, 200, 1000


def run(corpus: TagCorpus, method: Method, fold: int, settings: Settings) -> Cell:
    """Fit `method` on the fold's training documents and ask the test documents in every variant.

    Where the method takes unseen tags it is trained a second time, without a tenth of the tags. Plain
    metric names are those of the clean variant.
    """
    seed = settings.seed
    train_rows, test_rows = corpus.grouped_folds(settings.folds, FOLD_SEED + seed)[fold]
    training, documents = corpus.select(train_rows), corpus.select(test_rows).documents()
    method.fit(training, seed + fold)
    splits = split_documents(documents, HIDING_SEED + seed + fold, settings.completion_min_tags)
    clean = clean_queries(splits)
    variants = {
        "clean": clean,
        "distractor": distractor_queries(splits, DISTRACTOR_SEED + seed + fold),
        "query-only": query_only(clean),
    }
    popularity = training.document_frequency
    metrics: dict[str, float] = {}
    by_document: dict[str, list[float]] = {}
    for variant, queries in variants.items():
        found = evaluate_completion(method, queries, popularity)
        metrics |= {f"{variant} {name}": value for name, value in found.metrics.items()}
        if variant == "clean":
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


def _unseen(corpus: TagCorpus, method: Method, fold: int, settings: Settings) -> tuple[dict[str, float], int]:
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
    variants: dict[str, list[CompletionQuery]] = {
        "OOV": queries,
        "OOV context-only": context_only(queries),
        "OOV alone": query_only(queries),
    }
    metrics: dict[str, float] = {}
    for variant, asked in variants.items():
        found = evaluate_completion(method, asked, reduced.document_frequency)
        metrics |= {f"{variant} {name}": value for name, value in found.metrics.items()}
    return metrics, len(queries)


def _whole(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], n_documents: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Pad per-document values to all documents; the last ones may have given no query."""
    return np.concatenate([values, np.full(n_documents - len(values), np.nan)])
