"""What the explorer's pages share: the values of their common frame, and what the visitor may do."""

from __future__ import annotations

from fastapi import Request

from app.dependencies import runtime
from app.scopes import RANK, Scope
from app.services.explorer.question import VIEWS, Question
from app.services.models.serving import Serving
from app.web.pages import Pages
from models.errors import BundleError

pages = Pages()

LIBRARY, QUALITY = "/explorer/library", "/explorer/quality"


def served(request: Request) -> Serving:
    """Return the model that `default` serves.

    Raises
    ------
    BundleError
        If nothing can be served.
    """
    found = runtime(request).registry.serving(None)
    if found is None:
        raise BundleError("no bundle can be served; /v1/models gives the reason for each")
    return found


def frame(
    request: Request, serving: Serving, here: str, question: Question | None = None
) -> dict[str, object]:
    """Return the values of base.html; the tabs of the views that take a query keep `question`."""
    question = question or Question()
    tabs = [(view, view.capitalize(), question.seen_from(view)) for view in VIEWS]
    tabs += [("library", "Library", LIBRARY), ("quality", "Quality", QUALITY)]
    return {
        "here": here,
        "tabs": tabs,
        "message": "",
        "model": serving.model,
        "manifest": serving.bundle.manifest,
        "n_tags": len(serving.vocabulary),
        "signed_in": request.scope["state"].get("signed_in", False),
        "takes_focus": serving.bundle.encoder.supports_focus,
    }


def may(request: Request, scope: Scope) -> bool:
    """Return whether the request's key has at least this scope, or no key is required."""
    held: Scope | None = request.scope["state"].get("scope")
    return held is None or RANK[held] >= RANK[scope]
