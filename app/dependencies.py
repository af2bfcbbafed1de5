"""How routes reach what the service holds."""

from __future__ import annotations

from starlette.requests import Request

from app.services.runtime import Runtime


def runtime(request: Request) -> Runtime:
    """Return the running service. A plain call: a FastAPI dependency costs more than the route."""
    held: Runtime = request.app.state.runtime
    return held
