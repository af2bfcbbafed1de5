"""How routes reach what the service holds."""

from __future__ import annotations

from starlette.requests import Request

from app.metrics import Metrics
from app.services.models.serving import Serving
from app.services.runtime import Runtime


def runtime(request: Request) -> Runtime:
    """Return the running service. A plain call: a FastAPI dependency costs more than the route."""
    held: Runtime = request.app.state.runtime
    return held


async def serving(request: Request, model: str | None = None) -> Serving:
    """Return what answers for `model`, and note for the request's trace which version that is."""
    found = await runtime(request).serving(model)
    request.scope["state"].setdefault("models", set()).add(found.model.version)
    return found


def metrics(request: Request) -> Metrics:
    """Return what the application counts."""
    counted: Metrics = request.app.state.metrics
    return counted
