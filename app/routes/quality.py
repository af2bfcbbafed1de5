"""The explorer's Quality: what a bundle was measured at, and measuring it anew."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from app.dependencies import runtime
from app.routes.bodies import read_form
from app.routes.frame import QUALITY, frame, may, pages, served
from app.schemas.evaluations import EvaluationsResponse
from app.services.explorer.evaluating import CORPORA, PROTOCOLS, TITLES, Outcome, Wanted, choices, outcome
from app.services.explorer.quality import tables
from models.errors import ConflictError, InputError, NotFoundError, StoreError

router = APIRouter(prefix=QUALITY, include_in_schema=False)

RUNS = f"{QUALITY}/evaluations"
LISTED = 10


@router.get("")
async def show_quality(request: Request) -> Response:
    """Show a bundle's own measurements, the form that asks for new ones, and those there are."""
    return await _quality(request, Wanted.read(request.query_params))


@router.post("/evaluations")
async def run_evaluation(request: Request) -> Response:
    """Queue what the form asks for, and show it."""
    wanted = Wanted.read(await read_form(request))
    try:
        job = await runtime(request).evaluations.ask(wanted.request())
    except (InputError, StoreError) as error:
        return await _quality(request, wanted, str(error))
    return RedirectResponse(f"{RUNS}/{job.id}", 303)


@router.get("/evaluations/{id}")
async def show_evaluation(id: str, request: Request) -> Response:
    """Show an evaluation: how far it is, or what it found."""
    return await _evaluation(request, id)


@router.get("/evaluations/{id}/progress")
async def show_progress(id: str, request: Request) -> Response:
    """Answer with the part that tells how far it is; once it has ended, with one that fetches the page."""
    job = await runtime(request).evaluations.get(id)
    shown = outcome(job, str(request.base_url))
    part = {"shown": shown, "run_url": f"{RUNS}/{job.id}", "works_apart": _works_apart(request)}
    return await run_in_threadpool(pages.render, "progress.html", **part)


@router.post("/evaluations/{id}")
async def cancel_evaluation(id: str, request: Request) -> Response:
    """Cancel an evaluation; one that has ended meanwhile stays what it is."""
    try:
        await runtime(request).evaluations.cancel(id)
    except ConflictError:
        pass
    except (NotFoundError, StoreError):
        return await _evaluation(request, id)
    return RedirectResponse(f"{RUNS}/{quote(id)}", 303)


async def _quality(request: Request, wanted: Wanted, fault: str | None = None) -> Response:
    held, given = runtime(request), request.query_params
    away, listed = None, EvaluationsResponse(evaluations=[], next_cursor=None)
    try:
        listed = await held.evaluations.page(given.get("cursor"), LISTED)
    except StoreError:
        away = "The store does not answer, and evaluations are kept there."
    except InputError as error:
        fault = str(error)

    def draw() -> Response:
        serving = served(request)
        try:
            entry = held.registry.find(given["of"]) if "of" in given else None
        except NotFoundError:
            entry = None
        manifest = serving.bundle.manifest if entry is None or entry.manifest is None else entry.manifest
        model = f"{manifest.name}@{manifest.version}"
        base_url = str(request.base_url)
        return pages.render(
            "quality.html",
            422 if fault else 200,
            tables=tables(manifest),
            of=manifest,
            of_value=model,
            choices=choices(held.registry),
            wanted=wanted,
            chosen=wanted.model or model,
            protocols=PROTOCOLS,
            corpora=CORPORA,
            titles=TITLES,
            fault=fault,
            away=away,
            may_write=may(request, "write"),
            runs=[outcome(job, base_url) for job in listed.evaluations],
            next_url=listed.next_cursor and f"{QUALITY}?{urlencode({'cursor': listed.next_cursor})}#runs",
            **frame(request, serving, "quality"),
        )

    return await run_in_threadpool(draw)


async def _evaluation(request: Request, id: str) -> Response:
    fault = shown = None
    try:
        job = await runtime(request).evaluations.get(id)
        shown = outcome(job, str(request.base_url))
    except (NotFoundError, StoreError) as error:
        fault = error
    status = 404 if isinstance(fault, NotFoundError) else 200

    def draw() -> Response:
        around = frame(request, served(request), "quality") | {"said": _said(shown)}
        return pages.render(
            "evaluation.html",
            status,
            shown=shown,
            fault=None if fault is None else str(fault),
            run_url=f"{RUNS}/{quote(id)}",
            again_url=f"{QUALITY}?{urlencode(vars(shown.wanted))}#run" if shown else "",
            may_write=may(request, "write"),
            works_apart=_works_apart(request),
            titles=TITLES,
            **around,
        )

    return await run_in_threadpool(draw)


def _works_apart(request: Request) -> bool:
    return runtime(request).settings.worker == "apart"


def _said(shown: Outcome | None) -> str:
    if shown is None:
        return ""
    return {
        "queued": "The evaluation waits for its turn.",
        "running": "The evaluation is running.",
        "done": f"The evaluation is done. {shown.words}",
        "failed": f"The evaluation has failed: {shown.job.reason}",
        "cancelled": "The evaluation is cancelled.",
    }[shown.job.status]
