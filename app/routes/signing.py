"""Signing in to the explorer, where keys are required, and signing out."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from app.dependencies import runtime
from app.gate import SIGN_IN, session_token
from app.routes.bodies import read_form
from app.routes.frame import pages
from app.scopes import SIGNING, is_page
from app.services.access.sessions import COOKIE
from app.settings import variable
from app.web.pages import BARE
from models.errors import StoreError

router = APIRouter(include_in_schema=False)


@router.get(SIGN_IN)
async def show_sign_in(request: Request) -> Response:
    """Show the form for a key; redirect a visitor who is signed in or needs no key."""
    there = _destination(request.query_params.get("next", ""))
    held, token = runtime(request), session_token(request.headers)
    if held.settings.auth == "off" or (token and await held.sessions.check(token)):
        return RedirectResponse(there, 303)
    return await asyncio.to_thread(_form, there)


@router.post(SIGN_IN)
async def sign_in(request: Request) -> Response:
    """Check the key of the form, and set the cookie of a new session."""
    form, held = await read_form(request), runtime(request)
    there, sessions = _destination(form.get("next", "")), held.sessions
    if held.settings.auth == "off":
        return RedirectResponse(there, 303)
    address = "unknown" if request.client is None else request.client.host
    if not sessions.wrong_keys.is_open(address):
        rate = f"More than {sessions.wrong_keys.text} wrong keys ({variable('sign_in_limit')}): try later."
        response = await asyncio.to_thread(_form, there, rate, 429)
        response.headers["Retry-After"] = sessions.wrong_keys.headers(address)["RateLimit-Reset"]
        return response
    key = await held.keys.check(form.get("key", "").strip())
    if key is None:
        sessions.wrong_keys.hit(address)
        wrong = "The key is not valid: it is unknown, expired or revoked."
        return await asyncio.to_thread(_form, there, wrong, 422)
    try:
        token = await sessions.open(key)
    except StoreError:
        return await asyncio.to_thread(_form, there, "The store does not answer; try again soon.", 503)
    response = RedirectResponse(there, 303)
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(sessions.lifetime.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.post("/explorer/sign-out")
async def sign_out(request: Request) -> Response:
    """End the session, in every browser that has its cookie."""
    token = session_token(request.headers)
    if token is not None:
        await runtime(request).sessions.close(token)
    response = RedirectResponse(SIGN_IN, 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return response


def _form(there: str, fault: str | None = None, status: int = 200) -> Response:
    around = {**BARE, "message": fault or ""}
    return pages.render("sign_in.html", status, there=there, fault=fault, **around)


def _destination(wanted: str) -> str:
    """Return the page to go to after signing in: `wanted` if it is a page of this service, else `/`."""
    path = wanted.partition("?")[0]
    if not is_page(path) or path in SIGNING or "\\" in wanted or any(ord(c) < 33 for c in wanted):
        return "/"
    return wanted
