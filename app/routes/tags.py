"""The vocabulary over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from app.dependencies import runtime
from app.errors import described
from app.schemas import TagsQuery, TagsResponse

router = APIRouter(prefix="/v1/tags", tags=["tags"])


@router.get("", summary="List the vocabulary", responses=described(422, 500))
async def list_tags(query: Annotated[TagsQuery, Query()], request: Request) -> TagsResponse:
    """List the tags that the served model knows, in alphabetical order, page by page."""
    return runtime(request).listing.page(query)
