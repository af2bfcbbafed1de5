"""How routes reach what the service holds."""

from __future__ import annotations

from starlette.requests import Request

from app.metrics import Metrics
from app.services.runtime import Runtime


def runtime(request: Request) -> Runtime:
    """Return the running service. A plain call: a FastAPI dependency costs more than the route."""
    held: Runtime = request.app.state.runtime
    return held


def metrics(request: Request) -> Metrics:
    """Return what the application counts."""
    counted: Metrics = request.app.state.metrics
    return counted
