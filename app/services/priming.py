"""Priming: from a tag and its context, as people write them, to a ranking of the vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.schemas.priming import (
    Contribution,
    Explanation,
    Ignored,
    PrimeRequest,
    PrimeResponse,
    Resolved,
    Result,
    Understood,
)
from app.services.limits import check_limit
from app.services.models.serving import Serving, StoreView
from app.services.tags.suggest import look_alikes
from app.settings import Settings
from models import explanation
from models.encoders.contract import Query
from models.errors import InputError
from models.features import Usage
from models.index import Ranking
from models.normalizer import normalize_tag
from models.types import IndexArray
from models.vocabulary import Resolution

NO_USAGE = (
    "the tag is not in the vocabulary, no document in the store holds it together with tags that are, and "
    "the query has no context to say how it is used"
)


@dataclass(frozen=True)
class Context:
    """A query's context, understood."""

    indices: IndexArray
    used: list[str]
    understood: list[Understood]
    ignored: list[Ignored]


@dataclass(frozen=True)
class UnderstoodQuery:
    """A request, understood.

    Attributes
    ----------
    tag, resolved
        The query tag, and how it was resolved.
    context
        The tags given with it.
    query
        The encoder's query; None for a tag without any signal.
    exclude
        Vocabulary tags that must not come back.
    """

    tag: Resolution
    resolved: Resolved
    context: Context
    query: Query | None
    exclude: IndexArray


def prime(serving: Serving, request: PrimeRequest, settings: Settings) -> PrimeResponse:
    """Rank the vocabulary's tags for one query.

    Raises
    ------
    InputError
        If a value cannot be a tag, or a limit is passed.
    """
    asked = understand(serving, request, settings)
    ranking, total, explained = None, 0, None
    if asked.query is not None:
        ranking, total = _rank(serving, asked.query, asked.exclude, request)
        if request.explain:
            explained = explanation.explain(serving.bundle.encoder, asked.query, ranking.indices)
    return PrimeResponse(
        tag=request.tag,
        resolved=asked.resolved,
        in_vocabulary=asked.tag.index is not None,
        context_used=asked.context.used,
        context_understood=asked.context.understood or None,
        context_ignored=asked.context.ignored,
        model=serving.model,
        results=_results(serving, ranking, explained),
        total=total,
        reason=NO_USAGE if asked.query is None else None,
    )


def understand(serving: Serving, request: PrimeRequest, settings: Settings) -> UnderstoodQuery:
    """Turn a request into the encoder's query.

    Raises
    ------
    InputError
        If a value cannot be a tag, or a limit is passed.
    """
    _check_limits(request, settings)
    if request.focus != 1 and not serving.bundle.encoder.supports_focus:
        known = f"{serving.model.name} is a {serving.bundle.encoder.kind} model, which takes focus 1 only"
        raise InputError("/focus", f"focus is {request.focus}; {known}")
    view = serving.view
    tag = view.rules.resolve_at(serving.vocabulary, request.tag, "/tag")
    context = understand_context(serving, view, request.context, tag)
    query_tag, resolved = understand_tag(serving, view, tag, context)
    query = None if query_tag is None else Query(query_tag, context.indices, request.focus)
    return UnderstoodQuery(tag, resolved, context, query, _excluded(serving, view, request, tag, context))


def understand_tag(
    serving: Serving, view: StoreView, tag: Resolution, context: Context
) -> tuple[int | Usage | None, Resolved]:
    """Return the encoder's query tag, or None for a tag without any signal, and how it was resolved."""
    if tag.index is not None:
        return tag.index, Resolved(tag=tag.tag, step=tag.step)
    usage, source, n_documents = view.usage.get(tag.tag), None, None
    if usage is not None:
        source, n_documents = "store", usage.n_documents
    elif len(context.indices):
        usage, source = Usage.unknown(), "context"
    alike = [suggestion.tag for suggestion in look_alikes(serving, tag.tag, limit=3)]
    resolved = Resolved(
        tag=tag.tag, step=tag.step, usage=source, usage_documents=n_documents, suggestions=alike or None
    )
    return usage, resolved


def understand_context(
    serving: Serving, view: StoreView, given: Sequence[str], query: Resolution, pointer: str = ""
) -> Context:
    """Resolve a query's context: each vocabulary tag once, the rest with the reason it is left out."""
    taken: dict[int, str] = {}
    understood: list[Understood] = []
    ignored: list[Ignored] = []
    for position, text in enumerate(given):
        tag = view.rules.resolve_at(serving.vocabulary, text, f"{pointer}/context/{position}")
        if tag.tag == query.tag:
            ignored.append(Ignored(tag=text, reason="is_the_query"))
        elif tag.index in view.junk or (tag.index is None and normalize_tag(text) in view.rules.junk):
            ignored.append(Ignored(tag=text, reason="junk"))
        elif tag.index is None:
            ignored.append(Ignored(tag=text, reason="out_of_vocabulary"))
        elif tag.index in taken:
            ignored.append(Ignored(tag=text, reason="duplicate"))
        else:
            taken[tag.index] = tag.tag
            if tag.step in {"alias", "separator"}:
                understood.append(Understood(given=text, tag=tag.tag, step=tag.step))
    indices = np.fromiter(taken, dtype=np.int64, count=len(taken))
    return Context(indices, list(taken.values()), understood, ignored)


def _check_limits(request: PrimeRequest, settings: Settings) -> None:
    check_limit(settings, "max_results", request.limit, "/limit", f"limit is {request.limit}")
    for field, tags in (("context", request.context), ("exclude", request.exclude)):
        check_limit(settings, f"max_{field}", len(tags), f"/{field}", f"{field} holds {len(tags)} tags")


def _excluded(
    serving: Serving, view: StoreView, request: PrimeRequest, tag: Resolution, context: Context
) -> IndexArray:
    excluded = set(view.junk)
    if tag.index is not None:
        excluded.add(tag.index)
    if not request.include_context:
        excluded.update(context.indices.tolist())
    for position, text in enumerate(request.exclude):
        index = view.rules.resolve_at(serving.vocabulary, text, f"/exclude/{position}").index
        if index is not None:
            excluded.add(index)
    return np.fromiter(excluded, dtype=np.int64, count=len(excluded))


def _rank(serving: Serving, query: Query, exclude: IndexArray, request: PrimeRequest) -> tuple[Ranking, int]:
    n_tags = len(serving.vocabulary)
    if request.score_threshold is None:
        return serving.search.search([query], request.limit, [exclude])[0], n_tags - len(exclude)
    ranking = serving.search.search([query], n_tags, [exclude])[0]
    total = int(np.count_nonzero(ranking.scores >= request.score_threshold))
    kept = min(total, request.limit)
    distances = None if ranking.distances is None else ranking.distances[:kept]
    return Ranking(ranking.indices[:kept], ranking.scores[:kept], distances), total


def _results(
    serving: Serving, ranking: Ranking | None, explained: explanation.ScoreParts | None
) -> list[Result]:
    if ranking is None:
        return []
    tags = serving.vocabulary.index_to_key
    n = len(ranking.indices)
    distances = [None] * n if ranking.distances is None else ranking.distances.tolist()
    found = zip(ranking.indices.tolist(), ranking.scores.tolist(), distances, strict=True)
    return [
        Result(
            rank=row + 1,
            tag=tags[index],
            score=score,
            distance=distance,
            explanation=None if explained is None else _explanation(tags, explained, row),
        )
        for row, (index, score, distance) in enumerate(found)
    ]


def _explanation(tags: Sequence[str], explained: explanation.ScoreParts, row: int) -> Explanation:
    linear, network = explained.linear[:, row].tolist(), explained.network[:, row].tolist()
    contributions = [
        Contribution(tag=tags[tag], linear=exact, network=rest)
        for tag, exact, rest in zip(explained.context.tolist(), linear, network, strict=True)
    ]
    return Explanation(
        query=float(explained.query_linear[row]),
        context=sorted(contributions, key=lambda part: -abs(part.linear + part.network)),
        remainder=float(explained.remainder[row]),
    )
