"""What the explorer's pages share: what stands around every view, and who is looking."""

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
    """Return what `default` serves.

    Raises
    ------
    BundleError
        If nothing can be served.
    """
    found = runtime(request).registry.serving(None)
    if found is None:
        raise BundleError("no bundle can be served; /v1/models tells what is wrong with each")
    return found


def frame(
    request: Request, serving: Serving, here: str, question: Question | None = None
) -> dict[str, object]:
    """Return what stands around the view that is in front; the question goes along where it is asked."""
    question = question or Question()
    tabs = [(view, view.capitalize(), question.seen_from(view)) for view in VIEWS]
    tabs += [("library", "Library", LIBRARY), ("quality", "Quality", QUALITY)]
    return {
        "here": here,
        "tabs": tabs,
        "said": "",
        "model": serving.model,
        "manifest": serving.bundle.manifest,
        "n_tags": len(serving.vocabulary),
        "signed_in": request.scope["state"].get("signed_in", False),
        "takes_focus": serving.bundle.encoder.supports_focus,
    }


def may(request: Request, scope: Scope) -> bool:
    """Return whether whoever asks holds a key of at least this scope, or needs none."""
    held: Scope | None = request.scope["state"].get("scope")
    return held is None or RANK[held] >= RANK[scope]
