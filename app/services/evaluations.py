"""Asking for evaluations, watching and cancelling them; a worker does the rest."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Engine

from app.db import evaluations as stored
from app.db.engine import transaction
from app.schemas.evaluations import (
    EvaluationRequest,
    EvaluationResponse,
    EvaluationResult,
    EvaluationsResponse,
)
from app.services.limits import check_limit
from app.services.models.registry import DEFAULT, Registry
from app.services.paging import cut_page, decode_cursor
from app.services.tags.resolve import check_tags
from app.settings import Settings
from models.errors import BundleError, ConflictError, InputError, NotFoundError, shown

if TYPE_CHECKING:
    from app.jobs.queue import Queue

log = structlog.get_logger(__name__)


class Evaluations:
    """The evaluations of one store.

    Parameters
    ----------
    engine
        The store.
    registry
        The bundles.
    settings
        Where the queue is, and what one evaluation may ask.
    """

    def __init__(self, engine: Engine, registry: Registry, settings: Settings) -> None:
        self._engine = engine
        self._registry = registry
        self._settings = settings
        self._queue: Queue | None = None

    async def request(self, request: EvaluationRequest) -> EvaluationResponse:
        """Queue an evaluation.

        Raises
        ------
        InputError
            If a model or a tag is none, or a limit is passed.
        """
        self._check_limits(request)
        await asyncio.to_thread(_check_documents, request)
        # Fixed now: an alias may have moved before a worker gets to it.
        named = {
            "model": await asyncio.to_thread(self._exact, request.model or DEFAULT, "/model"),
            "compare": None
            if request.compare is None
            else await asyncio.to_thread(self._exact, request.compare, "/compare"),
        }
        return await asyncio.to_thread(self._add, request.model_copy(update=named))

    def _check_limits(self, request: EvaluationRequest) -> None:
        cutoffs, documents = len(request.k), len(request.documents or ())
        check_limit(self._settings, "evaluation_max_cutoffs", cutoffs, "/k", f"k holds {cutoffs} cutoffs")
        for n, k in enumerate(request.k):
            check_limit(self._settings, "max_results", k, f"/k/{n}", f"k is {k}")
        message = f"documents holds {documents} documents"
        check_limit(self._settings, "evaluation_max_documents", documents, "/documents", message)

    def _exact(self, model: str, pointer: str) -> str:
        try:
            found = self._registry.load(model).model
        except (NotFoundError, BundleError) as error:
            raise InputError(pointer, str(error)) from None
        return f"{found.name}@{found.version}"

    def _add(self, request: EvaluationRequest) -> EvaluationResponse:
        from app.jobs.queue import Queue

        with transaction(self._engine) as connection:
            job = stored.add(connection, uuid.uuid4().hex, request.model_dump())
        try:
            self._queue = self._queue or Queue(self._settings.store_url)
            try:
                self._queue.send(job.id)
            finally:
                self._queue.close()  # connections are a thread's own, and this one is lent
        except Exception as error:  # the queue has no error of its own kind
            # The store holds the job, and a worker's next look finds what was queued without a message.
            log.warning("evaluation not sent", id=job.id, reason=str(error).partition("\n")[0])
        return _response(job)

    async def get(self, evaluation_id: str) -> EvaluationResponse:
        """Return an evaluation; NotFoundError if there is none."""

        def read() -> stored.StoredEvaluation | None:
            with transaction(self._engine, reads_only=True) as connection:
                return stored.get(connection, evaluation_id)

        job = await asyncio.to_thread(read) if evaluation_id.isalnum() else None
        if job is None:
            raise NotFoundError("evaluation_not_found", f"there is no evaluation {shown(evaluation_id)}")
        return _response(job)

    async def page(self, start: str | None, limit: int) -> EvaluationsResponse:
        """Return a page of evaluations, newest first."""
        before = None if start is None else _moment(decode_cursor(start))

        def read() -> list[stored.StoredEvaluation]:
            with transaction(self._engine, reads_only=True) as connection:
                return stored.page(connection, before, limit + 1)

        found = await asyncio.to_thread(read)
        page, next_cursor = cut_page(found, limit, lambda job: job.created_at.isoformat())
        return EvaluationsResponse(evaluations=[_response(job) for job in page], next_cursor=next_cursor)

    async def cancel(self, evaluation_id: str) -> EvaluationResponse:
        """Cancel an evaluation that has not ended.

        Raises
        ------
        NotFoundError
            If there is none.
        ConflictError
            If it has ended.
        """
        job = await self.get(evaluation_id)

        def write() -> bool:
            with transaction(self._engine) as connection:
                return stored.cancel(connection, evaluation_id)

        if not await asyncio.to_thread(write):
            raise ConflictError("evaluation_ended", f"the evaluation is {job.status} already")
        return await self.get(evaluation_id)


def _check_documents(request: EvaluationRequest) -> None:
    for n, document in enumerate(request.documents or ()):
        check_tags(document, f"/documents/{n}")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InputError("query:cursor", "this is not a cursor; send back next_cursor of the page before")
    return moment


def _response(job: stored.StoredEvaluation) -> EvaluationResponse:
    return EvaluationResponse(
        id=job.id,
        status=job.status,
        progress=1.0 if job.status == "done" else round(job.done / job.total, 4) if job.total else 0.0,
        request=dict(job.request),
        result=None if job.result is None else EvaluationResult.model_validate(job.result),
        reason=job.reason,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )
