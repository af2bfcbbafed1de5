"""HTTP routes for the store's documents: one at a time, or a stream of lines."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Header, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.dependencies import runtime
from app.errors import MEDIA_TYPE, Fault, described, problem, request_id_of, respond
from app.middleware.bodies import NDJSON
from app.routes.bodies import media_type, read_json
from app.routes.conditional import Conditional
from app.schemas.documents import (
    DocumentRequest,
    DocumentResponse,
    DocumentsQuery,
    DocumentsResponse,
    FaultyImport,
    WriteQuery,
    Written,
)
from app.services.documents import single as documents
from app.services.documents.batches import Batches
from app.services.documents.stream import SHOWN_FAULTS, Import
from app.services.limits import check_page_size
from models.errors import FaultsError, StoreError, shown

router = APIRouter(prefix="/v1", tags=["documents"], route_class=Conditional)

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="1 to 255 printable characters without spaces. The same request with the same key takes "
        "effect once; an import that was interrupted continues after its last batch.",
    ),
]
SPOOL_BYTES = 1 << 16
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/DocumentRequest"}},
            "application/x-ndjson": {
                "schema": {},  # any bytes: faulty lines are reported, not refused
                "example": '{"id": 1, "tags": ["lo-fi"]}\n{"id": 2, "tags": ["jazz"]}\n',
            },
        },
    }
}
_REFUSED: dict[str, Any] = {
    "description": "Unprocessable Content",
    "content": {
        MEDIA_TYPE: {
            "schema": {
                "anyOf": [
                    {"$ref": "#/components/schemas/Problem"},
                    {"$ref": "#/components/schemas/FaultyImport"},
                ]
            }
        }
    },
}


@router.post(
    "/documents",
    summary="Add or replace documents",
    openapi_extra=_BODY,
    response_model=None,
    responses={
        200: {"description": "Replaced, or an import's outcome", "model": DocumentResponse | Written},
        201: {"description": "Added", "model": DocumentResponse},
        **described(400, 409, 413, 415, 422, 500, 503),
        422: _REFUSED,
    },
)
async def post_documents(
    request: Request, query: Annotated[WriteQuery, Query()], idempotency_key: Key = None
) -> Response:
    """Write one document (`application/json`) or a stream of them (`application/x-ndjson`, one a line).

    A document whose id the store holds already is replaced. A stream may have any length; it is written
    in batches as it arrives, and `GET /v1/imports/{Idempotency-Key}` reports its progress. Faulty lines are
    skipped and listed; if all lines are faulty, the answer is 422 with the same counts.
    """
    held = runtime(request)
    key = None if idempotency_key is None else f"{request.state.owner}:{idempotency_key}"
    kind = media_type(request)
    if kind in NDJSON:
        work = Import(held.engine, key, held.settings.max_document_tags)
        written = await _import(request, work, query.on_fault)
        if written.without_document:
            return respond(_faulty_import(request_id_of(request), written))
        return Response(written.model_dump_json(), media_type="application/json")
    if kind != "application/json":
        raise HTTPException(
            415, f"Content-Type is {shown(kind)}; application/json or application/x-ndjson is needed"
        )
    body = await read_json(request, DocumentRequest)
    answer = await documents.put(held.engine, body, key, held.settings)
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else None
    return Response(answer.body, answer.status, headers, "application/json")


async def _import(request: Request, work: Import, on_fault: str) -> Written:
    await asyncio.to_thread(work.begin, f"lines:{on_fault}")
    renewing = asyncio.create_task(_renewed(work))
    try:
        if on_fault == "skip":
            async for batch in _batches(request):
                await asyncio.to_thread(work.take, batch)
        else:
            with tempfile.TemporaryFile() as spool:
                async for batch in _batches(request):
                    await asyncio.to_thread(spool.writelines, batch)
                await asyncio.to_thread(_take_whole, spool, work)
        return await asyncio.to_thread(work.end)
    except BaseException:
        work.break_off()
        raise
    finally:
        renewing.cancel()


async def _renewed(work: Import) -> None:
    """Renew an import's lease until cancelled; while the store is away, the writing itself fails."""
    while True:
        await asyncio.sleep(work.renewal_seconds)
        with suppress(StoreError):
            await asyncio.to_thread(work.renew)


def _faulty_import(request_id: str, written: Written) -> FaultyImport:
    detail = (
        f"none of {written.lines} lines holds a document, so nothing was written; "
        f"the first {len(written.faults)} of {written.faulty} faults are listed"
    )
    faults = [Fault(pointer=f"line:{fault.line}", detail=fault.detail) for fault in written.faults]
    refused = problem(request_id, 422, "invalid_request", detail, faults, written.faulty)
    return FaultyImport(**refused.model_dump(), **written.model_dump(exclude={"status"}))


async def _batches(request: Request) -> AsyncIterator[list[bytes]]:
    batches = Batches()
    async for chunk in request.stream():
        for batch in batches.feed(chunk):
            yield batch
    for batch in batches.end():
        yield batch


def _take_whole(spool: BinaryIO, work: Import) -> None:
    """Write a spooled stream if all of its lines are valid."""
    faults = work.check(_spooled(spool))
    if faults.faulty:
        raise FaultsError(
            f"{faults.faulty} of {faults.lines} lines hold no document, so nothing was written; "
            f"the first {min(faults.faulty, SHOWN_FAULTS)} are listed",
            [(f"line:{fault.line}", fault.detail) for fault in faults.faults],
            faults.faulty,
        )
    for batch in _spooled(spool):
        work.take(batch)


def _spooled(spool: BinaryIO) -> Iterator[list[bytes]]:
    spool.seek(0)
    batches = Batches()
    while chunk := spool.read(SPOOL_BYTES):
        yield from batches.feed(chunk)
    yield from batches.end()


@router.get(
    "/imports/{key}", summary="Get the progress of an import", responses=described(404, 422, 500, 503)
)
async def get_import(key: str, request: Request) -> Written:
    """Return the progress of the import with this Idempotency-Key, or its outcome."""
    return await documents.progress(runtime(request).engine, f"{request.state.owner}:{key}")


@router.get("/documents", summary="List documents", responses=described(422, 500, 503))
async def list_documents(query: Annotated[DocumentsQuery, Query()], request: Request) -> DocumentsResponse:
    """List the store's documents, ordered by id, page by page."""
    held = runtime(request)
    check_page_size(held.settings, query.limit)
    return await documents.page(held.engine, query.cursor, query.limit)


@router.get("/documents/{id:path}", summary="Get a document", responses=described(404, 422, 500, 503))
async def get_document(id: str, request: Request) -> DocumentResponse:
    """Return one document. An id may hold `/`."""
    return await documents.get(runtime(request).engine, id)


@router.delete(
    "/documents/{id:path}",
    summary="Delete a document",
    status_code=204,
    responses=described(404, 422, 500, 503),
)
async def delete_document(id: str, request: Request) -> None:
    """Delete one document from the store. Models that were trained on it do not change."""
    await documents.remove(runtime(request).engine, id)
