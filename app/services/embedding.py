"""Vectors for an app's own store: query vectors, and candidate vectors to index."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np

from app.schemas.embeddings import Embedding, EmbeddingsRequest, EmbeddingsResponse, TagInContext
from app.services.limits import check_limit
from app.services.models.serving import Serving
from app.services.priming import understand_context, understand_tag
from app.settings import Settings
from models.encoders.contract import Query
from models.errors import InputError
from models.types import Float32Array, IndexArray
from models.vocabulary import Resolution


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
    embedder, search = serving.embedder, request.input_type == "query"
    width = embedder.check_width(request.dimensions)
    queries = [_query(serving, item, f"/input/{n}", request.input_type) for n, item in enumerate(items)]
    if search:
        vectors = embedder.queries(queries, width)
    else:  # `_query` has made sure that each tag is in the vocabulary
        tags = [query.tag for query in queries if isinstance(query.tag, int)]
        vectors = embedder.candidates(tags, [_given(query) for query in queries], width)
    return EmbeddingsResponse(
        data=[
            Embedding(index=index, embedding=_encoded(vector, request.encoding_format))
            for index, vector in enumerate(vectors)
        ],
        model=f"{serving.model.name}@{serving.model.version}",
        dimensions=width,
        overlap=embedder.overlap_at(width),
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
    # A candidate's own tag may be part of the context: it is where the query's tag stands.
    query_tag = Resolution("", None, "oov") if input_type == "candidate" else tag
    context = understand_context(serving, view, item.context, query_tag, pointer)
    understood, _ = understand_tag(serving, view, tag, context)
    if input_type == "candidate" and tag.index is None:
        raise InputError(pointer, f"{item.tag!a} is not in the vocabulary, so it is no candidate")
    if understood is None:
        raise InputError(pointer, f"{item.tag!a} has no vector: it is not in the vocabulary and has no usage")
    return Query(understood, context.indices)


def _given(query: Query) -> IndexArray:
    """Return the context as it was given, sorted: the local context of the query that is to come."""
    return np.unique(query.context)


def _encoded(vector: Float32Array, encoding: str) -> list[float] | str:
    if encoding == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
    return [float(value) for value in vector]
