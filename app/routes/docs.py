"""The API's documentation at `/docs`: Swagger UI, from this host alone."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from app.web.pages import Pages

router = APIRouter(include_in_schema=False)
pages = Pages()


@router.get("/docs")
async def show() -> Response:
    """Show what `/openapi.json` describes, and let it be tried."""
    return pages.render("docs.html")
