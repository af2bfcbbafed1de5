"""The API's documentation at `/docs`: Swagger UI, served from this host only."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from app.web.pages import Pages

router = APIRouter(include_in_schema=False)
pages = Pages()


@router.get("/docs")
async def show() -> Response:
    """Show the operations of `/openapi.json`, which can be tried out there."""
    return pages.render("docs.html")
