"""Vectors for an app's own store: those that ask, and those to index."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from app.schemas.embeddings import Embedding, EmbeddingsRequest, EmbeddingsResponse, TagInContext
from app.services.limits import check_limit
from app.services.models.serving import Serving
from app.services.priming import understand_context, understand_tag
from app.settings import Settings
from models.encoders.contract import Query
from models.errors import InputError

Floats = npt.NDArray[np.float32]


def embed(serving: Serving, request: EmbeddingsRequest, settings: Settings) -> EmbeddingsResponse:
    """Return the vector of each tag in its context.

    Raises
    ------
    InputError
        If a tag has no vector, or a limit is passed; its pointer names the tag.
    """
    given = request.input if isinstance(request.input, list) else [request.input]
    items = [TagInContext(tag=item) if isinstance(item, str) else item for item in given]
    _check_limits(items, settings)
    queries = [_query(serving, item, f"/input/{n}", request.input_type) for n, item in enumerate(items)]
    vectors = (_candidates if request.input_type == "candidate" else _queries)(serving, queries)
    return EmbeddingsResponse(
        data=[
            Embedding(index=index, embedding=_encoded(vector, request.encoding_format))
            for index, vector in enumerate(vectors)
        ],
        model=f"{serving.model.name}@{serving.model.version}",
        metric=serving.bundle.encoder.metric,
    )


def _check_limits(items: Sequence[TagInContext], settings: Settings) -> None:
    check_limit(settings, "max_batch", len(items), "/input", f"input holds {len(items)} tags")
    for n, item in enumerate(items):
        size = len(item.context)
        check_limit(settings, "max_context", size, f"/input/{n}/context", f"context holds {size} tags")


def _query(serving: Serving, item: TagInContext, pointer: str, input_type: str) -> Query:
    view = serving.view
    tag = view.rules.resolve_at(serving.vocabulary, item.tag, f"{pointer}/tag")
    context = understand_context(serving, view, item.context, tag, pointer)
    understood, _ = understand_tag(serving, view, tag, context)
    if input_type == "candidate" and tag.index is None:
        raise InputError(pointer, f"{item.tag!a} is not in the vocabulary, so it is no candidate")
    if understood is None:
        raise InputError(pointer, f"{item.tag!a} has no vector: it is not in the vocabulary and has no usage")
    return Query(understood, context.indices)


def _queries(serving: Serving, queries: Sequence[Query]) -> Iterable[Floats]:
    return serving.bundle.encoder.encode(queries, with_added=False).vectors


def _candidates(serving: Serving, queries: Sequence[Query]) -> Iterable[Floats]:
    for query in queries:
        if isinstance(query.tag, int):  # as `_query` has made sure
            yield serving.search.index(query.local_context).vectors[query.tag]


def _encoded(vector: Floats, encoding: str) -> list[float] | str:
    if encoding == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
    return [float(value) for value in vector]
