"""The paper's cross-validated priming (section 5.2): train on all folds but one and query that one."""

from __future__ import annotations

from models.protocols.priming import evaluate_priming
from training.baselines.method import Method
from training.corpus import TagCorpus
from training.evaluation.cell import Cell, EvaluationSettings, percent


def evaluate_fold(corpus: TagCorpus, method: Method, fold: int, settings: EvaluationSettings) -> Cell:
    """Fit `method` on the fold's training documents and query test and training documents.

    A method that supports training documents only (C-RBM) is queried on these alone.
    """
    train_rows, test_rows = corpus.folds(settings.folds, settings.seed)[fold]
    training = corpus.select(train_rows)
    method.fit(training, settings.seed)
    metrics: dict[str, float] = {}
    curves: dict[str, list[float]] = {}
    by_document: dict[str, list[float]] = {}
    counts = {"training documents": len(train_rows), "test documents": len(test_rows)}
    if not method.training_only:
        documents = corpus.select(test_rows).documents()
        tested = evaluate_priming(method, documents, settings.m, method.self_first)
        metrics |= percent(tested.metrics)
        curves["test"] = tested.curve.tolist()
        by_document = {name: values.tolist() for name, values in tested.by_document.items()}
        counts["queries"] = tested.n_queries
    if settings.training_documents or method.training_only:
        seen = evaluate_priming(method, training.documents(), settings.m, method.self_first)
        metrics |= percent(seen.metrics, "train ")
        curves["train"] = seen.curve.tolist()
    return Cell(metrics, curves, by_document, test_rows.tolist(), counts, dict(method.notes))
