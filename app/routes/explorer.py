"""The explorer: pages for people at `/`. What programs use is under `/v1`."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from app.dependencies import runtime
from app.routes.frame import frame, pages, served
from app.services.explorer.asking import Column, answer, examples
from app.services.explorer.mapping import places
from app.services.explorer.question import Question
from app.services.tags.suggest import suggest
from models.errors import InputError, TagError
from models.vocabulary import normalize_tag

router = APIRouter(include_in_schema=False)


# Plain `def`s: a page is drawn in a thread, so that it does not hold up the queries of programs.
@router.get("/")
def explore(request: Request) -> Response:
    """Show the question in the address, and its answer."""
    running = runtime(request)
    serving, settings = served(request), running.settings
    try:
        question = Question.read(request.query_params.multi_items(), serving, settings)
        fault = None
    except InputError as error:
        view = "map" if request.query_params.get("view") == "map" else "ask"
        question, fault = Question(view), str(error)
    # On the map one context is in sight; the other stays in the address.
    asked = replace(question, versus=None) if question.view == "map" else question
    columns = answer(asked, serving, settings, str(request.base_url)) if question.tag else []
    failed = fault is not None or any(column.fault for column in columns)
    response = pages.render(
        f"{question.view}.html",
        422 if failed else 200,
        question=question,
        columns=columns,
        fault=fault,
        reasons=_reasons(question, columns),
        examples=[] if columns else examples(serving, question.view),
        has_map=serving.bundle.projection is not None,
        most_on_map=settings.max_map_tags,
        **frame(request, serving, question.view, question) | {"said": _said(columns)},
    )
    response.headers["HX-Push-Url"] = question.url()
    return response


@router.get("/explorer/suggest")
def complete(q: str, request: Request) -> JSONResponse:
    """Offer tags for what is being typed; nothing for what cannot become one."""
    serving = served(request)
    try:
        offered = suggest(serving, normalize_tag(q), limit=8)
    except TagError:
        offered = []
    return JSONResponse({"suggestions": [{"tag": o.tag, "documents": o.documents} for o in offered]})


@router.get("/explorer/map")
def locate(request: Request) -> JSONResponse:
    """Return where the tags of the map stand for the question in the address."""
    serving, settings = served(request), runtime(request).settings
    question = Question.read(request.query_params.multi_items(), serving, settings)
    return JSONResponse(places(question, serving, settings), headers={"Cache-Control": "no-store"})


def _reasons(question: Question, columns: list[Column]) -> dict[str, dict[str, str]]:
    """Return, for each side's tags as given, why one has no part in the answer; else nothing."""
    reasons = {side: dict.fromkeys(question.side(side), "") for side in ("context", "versus")}
    for column in columns:
        reasons[column.side] |= column.ignored()
    return reasons


def _said(columns: list[Column]) -> str:
    """Return the answer in a sentence, for those who hear the page."""
    parts = []
    for column in columns:
        beside = f" beside {', '.join(column.given)}" if column.given else " on its own"
        first = f"first {column.rows[0].tag}" if column.rows else column.fault or "no related tags"
        parts.append(f"{column.tag}{beside}: {first}.")
    return " ".join(parts)
