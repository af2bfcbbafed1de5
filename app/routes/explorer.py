"""The explorer's pages for queries: Ask and Map. The API for programs is under `/v1`."""

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
from models.normalizer import normalize_tag

router = APIRouter(include_in_schema=False)


# Plain `def`s: FastAPI runs them in a thread, so that rendering a page does not delay the API's queries.
@router.get("/")
def explore(request: Request) -> Response:
    """Show the query in the address, and its results."""
    running = runtime(request)
    serving, settings = served(request), running.settings
    try:
        question = Question.read(request.query_params.multi_items(), serving, settings)
        fault = None
    except InputError as error:
        view = "map" if request.query_params.get("view") == "map" else "ask"
        question, fault = Question(view), str(error)
    # The map shows one context; the other is kept in the address.
    shown = replace(question, versus=None) if question.view == "map" else question
    columns = answer(shown, serving, settings, str(request.base_url)) if question.tag else []
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
        **frame(request, serving, question.view, question) | {"message": _message(columns)},
    )
    response.headers["HX-Push-Url"] = question.url()
    return response


@router.get("/explorer/suggest")
def complete(q: str, request: Request) -> JSONResponse:
    """Suggest tags for the text being typed; none for text that is not a valid tag."""
    serving = served(request)
    try:
        offered = suggest(serving, normalize_tag(q), limit=8)
    except TagError:
        offered = []
    return JSONResponse({"suggestions": [{"tag": o.tag, "documents": o.documents} for o in offered]})


@router.get("/explorer/map")
def locate(request: Request) -> JSONResponse:
    """Return the positions of the map's tags for the query in the address."""
    serving, settings = served(request), runtime(request).settings
    question = Question.read(request.query_params.multi_items(), serving, settings)
    return JSONResponse(places(question, serving, settings), headers={"Cache-Control": "no-store"})


def _reasons(question: Question, columns: list[Column]) -> dict[str, dict[str, str]]:
    """Return, for each context's tags as given, why a tag was ignored; an empty text where it was used."""
    reasons = {side: dict.fromkeys(question.side(side), "") for side in ("context", "versus")}
    for column in columns:
        reasons[column.side] |= column.ignored()
    return reasons


def _message(columns: list[Column]) -> str:
    """Return the answer in a sentence, for screen readers."""
    parts = []
    for column in columns:
        beside = f" beside {', '.join(column.given)}" if column.given else " on its own"
        first = f"first {column.rows[0].tag}" if column.rows else column.fault or "no related tags"
        parts.append(f"{column.tag}{beside}: {first}.")
    return " ".join(parts)
