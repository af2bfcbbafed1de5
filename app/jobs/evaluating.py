"""Measuring models on documents: the protocols, queries of bundles as they are served."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from app.jobs.paired import sign_flip_p_values
from app.schemas.evaluations import Difference, EvaluationRequest, EvaluationResult, Measured
from app.services.models.serving import Serving
from app.services.tags.resolve import TagRules
from models.errors import EvaluationError
from models.protocols.completion import clean_queries, evaluate_completion, split_documents
from models.protocols.encoder_scorer import EncoderScorer
from models.protocols.oov import evaluate_oov, oov_queries
from models.protocols.priming import evaluate_priming
from models.protocols.scoring import Evaluation
from models.types import IndexArray

Progress = Callable[[int, int], None]
"""Called with (queries done, queries in all); what it raises ends the evaluation."""


@dataclass(frozen=True)
class ModelDocuments:
    """The documents, as positions in one model's vocabulary.

    Attributes
    ----------
    known
        Vocabulary tags of each document, in an order that is the same for every model compared.
    outside
        Its other tags, by a numbering of their own.
    """

    known: list[IndexArray]
    outside: list[IndexArray]


def evaluate(
    request: EvaluationRequest,
    servings: Sequence[Serving],
    rules: TagRules,
    documents: Iterable[Sequence[str]],
    progress: Progress,
) -> EvaluationResult:
    """Measure the rankings of every model on the same queries.

    Models that are compared get the tags that both vocabularies hold, so that each document gives both the
    same queries.

    Raises
    ------
    EvaluationError
        If the documents give no query.
    """
    documents_by_model = _by_model(servings, rules, documents)
    found: list[Evaluation] = []
    for position, (serving, own) in enumerate(zip(servings, documents_by_model, strict=True)):

        def report(done: int, total: int, before: int = position) -> None:
            progress(before * total + done, len(servings) * total)

        found.append(_measure(request, serving, own, report))
    return EvaluationResult(
        documents=len(documents_by_model[0].known),
        queries=found[0].n_queries,
        measured=[
            Measured(
                model=f"{serving.model.name}@{serving.model.version}",
                metrics={name: round(value, 6) for name, value in one.metrics.items()},
                curve=[round(float(p), 6) for p in one.curve] if one.curve.any() else None,
            )
            for serving, one in zip(servings, found, strict=True)
        ],
        differences=_differences(found[0], found[1], request.seed) if len(found) > 1 else None,
    )


def _by_model(
    servings: Sequence[Serving], rules: TagRules, documents: Iterable[Sequence[str]]
) -> list[ModelDocuments]:
    by_model = [ModelDocuments([], []) for _ in servings]
    numbers: dict[str, int] = {}
    for document in documents:
        known: dict[tuple[int, ...], None] = {}
        outside: set[int] = set()
        for tag in document:
            if tag in rules.junk:
                continue
            resolved = [rules.resolve(serving.vocabulary, tag) for serving in servings]
            indices = tuple(one.index for one in resolved if one.index is not None)
            if len(indices) == len(servings):
                known[indices] = None
            elif not indices:
                outside.add(numbers.setdefault(resolved[0].tag, len(numbers)))
        for position, own in enumerate(by_model):
            tags = [indices[position] for indices in sorted(known)]
            own.known.append(np.asarray(tags, dtype=np.int64))
            own.outside.append(np.asarray(sorted(outside), dtype=np.int64))
    return by_model


def _measure(
    request: EvaluationRequest, serving: Serving, documents: ModelDocuments, progress: Progress
) -> Evaluation:
    scorer = EncoderScorer(serving.bundle.encoder)
    k = sorted(set(request.k))
    if request.protocol == "priming":
        return evaluate_priming(scorer, documents.known, progress=progress, cutoffs=k)
    if request.protocol == "completion":
        queries = clean_queries(split_documents(documents.known, request.seed))
        popularity = serving.vocabulary.document_frequency
        return evaluate_completion(
            scorer, queries, popularity, progress=progress, cutoffs=k, draws_curve=True
        )
    usages = oov_queries(documents.known, documents.outside)
    if not usages:
        raise EvaluationError("no document holds a tag outside the vocabulary beside one inside it")
    return evaluate_oov(scorer, usages, progress=progress, cutoffs=k)[serving.bundle.encoder.oov_rule]


def _differences(one: Evaluation, other: Evaluation, seed: int) -> dict[str, Difference]:
    names = [name for name in one.by_document if name in other.by_document]
    by_document = np.stack([other.by_document[name] - one.by_document[name] for name in names], axis=1)
    by_document = by_document[np.isfinite(by_document).all(axis=1)]  # documents that gave a query
    p_values = sign_flip_p_values(by_document, seed=seed)
    return {
        name: Difference(mean=round(float(mean), 6), p_value=round(float(p_value), 6))
        for name, mean, p_value in zip(names, by_document.mean(axis=0), p_values, strict=True)
    }
