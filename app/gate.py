"""Who may do what, and how often: decided before a request is routed, by method and decoded path."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.db.keys import StoredKey
from app.errors import answer, problem, respond
from app.scopes import RANK, is_page, required_scope
from app.scopes import Scope as KeyScope
from app.services.access.rates import RateLimit
from app.services.access.sessions import COOKIE
from app.services.runtime import Runtime
from app.settings import Settings, variable

SIGN_IN = "/explorer/sign-in"
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """Asks for keys where they are required, and counts requests where they are limited.

    Parameters
    ----------
    app
        What is behind the gate.
    settings
        Whether keys are required, and the rate limit.
    running
        Returns what holds keys and sessions; called when a request comes, since it is there after the start.
    """

    def __init__(self, app: ASGIApp, settings: Settings, running: Callable[[], Runtime]) -> None:
        self.app = app
        self._required = settings.auth == "required"
        self._running = running
        self._limiter = None if settings.rate_limit is None else RateLimit(settings.rate_limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        scope["state"]["owner"] = "any"
        if is_page(path) and method not in _HARMLESS and _is_foreign(scope):
            await _refuse_foreign(scope, receive, send)
            return
        needed = required_scope(method, path)
        if self._required and needed is not None:
            key = await self._key(scope)
            if key is None or RANK[key.scope] < RANK[needed]:
                await self._refuse(scope, receive, send, key, needed)
                return
            scope["state"] |= {"owner": key.id, "scope": key.scope}
        if self._limiter is None or needed is None:
            await self.app(scope, receive, send)
            return
        await self._limited(self._limiter, scope, receive, send)

    async def _key(self, scope: Scope) -> StoredKey | None:
        headers = Headers(scope=scope)
        kind, _, presented = headers.get("authorization", "").partition(" ")
        if kind.casefold() == "bearer":
            return await self._running().keys.check(presented.strip())
        token = session_token(headers) if is_page(scope["path"]) else None
        if token is None:
            return None
        scope["state"]["signed_in"] = True
        return await self._running().sessions.check(token)

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, key: StoredKey | None, needed: KeyScope
    ) -> None:
        name, headers = scope["state"]["request_id"], Headers(scope=scope)
        by_htmx = "hx-request" in headers
        if key is not None:
            detail = f"this needs a key of scope {needed}; the one sent has {key.scope}"
            await answer(scope, problem(name, 403, "forbidden", detail))(scope, receive, send)
        elif is_page(scope["path"]) and (by_htmx or "text/html" in headers.get("accept", "")):
            query = scope["query_string"].decode("latin-1") if scope["method"] in _HARMLESS else ""
            here = scope["path"] + ("?" + query if query else "")
            there = {"Location": f"{SIGN_IN}?next={quote(here, safe='')}", "Cache-Control": "no-store"}
            if by_htmx and "hx-boosted" not in headers:  # a part of a page: the whole of it has to go
                there = {"HX-Redirect": there["Location"], "Cache-Control": "no-store"}
            await Response(status_code=303 if "Location" in there else 200, headers=there)(
                scope, receive, send
            )
        else:
            detail = "a valid key is needed: Authorization: Bearer KEY (tagprime keys create makes one)"
            content = problem(name, 401, "unauthorized", detail)
            await respond(content, {"WWW-Authenticate": "Bearer"})(scope, receive, send)

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

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def session_token(headers: Headers) -> str | None:
    """Return the token of a session's cookie, or None.

    Read here: the standard library's parser takes quadratic time in some releases, and a token holds nothing
    that needs unquoting.
    """
    for pair in headers.get("cookie", "").split(";"):
        name, _, value = pair.partition("=")
        if name.strip() == COOKIE:
            return value.strip() or None
    return None


def _is_foreign(scope: Scope) -> bool:
    """Return whether a request that changes something may come from another site's page.

    Browsers say where a request comes from: in Sec-Fetch-Site, or on plain HTTP in Origin. Programs say
    neither; they hold no cookie.
    """
    headers = Headers(scope=scope)
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site != "same-origin"
    if origin is not None:
        return urlsplit(origin).netloc != headers.get("host")
    return "cookie" in headers


async def _refuse_foreign(scope: Scope, receive: Receive, send: Send) -> None:
    detail = "this form was not sent from a page of this service, so nothing was changed"
    content = problem(scope["state"]["request_id"], 403, "cross_site", detail)
    await answer(scope, content)(scope, receive, send)
