"""Rendering the explorer's pages, with the security headers that they are sent with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app import release

_FOLDER = Path(__file__).parent

# Only this service's own files: no inline script or style, no eval, nothing from other hosts, no framing.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    # Not "no-referrer": browsers would send `Origin: null` with a form, and the origin check would refuse it.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}

# The values of base.html for pages that show nothing about the served model.
BARE: Mapping[str, Any] = {"here": "", "tabs": (), "message": "", "manifest": None, "signed_in": False}


def number(value: float) -> str:
    """Return a count with thin spaces between thousands."""
    return f"{value:,.0f}".replace(",", "\u202f")


class Pages:
    """The Jinja templates, each compiled once."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(_FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["number"] = number
        self._templates.globals["release"] = release()

    def render(self, name: str, status: int = 200, /, **values: Any) -> Response:
        """Return the response that shows one template."""
        return HTMLResponse(self._templates.get_template(name).render(values), status, HEADERS)


class Assets(StaticFiles):
    """Styles and scripts; browsers revalidate them at each use, so that a new release is seen at once."""

    def __init__(self) -> None:
        super().__init__(directory=_FOLDER / "static")

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return one file."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
