"""Evaluations in the store: the truth about a job; the queue only carries its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, insert, select, update

from app.db.moments import as_utc
from app.db.tables import evaluations as table

Status = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED: tuple[Status, ...] = ("done", "failed", "cancelled")
SILENCE = timedelta(seconds=30)
"""A worker that gave no sign for so long is lost."""
ATTEMPTS = 2


@dataclass(frozen=True)
class StoredEvaluation:
    """An evaluation, as the store holds it."""

    id: str
    status: Status
    request: Mapping[str, Any]
    done: int
    total: int | None
    result: Mapping[str, Any] | None
    reason: str | None
    attempts: int
    created_at: datetime
    finished_at: datetime | None


def add(connection: Connection, evaluation_id: str, request: Mapping[str, Any]) -> StoredEvaluation:
    """Queue an evaluation."""
    now = datetime.now(UTC)
    connection.execute(
        insert(table).values(
            id=evaluation_id, status="queued", request=dict(request), done=0, attempts=0, created_at=now,
            heard_at=now,
        )
    )  # fmt: skip
    return StoredEvaluation(evaluation_id, "queued", request, 0, None, None, None, 0, now, None)


def get(connection: Connection, evaluation_id: str) -> StoredEvaluation | None:
    """Return an evaluation, or None."""
    found = connection.execute(select(table).where(table.c.id == evaluation_id)).first()
    return None if found is None else _stored(found)


def page(connection: Connection, before: datetime | None, limit: int) -> list[StoredEvaluation]:
    """Return evaluations that were created before a moment, newest first."""
    wanted = select(table).order_by(table.c.created_at.desc(), table.c.id).limit(limit)
    if before is not None:
        wanted = wanted.where(table.c.created_at < before)
    return [_stored(row) for row in connection.execute(wanted)]


def claim(connection: Connection, evaluation_id: str) -> StoredEvaluation | None:
    """Take a queued evaluation up; None if another worker has, or it is cancelled."""
    taken = (
        update(table)
        .where(table.c.id == evaluation_id, table.c.status == "queued")
        .values(status="running", heard_at=datetime.now(UTC), done=0, attempts=table.c.attempts + 1)
    )
    return get(connection, evaluation_id) if connection.execute(taken).rowcount else None


def beat(connection: Connection, evaluation_id: str, attempt: int, done: int, total: int) -> bool:
    """Record progress and that the worker is alive; False if this attempt must not continue."""
    values = {"heard_at": datetime.now(UTC), "done": done, "total": total}
    return bool(connection.execute(_mine(evaluation_id, attempt).values(values)).rowcount)


def end(
    connection: Connection,
    evaluation_id: str,
    attempt: int,
    status: Status,
    result: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Close a running evaluation."""
    values = {"status": status, "result": result, "reason": reason, "finished_at": datetime.now(UTC)}
    connection.execute(_mine(evaluation_id, attempt).values(values))


def put_back(connection: Connection, evaluation_id: str, attempt: int) -> None:
    """Queue a running evaluation again, not counting this attempt; recovery sends it to a worker."""
    long_ago = datetime.now(UTC) - 2 * SILENCE
    values = {"status": "queued", "heard_at": long_ago, "attempts": attempt - 1}
    connection.execute(_mine(evaluation_id, attempt).values(values))


def _mine(evaluation_id: str, attempt: int) -> Any:
    return update(table).where(
        table.c.id == evaluation_id, table.c.status == "running", table.c.attempts == attempt
    )


def cancel(connection: Connection, evaluation_id: str) -> bool:
    """Cancel an evaluation that has not ended; its worker notices with its next sign."""
    values = {"status": "cancelled", "finished_at": datetime.now(UTC)}
    open_one = update(table).where(table.c.id == evaluation_id, table.c.status.not_in(ENDED))
    return bool(connection.execute(open_one.values(values)).rowcount)


def recover(connection: Connection) -> list[str]:
    """Deal with what lost workers left running; return the evaluations to queue once more.

    An evaluation is tried again after its first worker is lost, and failed with the reason after its
    second. One that was queued but never taken up is returned too: its message may be lost.
    """
    now = datetime.now(UTC)
    silent = (table.c.status == "running", table.c.heard_at < now - SILENCE)
    reason = f"its worker was lost {ATTEMPTS} times"
    connection.execute(
        update(table)
        .where(*silent, table.c.attempts >= ATTEMPTS)
        .values(status="failed", reason=reason, finished_at=now)
    )
    connection.execute(update(table).where(*silent).values(status="queued", heard_at=now - 2 * SILENCE))
    waiting = table.c.status == "queued", table.c.heard_at < now - SILENCE
    ids = [row.id for row in connection.execute(select(table.c.id).where(*waiting))]
    if ids:
        connection.execute(update(table).where(table.c.id.in_(ids)).values(heard_at=now))
    return ids


def counts(connection: Connection) -> dict[str, int]:
    """Return how many evaluations there are in each state."""
    rows = connection.execute(select(table.c.status, func.count().label("n")).group_by(table.c.status))
    return {row.status: row.n for row in rows}


def _stored(row: Row[Any]) -> StoredEvaluation:
    return StoredEvaluation(
        row.id, row.status, row.request, row.done, row.total, row.result, row.reason, row.attempts,
        as_utc(row.created_at), None if row.finished_at is None else as_utc(row.finished_at),
    )  # fmt: skip
