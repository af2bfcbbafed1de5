"""For operators and their probes."""

from __future__ import annotations

from fastapi import APIRouter, Request

from app import release
from app.dependencies import runtime
from app.errors import described
from app.schemas.operation import Health, Version

router = APIRouter(tags=["operation"])


@router.get("/livez", summary="Is the process alive?", responses=described(500))
async def livez() -> Health:
    """Answer as long as the process runs."""
    return Health(status="ok")


@router.get("/readyz", summary="Can it answer queries?", responses=described(500, 503))
async def readyz(request: Request) -> Health:
    """Answer 200 while a bundle is served; queries need nothing else, the store included."""
    await runtime(request).serving(None)
    return Health(status="ok")


@router.get("/version", summary="What is running?", responses=described(500, 503))
async def version(request: Request) -> Version:
    """Name the service's version and the model that `default` serves."""
    return Version(service=release(), model=(await runtime(request).serving(None)).model)
