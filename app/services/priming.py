"""Priming: from a tag and its context, as people write them, to a ranking of the vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from app.schemas import Ignored, ModelVersion, PrimeRequest, PrimeResponse, Resolved, Result
from app.services.usage import UsageSnapshot
from app.settings import Settings, variable
from models.bundle import Bundle
from models.errors import InputError, TagError
from models.features import Indices, Usage
from models.index import Query, Ranking, TagSearch
from models.vocabulary import Resolution, Vocabulary, shown

NO_USAGE = (
    "the tag is not in the vocabulary, no document in the store holds it together with tags that are, and "
    "the query has no context to say how it is used"
)


@dataclass(frozen=True)
class Context:
    """A query's context, understood."""

    indices: Indices
    used: list[str]
    ignored: list[Ignored]


class Priming:
    """Answers queries from one bundle.

    Parameters
    ----------
    bundle
        The model.
    search
        Search over its encoder.
    usage
        Returns the usage of OOV tags as last read from the store.
    settings
        For the limits.
    """

    def __init__(
        self, bundle: Bundle, search: TagSearch, usage: Callable[[], UsageSnapshot], settings: Settings
    ) -> None:
        self.vocabulary: Vocabulary = bundle.vocabulary
        self.model = ModelVersion(name=bundle.name, version=bundle.version)
        self._search = search
        self._usage = usage
        self._settings = settings

    def prime(self, request: PrimeRequest) -> PrimeResponse:
        """Rank the vocabulary's tags for one query.

        Raises
        ------
        InputError
            If a value cannot be a tag, or a limit is passed.
        """
        self._check_limits(request)
        tag = self._resolve(request.tag, "/tag")
        context = self._context(request.context, tag)
        resolved = Resolved(tag=tag.tag, step=tag.step)
        query_tag: int | Usage | None = tag.index
        if query_tag is None:
            query_tag, resolved = self._out_of_vocabulary(tag, context)
        exclude = self._excluded(request, tag, context)
        ranking, total = None, 0
        if query_tag is not None:
            ranking, total = self._rank(Query(query_tag, context.indices), exclude, request)
        return PrimeResponse(
            tag=request.tag,
            resolved=resolved,
            in_vocabulary=tag.index is not None,
            context_used=context.used,
            context_ignored=context.ignored,
            model=self.model,
            results=self._results(ranking),
            total=total,
            reason=NO_USAGE if query_tag is None else None,
        )

    def _check_limits(self, request: PrimeRequest) -> None:
        for field, value, said, setting in (
            ("limit", request.limit, "is {}", "max_results"),
            ("context", len(request.context), "holds {} tags", "max_context"),
            ("exclude", len(request.exclude), "holds {} tags", "max_exclude"),
        ):
            most: int = getattr(self._settings, setting)
            if value > most:
                allowed = f"at most {most} are accepted ({variable(setting)})"
                raise InputError(f"/{field}", f"{field} {said.format(value)}; {allowed}")

    def _resolve(self, text: str, pointer: str) -> Resolution:
        try:
            return self.vocabulary.resolve(text)
        except TagError as error:
            raise InputError(pointer, str(error)) from None

    def _context(self, given: Sequence[str], query: Resolution) -> Context:
        taken: dict[int, str] = {}
        ignored: list[Ignored] = []
        for position, text in enumerate(given):
            tag = self._resolve(text, f"/context/{position}")
            if tag.tag == query.tag:
                ignored.append(Ignored(tag=text, reason="is_the_query"))
            elif tag.index is None:
                ignored.append(Ignored(tag=text, reason="out_of_vocabulary"))
            elif tag.index in taken:
                ignored.append(Ignored(tag=text, reason="duplicate"))
            else:
                taken[tag.index] = tag.tag
        return Context(np.fromiter(taken, dtype=np.int64, count=len(taken)), list(taken.values()), ignored)

    def _out_of_vocabulary(self, tag: Resolution, context: Context) -> tuple[Usage | None, Resolved]:
        usage = self._usage().get(tag.tag)
        if usage is not None:
            return usage, Resolved(
                tag=tag.tag, step=tag.step, usage="store", usage_documents=usage.n_documents
            )
        if len(context.indices):
            resolved = Resolved(tag=tag.tag, step=tag.step, usage="context")
            return Usage.of_context(np.sort(context.indices)), resolved
        return None, Resolved(tag=tag.tag, step=tag.step)

    def _excluded(self, request: PrimeRequest, tag: Resolution, context: Context) -> Indices:
        excluded = set() if tag.index is None else {tag.index}
        if not request.include_context:
            excluded.update(context.indices.tolist())
        for position, text in enumerate(request.exclude):
            index = self._resolve(text, f"/exclude/{position}").index
            if index is not None:
                excluded.add(index)
        return np.fromiter(excluded, dtype=np.int64, count=len(excluded))

    def _rank(self, query: Query, exclude: Indices, request: PrimeRequest) -> tuple[Ranking, int]:
        total = len(self.vocabulary) - len(exclude)
        if request.score_threshold is None:
            return self._search.search([query], request.limit, [exclude])[0], total
        ranking = self._search.search([query], len(self.vocabulary), [exclude])[0]
        total = int(np.count_nonzero(ranking.scores >= request.score_threshold))
        kept = min(total, request.limit)
        distances = None if ranking.distances is None else ranking.distances[:kept]
        return Ranking(ranking.indices[:kept], ranking.scores[:kept], distances), total

    def _results(self, ranking: Ranking | None) -> list[Result]:
        if ranking is None:
            return []
        tags = self.vocabulary.index_to_key
        n = len(ranking.indices)
        distances = [None] * n if ranking.distances is None else ranking.distances.tolist()
        found = zip(ranking.indices.tolist(), ranking.scores.tolist(), distances, strict=True)
        return [
            Result(rank=rank, tag=tags[index], score=score, distance=distance)
            for rank, (index, score, distance) in enumerate(found, start=1)
        ]

    def check_model(self, name: str | None) -> None:
        """Raise InputError unless `name` is this bundle's, or none."""
        if name not in {None, "default", self.model.name}:
            raise InputError("/model", f"there is no model {shown(str(name))}; there is {self.model.name}")
