"""HTTP routes for operators: probes, version and metrics."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from app import release
from app.dependencies import metrics, runtime, serving
from app.errors import described
from app.metrics import CONTENT_TYPE
from app.schemas.operation import Health, Readiness, Version

router = APIRouter(tags=["operation"])


@router.get("/livez", summary="Is the process alive?", responses=described(500))
async def livez() -> Health:
    """Answer as long as the process runs."""
    return Health(status="ok")


@router.get("/readyz", summary="Can it answer queries?", responses=described(500, 503))
async def readyz(request: Request) -> Readiness:
    """Answer 200 while queries are answered by the bundle that `default` should serve.

    Queries need nothing else, the store included: while it is away, `faults` names that and the status stays
    200. It is 503 until the first attempt to read the store, while `default` cannot be served, after a fault
    of the service's own in reading the store, and, with a folder of bundles, until the store was read once:
    it may name another of them.
    """
    held = runtime(request)
    held.check_ready()
    faults = held.faults()
    return Readiness(status="degraded" if faults else "ok", faults=faults)


@router.get("/version", summary="What is running?", responses=described(500, 503))
async def version(request: Request) -> Version:
    """Name the service's version and the model that `default` serves."""
    return Version(service=release(), model=(await serving(request)).model)


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=PlainTextResponse,
    responses=described(500),
)
async def get_metrics(request: Request) -> Response:
    """Report latencies by route and status, OOV share, index cache, served models, and the store's state."""
    return Response(metrics(request).text(), headers={"Content-Type": CONTENT_TYPE})
