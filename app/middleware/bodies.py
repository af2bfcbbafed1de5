"""Request bodies: decoded as Content-Encoding says, and limited in size."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import problem, respond
from app.middleware.codings import ACCEPTED, DECODERS, Decoder
from app.settings import Settings, variable

IMPORTS = "/v1/documents"
NDJSON = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})


class RequestBodies:
    """Decodes bodies, and refuses those over the limit: at once if their length says so, else when passed.

    What arrives and what it decodes to are both counted. Streams of documents have a limit of their own:
    they are never in memory as a whole.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name, headers = scope["state"]["request_id"], Headers(scope=scope)
        limit = _Limit(self.settings, "max_import_bytes" if _is_import(scope, headers) else "max_body_bytes")
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > limit.most:
            content = problem(name, 413, "body_too_large", limit.refusal(announced))
            await respond(content)(scope, receive, send)
            return
        coding = ",".join(headers.getlist("content-encoding")).strip().casefold()
        if coding in {"", "identity"}:
            await self.app(scope, _Counted(receive, limit).receive, send)
        elif coding in DECODERS:
            await self.app(scope, _Decoded(receive, limit, DECODERS[coding]()).receive, send)
        else:
            detail = f"Content-Encoding {coding!a} is not read here; one of {ACCEPTED} is"
            content = problem(name, 415, "unsupported_coding", detail)
            await respond(content, {"Accept-Encoding": ACCEPTED})(scope, receive, send)


class _Limit:
    """The most bytes that a body may have, and the setting that says so."""

    def __init__(self, settings: Settings, setting: str) -> None:
        self.most: int = getattr(settings, setting)
        self._variable = variable(setting)

    def refusal(self, size: str, decoded: bool = False) -> str:
        what = "the body decodes to" if decoded else "the body has"
        return f"{what} {size} bytes; at most {self.most} are accepted ({self._variable})"

    def check(self, received: int, decoded: bool = False) -> None:
        if received > self.most:
            raise HTTPException(413, self.refusal(f"more than {self.most}", decoded))


class _Counted:
    """A body as it arrives."""

    def __init__(self, receive: Receive, limit: _Limit) -> None:
        self._receive, self._limit = receive, limit
        self._received = 0

    async def receive(self) -> Message:
        """Return the next message; HTTPException (413) if the body is over the limit with it."""
        message = await self._receive()
        self._received += len(message.get("body", b""))
        self._limit.check(self._received)
        return message


class _Decoded:
    """A body as it was before it was encoded, a piece a message."""

    def __init__(self, receive: Receive, limit: _Limit, decoder: Decoder) -> None:
        self._encoded, self._limit, self._decoder = _Counted(receive, limit), limit, decoder
        self._pieces: Iterator[bytes] = iter(())
        self._last, self._decoded = False, 0

    async def receive(self) -> Message:
        """Return the next piece.

        Raises
        ------
        HTTPException
            413 if the body is over the limit with this piece, 400 if it is corrupt or broken off.
        """
        while (piece := next(self._pieces, None)) is None:
            if self._last:
                self._last = False
                self._decoder.end()
                return {"type": "http.request", "body": b"", "more_body": False}
            message = await self._encoded.receive()
            if message["type"] != "http.request":
                return message
            self._pieces = self._decoder.feed(message.get("body", b""))
            self._last = not message.get("more_body", False)
        self._decoded += len(piece)
        self._limit.check(self._decoded, decoded=True)
        await asyncio.sleep(0)  # a body that inflates a thousandfold lets others in between
        return {"type": "http.request", "body": piece, "more_body": True}


def _is_import(scope: Scope, headers: Headers) -> bool:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return scope["path"] == IMPORTS and kind in NDJSON
