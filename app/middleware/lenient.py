"""HEAD requests, and paths with a slash at the end, answered as the request that they stand for."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Lenient:
    """Answers HEAD as GET without the body, and takes ``/v1/tags/`` for ``/v1/tags``.

    Where a path ends in a tag or in a document's id, a slash at its end belongs to that, and stays.

    Parameters
    ----------
    app
        What is inside.
    routers
        The application's routes.
    """

    def __init__(self, app: ASGIApp, routers: Iterable[APIRouter]) -> None:
        self.app = app
        routes = (route for router in routers for route in router.routes if isinstance(route, APIRoute))
        self._paths = [route.path_regex for route in routes if not route.path.endswith(":path}")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/"):
            shorter = scope["path"][:-1]
            if any(path.match(shorter) for path in self._paths):
                scope["path"] = shorter
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        # The server and the log still see a HEAD; the log also wants the route that was found.
        got = {**scope, "method": "GET"}
        try:
            await self.app(got, receive, without_body)
        finally:
            if "route" in got:
                scope["route"] = got["route"]
