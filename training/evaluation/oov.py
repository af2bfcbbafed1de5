"""Out-of-vocabulary priming (the paper's sections 5.2 and 5.6): tags and all their documents are reserved.

Every fold is another reservation: its tags are drawn with the seed plus the fold's number, and all other
documents are the training documents. A tag that is on reserved documents only leaves the vocabulary too.
"""

from __future__ import annotations

import numpy as np

from models.errors import EvaluationError
from models.protocols.oov import OovQuery, evaluate_oov, oov_queries
from models.types import IndexArray
from training.baselines.method import Method
from training.corpus import TagCorpus
from training.evaluation.cell import Cell, EvaluationSettings, percent


def reservation(
    corpus: TagCorpus, n_reserved: int, seed: int
) -> tuple[TagCorpus, list[OovQuery], IndexArray]:
    """Draw tags to reserve; return the training corpus, the OOV queries and the reserved rows.

    Raises
    ------
    EvaluationError
        If `n_reserved` is out of range, or no training document would be left.
    """
    if not 1 <= n_reserved < corpus.n_tags:
        raise EvaluationError(
            f"cannot reserve {n_reserved} of {corpus.n_tags} tags; 1 to {corpus.n_tags - 1} are possible"
        )
    tags = np.sort(np.random.RandomState(seed).permutation(corpus.n_tags)[:n_reserved])
    training, rows = corpus.reserve(tags)
    if not training.n_documents:
        raise EvaluationError(f"every document of {corpus.name} holds one of {n_reserved} reserved tags")
    used = np.flatnonzero(training.document_frequency)
    others = np.setdiff1d(np.arange(corpus.n_tags), tags)[used]
    held_out = corpus.select(rows)
    queries = oov_queries(held_out.with_tags(others).documents(), held_out.with_tags(tags).documents())
    return training.with_tags(used), queries, rows


def evaluate_fold(corpus: TagCorpus, method: Method, fold: int, settings: EvaluationSettings) -> Cell:
    """Fit `method` without the reserved tags and query them in their documents, under both rules.

    Metric names without a rule are those of the method's own rule.

    Raises
    ------
    EvaluationError
        If the method does not support OOV tags.
    """
    if not method.supports_oov:
        raise EvaluationError(f"method {method.name} cannot answer for a tag outside its vocabulary")
    training, queries, rows = reservation(corpus, settings.reserved, settings.seed + fold)
    method.fit(training, settings.seed + fold)
    measured = evaluate_oov(method, queries, settings.m)
    own = measured[method.oov_rule]
    metrics = percent(own.metrics)
    for rule, evaluation in measured.items():
        metrics |= percent(evaluation.metrics, f"{rule} ")
    return Cell(
        metrics,
        {rule: evaluation.curve.tolist() for rule, evaluation in measured.items()},
        counts={
            "training documents": training.n_documents,
            "test documents": len(rows),
            "vocabulary": training.n_tags,
            "queries": own.n_queries,
        },
        notes=dict(method.notes),
    )
