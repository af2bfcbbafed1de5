"""/prime, /v1/prime, /v1/prime/batch and /v1/embeddings: related tags, in context."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from app import release
from app.dependencies import metrics, runtime, serving
from app.errors import described, expected_problem, invalid_problem, request_id_of
from app.routes.bodies import JsonAnyway
from app.routes.conditional import not_modified, weak
from app.schemas.embeddings import EmbeddingsRequest, EmbeddingsResponse
from app.schemas.priming import (
    BatchItem,
    BatchRequest,
    BatchResponse,
    PrimeQuery,
    PrimeRequest,
    PrimeResponse,
)
from app.services.embedding import embed
from app.services.limits import check_limit
from app.services.priming import prime as answer
from models.errors import InputError, TagprimeError

router = APIRouter(tags=["priming"], route_class=JsonAnyway)


def _json(model: BaseModel) -> Response:
    # Serialised here: FastAPI would validate the object a second time.
    return Response(model.model_dump_json(exclude_none=True), media_type="application/json")


@router.post(
    "/v1/prime",
    summary="Related tags, in context",
    response_model=PrimeResponse,
    responses=described(400, 404, 413, 422, 500),
)
@router.post("/prime", include_in_schema=False)
async def prime(body: PrimeRequest, request: Request) -> Response:
    """Rank the vocabulary's tags by how related they are to `tag` in `context`.

    The ranking depends on the context. A tag outside the vocabulary is answered from its usage in the
    store's documents if any hold it, else from the query's context alone. `/prime` is a permanent alias
    of `/v1/prime`.
    """
    held = runtime(request)
    found = answer(await serving(request, body.model), body, held.settings)
    metrics(request).query(found.in_vocabulary)
    return _json(found)


@router.get(
    "/v1/prime",
    summary="Related tags, in context, to be cached",
    response_model=PrimeResponse,
    responses=described(404, 422, 500),
)
async def get_prime(query: Annotated[PrimeQuery, Query()], request: Request) -> Response:
    """Answer as `POST /v1/prime` does, for caches: with an `ETag` and `Cache-Control`.

    Lists are repeated parameters: `context=hip hop&context=chill`. The ETag changes with the bundle, the
    tag aliases and the documents of the store; with `If-None-Match` the answer to one that holds is 304.
    """
    held = runtime(request)
    served = await serving(request, query.model)
    etag = weak("|".join((release(), *served.marks)).encode())
    kept = f"{'private' if held.settings.auth == 'required' else 'public'}, max-age={held.settings.max_age}"
    same = not_modified(request, etag, kept)
    if same is not None:
        return same
    try:
        found = answer(served, query, held.settings)
    except InputError as error:
        raise InputError("query:" + error.pointer.removeprefix("/"), str(error)) from None
    metrics(request).query(found.in_vocabulary)
    response = _json(found)
    response.headers.update({"ETag": etag, "Cache-Control": kept})
    return response


@router.post(
    "/v1/prime/batch",
    summary="Several queries at once",
    response_model=BatchResponse,
    responses=described(400, 413, 422, 500),
)
async def prime_batch(body: BatchRequest, request: Request) -> Response:
    """Answer each query on its own: an invalid one gets a problem, the others their rankings."""
    held = runtime(request)
    n = len(body.queries)
    check_limit(held.settings, "max_batch", n, "/queries", f"queries holds {n} queries")
    items = []
    for query in body.queries:
        item = await _item(request, query)
        if item.result is not None:
            metrics(request).query(item.result.in_vocabulary)
        items.append(item)
        await asyncio.sleep(0)  # lets other requests run between the queries of a long batch
    return _json(BatchResponse(items=items))


async def _item(request: Request, query: Any) -> BatchItem:
    settings, request_id = runtime(request).settings, request_id_of(request)
    try:
        body = PrimeRequest.model_validate(query)
        return BatchItem(status=200, result=answer(await serving(request, body.model), body, settings))
    except ValidationError as error:
        problem = invalid_problem(request_id, error.errors(include_url=False))
    except TagprimeError as error:
        problem = expected_problem(request_id, error)
    return BatchItem(status=problem.status, problem=problem)


@router.post(
    "/v1/embeddings",
    summary="Vectors for your own store",
    response_model=EmbeddingsResponse,
    responses=described(400, 404, 413, 422, 500),
)
async def embeddings(body: EmbeddingsRequest, request: Request) -> Response:
    """Return vectors in the format of OpenAI's embeddings endpoint.

    Index `candidate` vectors in a vector store and search it with `query` vectors, compared by `metric`.
    """
    held = runtime(request)
    return _json(embed(await serving(request, body.model), body, held.settings))
