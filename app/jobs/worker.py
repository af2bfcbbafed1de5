"""The worker: takes evaluations off the queue, one at a time, and leaves none behind.

It runs as a thread of the server by default, or as a process of its own (`tagprime worker`). What a lost
worker was at is found by its silence, and tried again or failed with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Engine

from app.db import evaluations
from app.db.engine import transaction
from app.db.migrations import ensure_current
from app.db.tag_aliases import alias_table
from app.jobs.sampling import sample_documents
from app.schemas.evaluations import EvaluationRequest
from app.services.models.registry import Registry
from app.services.tags.resolve import TagRules
from app.settings import DEMO_DOCUMENTS, Settings
from models.catalogues.reading import open_catalogue
from models.errors import StoreError, TagprimeError

if TYPE_CHECKING:
    from app.jobs.queue import Queue

log = structlog.get_logger(__name__)

_POLL_SECONDS = 0.5
_RECOVER_SECONDS = 5.0
_BEAT_SECONDS = 0.5


class _EndedError(Exception):
    """This attempt is not to go on: cancelled, or given up for lost."""


class Worker:
    """Runs evaluations until stopped.

    Parameters
    ----------
    engine
        The store.
    registry
        The bundles.
    settings
        Where the queue is, and how many documents one evaluation may ask.
    """

    def __init__(self, engine: Engine, registry: Registry, settings: Settings) -> None:
        self._engine = engine
        self._registry = registry
        self._settings = settings
        self._stopping = Event()

    def stop(self) -> None:
        """End `run` soon; an evaluation under way is put back into the queue."""
        self._stopping.set()

    def run(self) -> None:
        """Work until stopped; an absent store is tried again."""
        from app.jobs.queue import Queue

        queue: Queue | None = None
        recovered, worked, reads = float("-inf"), False, True
        while not self._stopping.is_set():
            try:
                if queue is None:
                    ensure_current(self._engine)
                    queue = Queue(self._settings.store_url, self.evaluate)
                if monotonic() - recovered > _RECOVER_SECONDS:
                    self._recover(queue)
                    recovered = monotonic()
                worked = queue.work()
                if not reads:
                    log.info("queue read again")
                reads = True
            except Exception as error:  # the queue has no error of its own kind
                if reads:  # logged once, not twice a second
                    log.warning("queue not read", reason=str(error).partition("\n")[0])
                worked, reads = False, False
            if not worked:
                self._stopping.wait(_POLL_SECONDS)
        if queue is not None:
            queue.close()

    def _recover(self, queue: Queue) -> None:
        with transaction(self._engine) as connection:
            waiting = evaluations.recover(connection)
        for evaluation_id in waiting:
            queue.send(evaluation_id)

    def evaluate(self, evaluation_id: str) -> None:
        """Run one evaluation, if it still waits."""
        with transaction(self._engine) as connection:
            job = evaluations.claim(connection, evaluation_id)
        if job is None:
            return
        log.info("evaluation begun", id=evaluation_id, attempt=job.attempts)
        try:
            result = self._result(job)
        except _EndedError:
            self._put_back(job)
            return
        except StoreError:
            raise  # its silence will be noticed
        except TagprimeError as error:
            self._end(job, "failed", reason=str(error))
            return
        except Exception:
            log.exception("evaluation failed", id=evaluation_id)
            self._end(job, "failed", reason="a fault of the service; its log has the details")
            return
        self._end(job, "done", result=result)

    def _result(self, job: evaluations.StoredEvaluation) -> dict[str, object]:
        from app.jobs.evaluating import evaluate

        request = EvaluationRequest.model_validate(job.request)
        servings = [self._registry.load(name) for name in (request.model, request.compare) if name]
        with transaction(self._engine, reads_only=True) as connection:
            rules = TagRules.of(alias_table(connection))
        beaten = float("-inf")

        def report(done: int, total: int) -> None:
            nonlocal beaten
            if self._stopping.is_set():
                raise _EndedError
            if monotonic() - beaten > _BEAT_SECONDS or (total and done == total):
                with transaction(self._engine) as connection:
                    if not evaluations.beat(connection, job.id, job.attempts, done, total):
                        raise _EndedError
                beaten = monotonic()

        documents = self._documents(request, lambda: report(0, 0))
        return evaluate(request, servings, rules, documents, report).model_dump()

    def _documents(self, request: EvaluationRequest, report: Callable[[], None]) -> Iterable[Sequence[str]]:
        if request.documents is not None:
            return request.documents
        if request.corpus == "demo":
            return [document.tags for _, document in open_catalogue(DEMO_DOCUMENTS).documents()]
        with transaction(self._engine, reads_only=True) as connection:
            return sample_documents(connection, self._settings.evaluation_max_documents, request.seed, report)

    def _put_back(self, job: evaluations.StoredEvaluation) -> None:
        with transaction(self._engine) as connection:
            evaluations.put_back(connection, job.id, job.attempts)

    def _end(
        self,
        job: evaluations.StoredEvaluation,
        status: evaluations.Status,
        result: dict[str, object] | None = None,
        reason: str | None = None,
    ) -> None:
        with transaction(self._engine) as connection:
            evaluations.end(connection, job.id, job.attempts, status, result, reason)
        log.info("evaluation ended", id=job.id, status=status)
