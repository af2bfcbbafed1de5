"""HTTP routes for evaluations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.dependencies import runtime
from app.errors import described
from app.routes.conditional import Conditional
from app.schemas.evaluations import (
    EvaluationRequest,
    EvaluationResponse,
    EvaluationsQuery,
    EvaluationsResponse,
)
from app.services.limits import check_page_size

router = APIRouter(prefix="/v1/evaluations", tags=["evaluations"], route_class=Conditional)


@router.post("", summary="Measure a model", status_code=202, responses=described(400, 413, 422, 500, 503))
async def post_evaluation(
    body: EvaluationRequest, request: Request, response: Response
) -> EvaluationResponse:
    """Queue an evaluation of a model, or of two on the same queries; `Location` is its address."""
    found = await runtime(request).evaluations.request(body)
    response.headers["Location"] = f"/v1/evaluations/{found.id}"
    return found


@router.get("", summary="List evaluations", responses=described(422, 500, 503))
async def list_evaluations(
    query: Annotated[EvaluationsQuery, Query()], request: Request
) -> EvaluationsResponse:
    """List evaluations, newest first, page by page."""
    held = runtime(request)
    check_page_size(held.settings, query.limit)
    return await held.evaluations.page(query.cursor, query.limit)


@router.get("/{id}", summary="Get an evaluation", responses=described(404, 422, 500, 503))
async def get_evaluation(id: str, request: Request) -> EvaluationResponse:
    """Return an evaluation: its progress, or its result."""
    return await runtime(request).evaluations.get(id)


@router.delete("/{id}", summary="Cancel an evaluation", responses=described(404, 409, 422, 500, 503))
async def delete_evaluation(id: str, request: Request) -> EvaluationResponse:
    """Cancel an evaluation that has not ended."""
    return await runtime(request).evaluations.cancel(id)
