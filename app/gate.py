"""Who may do what, and how often: decided before a request is routed, by method and decoded path."""

from __future__ import annotations

from collections.abc import Callable
from time import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.db.keys import StoredKey
from app.errors import problem, respond
from app.scopes import RANK, required_scope
from app.scopes import Scope as KeyScope
from app.services.keys import KeyRing
from app.settings import Settings, variable


class Gate:
    """Asks for keys where they are required, and counts requests where they are limited.

    Parameters
    ----------
    app
        What is behind the gate.
    settings
        Whether keys are required, and the rate limit.
    ring
        Returns the keys; called when a request comes, since they are read after the start.
    """

    def __init__(self, app: ASGIApp, settings: Settings, ring: Callable[[], KeyRing]) -> None:
        self.app = app
        self._required = settings.auth == "required"
        self._ring = ring
        self._limiter = None if settings.rate_limit is None else RateLimit(settings.rate_limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["state"]["owner"] = "any"
        needed = required_scope(scope["method"], scope["path"])
        if self._required and needed is not None:
            key = await self._key(scope)
            if key is None or RANK[key.scope] < RANK[needed]:
                await self._refuse(scope, receive, send, key, needed)
                return
            scope["state"]["owner"] = key.id
        if self._limiter is None or needed is None:
            await self.app(scope, receive, send)
            return
        await self._limited(self._limiter, scope, receive, send)

    async def _key(self, scope: Scope) -> StoredKey | None:
        kind, _, presented = Headers(scope=scope).get("authorization", "").partition(" ")
        return await self._ring().check(presented.strip()) if kind.casefold() == "bearer" else None

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, key: StoredKey | None, needed: KeyScope
    ) -> None:
        name = scope["state"]["request_id"]
        if key is None:
            detail = "a valid key is needed: Authorization: Bearer KEY (tagprime keys create makes one)"
            content, headers = problem(name, 401, "unauthorized", detail), {"WWW-Authenticate": "Bearer"}
        else:
            detail = f"this needs a key of scope {needed}; the one sent has {key.scope}"
            content, headers = problem(name, 403, "forbidden", detail), {}
        await respond(content, headers)(scope, receive, send)

    async def _limited(self, limiter: RateLimit, scope: Scope, receive: Receive, send: Send) -> None:
        owner = scope["state"]["owner"]
        if owner == "any":
            owner = (scope.get("client") or ("unknown",))[0]
        allowed, headers = limiter.hit(owner)
        if not allowed:
            detail = f"more than {limiter.text} ({variable('rate_limit')})"
            content = problem(scope["state"]["request_id"], 429, "rate_limited", detail)
            headers["Retry-After"] = headers["RateLimit-Reset"]
            await respond(content, headers)(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await self.app(scope, receive, told)


class RateLimit:
    """A sliding window of requests for each key, or each address where keys are off."""

    def __init__(self, text: str) -> None:
        from limits import parse
        from limits.storage import MemoryStorage
        from limits.strategies import SlidingWindowCounterRateLimiter

        self.text = text
        self._limit = parse(text)
        self._window = SlidingWindowCounterRateLimiter(MemoryStorage())

    def hit(self, owner: str) -> tuple[bool, dict[str, str]]:
        """Count a request; return whether it is within the limit, and the headers that say so."""
        allowed = self._window.hit(self._limit, owner)
        stats = self._window.get_window_stats(self._limit, owner)
        return allowed, {
            "RateLimit-Limit": str(self._limit.amount),
            "RateLimit-Remaining": str(stats.remaining),
            "RateLimit-Reset": str(max(1, round(stats.reset_time - time()))),
        }
