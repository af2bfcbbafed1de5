"""Conditional requests (RFC 9110, section 13): 304 for a client that has the current answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

NO_CACHE = "no-cache"


class Conditional(APIRoute):
    """Gives answers to GET an ETag of their content, and answers 304 to whoever names it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler."""
        handle = super().get_route_handler()
        if "GET" not in (self.methods or ()):
            return handle

        async def handle_conditional(request: Request) -> Response:
            response = await handle(request)
            if response.status_code != 200:
                return response
            response.headers.setdefault("Cache-Control", NO_CACHE)
            etag = response.headers.setdefault("ETag", weak(bytes(response.body)))
            return not_modified(request, etag, response.headers["Cache-Control"]) or response

        return handle_conditional


def weak(content: bytes) -> str:
    """Return an ETag of some content; weak, since what is sent may be compressed."""
    return f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'


def not_modified(request: Request, etag: str, cache_control: str) -> Response | None:
    """Return the answer to a client that holds what `etag` names, or None."""
    named = {name.strip().removeprefix("W/") for name in request.headers.get("if-none-match", "").split(",")}
    if named.isdisjoint({"*", etag.removeprefix("W/")}):
        return None
    return Response(status_code=304, headers={"ETag": etag, "Cache-Control": cache_control})
