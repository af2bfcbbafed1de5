"""The explorer's Quality: what a bundle was measured at."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.routes.frame import QUALITY, frame, pages, served
from app.services.explorer.quality import tables

router = APIRouter(prefix=QUALITY, include_in_schema=False)


@router.get("")
def show_quality(request: Request) -> Response:
    """Show the served bundle's own measurements."""
    serving = served(request)
    measured = tables(serving.bundle.manifest)
    return pages.render("quality.html", tables=measured, **frame(request, serving, "quality"))
