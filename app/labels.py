"""Names of requests in logs, metrics and traces: a small set, never text that a user wrote."""

from __future__ import annotations

from starlette.types import Scope


def route_of(scope: Scope) -> str:
    """Return the template of the route that answered, ``unmatched`` for none: a path may hold a tag."""
    route: str = getattr(scope.get("route"), "path", "unmatched")
    return route


def known_method(method: str) -> str:
    """Return the method, or ``other``: anybody can invent methods."""
    return method if method in {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"} else "other"
