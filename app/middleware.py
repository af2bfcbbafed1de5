"""What happens to every request before and after its route, in plain ASGI: it is on the hot path."""

from __future__ import annotations

import re
import uuid
from time import perf_counter
from typing import Any

import structlog
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import problem, respond
from app.labels import known_method, route_of
from app.metrics import Metrics
from app.scopes import OPEN
from app.settings import Settings, variable
from models.errors import TagprimeError

log = structlog.get_logger(__name__)

REQUEST_ID = b"x-request-id"
IMPORTS = "/v1/documents"
NDJSON = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})
_FIT_TO_REPEAT = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestContext:
    """Names each request, logs and counts it, and turns a bug into a problem.

    A name sent as ``X-Request-ID`` is kept if it is 1 to 64 letters, digits, dots, hyphens and
    underscores. The log tells the route's template, not the path: a path may hold a tag.

    Parameters
    ----------
    app
        What is inside.
    metrics
        Counts requests.
    access_log
        Whether each request is logged; bugs always are.
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
        except Exception:
            log.exception("request failed", request_id=name, method=scope["method"])
            if status:
                raise
            detail = "the service failed at this request; its log tells more under the request id"
            await respond(problem(name, 500, "internal_error", detail))(scope, receive, named)
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


def _request_name(scope: Scope) -> str:
    for key, value in scope["headers"]:
        if key == REQUEST_ID and _FIT_TO_REPEAT.fullmatch(value):
            return str(value, "ascii")
    return uuid.uuid4().hex


class BodyLimit:
    """Refuses a body over the limit: at once if its length is announced, else as soon as it is passed.

    Streams of documents have a limit of their own: they are never in memory as a whole.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        setting = "max_body_bytes"
        if (
            scope["path"] == IMPORTS
            and headers.get("content-type", "").partition(";")[0].strip().lower() in NDJSON
        ):
            setting = "max_import_bytes"
        most: int = getattr(self.settings, setting)

        def refusal(size: str) -> HTTPException:
            detail = f"the body has {size} bytes; at most {most} are accepted ({variable(setting)})"
            return HTTPException(413, detail)

        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > most:
            detail = refusal(announced).detail
            response = respond(problem(scope["state"]["request_id"], 413, "body_too_large", detail))
            await response(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise refusal(f"more than {most}")
            return message

        await self.app(scope, counted, send)


class StartupFault:
    """Hands an expected error at start-up to the server as one line instead of a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return

        failure: Message | None = None

        # Starlette reports a failed start with its traceback, then raises; the raise says more.
        async def without_traceback(message: Any) -> None:
            nonlocal failure
            if message["type"] == "lifespan.startup.failed":
                failure = message
            else:
                await send(message)

        try:
            await self.app(scope, receive, without_traceback)
        except TagprimeError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
        except Exception:
            # A bug, and it should look like one; unsaid, the server would take it for an app without a start.
            if failure is not None:
                await send(failure)
            raise
