"""The name of each request, its line in the log and its count; and the answer to a bug."""

from __future__ import annotations

import re
import uuid
from time import perf_counter

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import problem, respond
from app.labels import known_method, route_of
from app.metrics import Metrics
from app.scopes import OPEN

log = structlog.get_logger(__name__)

REQUEST_ID = b"x-request-id"
_FIT_TO_REPEAT = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestContext:
    """Names each request, logs and counts it.

    A name sent as ``X-Request-ID`` is kept if it is 1 to 64 letters, digits, dots, hyphens and
    underscores. The log holds the route's template, not the path: a path may hold a tag.

    Parameters
    ----------
    app
        What is inside.
    metrics
        Counts requests.
    access_log
        Whether each request is logged.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, access_log: bool) -> None:
        self.app = app
        self._metrics = metrics
        self._access_log = access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name = _request_name(scope)
        scope.setdefault("state", {})["request_id"] = name
        started, status = perf_counter(), 0

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (REQUEST_ID, name.encode("ascii"))]
            await send(message)

        try:
            await self.app(scope, receive, named)
        except ClientDisconnect:
            status = status or 499
        finally:
            self._tell(scope, name, status, perf_counter() - started)

    def _tell(self, scope: Scope, name: str, status: int, seconds: float) -> None:
        route = route_of(scope)
        method = known_method(scope["method"])
        self._metrics.request(method, route, status, seconds)
        if self._access_log and route not in OPEN:
            log.info(
                "request",
                request_id=name,
                method=method,
                route=route,
                status=status,
                ms=round(1000 * seconds, 2),
            )


class Bugs:
    """Logs a bug, and answers it with a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except ClientDisconnect:
            raise
        except Exception:
            name = scope["state"]["request_id"]
            log.exception("request failed", request_id=name, method=scope["method"])
            if started:
                raise
            detail = "the service failed at this request; its log has the details under the request id"
            await respond(problem(name, 500, "internal_error", detail))(scope, receive, send)


def _request_name(scope: Scope) -> str:
    for key, value in scope["headers"]:
        if key == REQUEST_ID and _FIT_TO_REPEAT.fullmatch(value):
            return str(value, "ascii")
    return uuid.uuid4().hex
