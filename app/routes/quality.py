"""The explorer's Quality: a bundle's own measurements, and evaluations by the service."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from app.dependencies import runtime
from app.routes.bodies import read_form
from app.routes.frame import QUALITY, frame, may, pages, served
from app.schemas.evaluations import EvaluationsResponse
from app.services.explorer.evaluating import (
    CORPORA,
    PROTOCOLS,
    TITLES,
    EvaluationForm,
    ShownEvaluation,
    choices,
    shown_evaluation,
)
from app.services.explorer.quality import tables
from models.errors import ConflictError, InputError, NotFoundError, StoreError

router = APIRouter(prefix=QUALITY, include_in_schema=False)

EVALUATIONS = f"{QUALITY}/evaluations"
LISTED = 10


@router.get("")
async def show_quality(request: Request) -> Response:
    """Show a bundle's own measurements, the form for a new evaluation, and the list of evaluations."""
    return await _quality(request, EvaluationForm.read(request.query_params))


@router.post("/evaluations")
async def request_evaluation(request: Request) -> Response:
    """Queue the evaluation that the form describes, and show it."""
    form = EvaluationForm.read(await read_form(request))
    try:
        job = await runtime(request).evaluations.request(form.request())
    except (InputError, StoreError) as error:
        return await _quality(request, form, str(error))
    return RedirectResponse(f"{EVALUATIONS}/{job.id}", 303)


@router.get("/evaluations/{id}")
async def show_evaluation(id: str, request: Request) -> Response:
    """Show an evaluation: its progress, or its result."""
    return await _evaluation(request, id)


@router.get("/evaluations/{id}/progress")
async def show_progress(id: str, request: Request) -> Response:
    """Return the part of the page with the progress bar; once it has ended, one that fetches the page."""
    job = await runtime(request).evaluations.get(id)
    shown = shown_evaluation(job, str(request.base_url))
    part = {"shown": shown, "evaluation_url": f"{EVALUATIONS}/{job.id}", "works_apart": _works_apart(request)}
    return await run_in_threadpool(pages.render, "progress.html", **part)


@router.post("/evaluations/{id}")
async def cancel_evaluation(id: str, request: Request) -> Response:
    """Cancel an evaluation; one that has ended is left unchanged."""
    try:
        await runtime(request).evaluations.cancel(id)
    except ConflictError:
        pass
    except (NotFoundError, StoreError):
        return await _evaluation(request, id)
    return RedirectResponse(f"{EVALUATIONS}/{quote(id)}", 303)


async def _quality(request: Request, form: EvaluationForm, fault: str | None = None) -> Response:
    held, given = runtime(request), request.query_params
    away, listed = None, EvaluationsResponse(evaluations=[], next_cursor=None)
    try:
        listed = await held.evaluations.page(given.get("cursor"), LISTED)
    except StoreError:
        away = "The store, which holds the evaluations, does not answer."
    except InputError as error:
        fault = str(error)

    def draw() -> Response:
        serving = served(request)
        try:
            chosen = held.registry.find(given["of"]).manifest if "of" in given else None
        except NotFoundError:
            chosen = None
        manifest = chosen or serving.bundle.manifest
        model = f"{manifest.name}@{manifest.version}"
        base_url = str(request.base_url)
        return pages.render(
            "quality.html",
            422 if fault else 200,
            tables=tables(manifest),
            of=manifest,
            of_value=model,
            choices=choices(held.registry),
            form=form,
            chosen=form.model or model,
            protocols=PROTOCOLS,
            corpora=CORPORA,
            titles=TITLES,
            fault=fault,
            away=away,
            may_write=may(request, "write"),
            evaluations=[shown_evaluation(job, base_url) for job in listed.evaluations],
            next_url=listed.next_cursor and f"{QUALITY}?{urlencode({'cursor': listed.next_cursor})}#runs",
            **frame(request, serving, "quality"),
        )

    return await run_in_threadpool(draw)


async def _evaluation(request: Request, id: str) -> Response:
    fault = shown = None
    try:
        job = await runtime(request).evaluations.get(id)
        shown = shown_evaluation(job, str(request.base_url))
    except (NotFoundError, StoreError) as error:
        fault = error
    status = 404 if isinstance(fault, NotFoundError) else 200

    def draw() -> Response:
        around = frame(request, served(request), "quality") | {"message": _message(shown)}
        return pages.render(
            "evaluation.html",
            status,
            shown=shown,
            fault=None if fault is None else str(fault),
            evaluation_url=f"{EVALUATIONS}/{quote(id)}",
            again_url=f"{QUALITY}?{urlencode(vars(shown.form))}#run" if shown else "",
            may_write=may(request, "write"),
            works_apart=_works_apart(request),
            titles=TITLES,
            **around,
        )

    return await run_in_threadpool(draw)


def _works_apart(request: Request) -> bool:
    return runtime(request).settings.worker == "apart"


def _message(shown: ShownEvaluation | None) -> str:
    if shown is None:
        return ""
    return {
        "queued": "The evaluation is waiting in the queue.",
        "running": "The evaluation is running.",
        "done": f"The evaluation is done. {shown.words}",
        "failed": f"The evaluation has failed: {shown.job.reason}",
        "cancelled": "The evaluation is cancelled.",
    }[shown.job.status]
