"""What makes a write safe to send twice: its key, how far it came, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update

from app.db.moments import as_utc
from app.db.repository import native_insert
from app.db.tables import idempotency_keys as keys

LEASE = timedelta(seconds=30)
"""A write that has not been updated for this long has lost its process."""


@dataclass(frozen=True)
class Attempt:
    """What is known of earlier attempts at the same write.

    Attributes
    ----------
    running
        Whether a process is at work on it: its lease has not run out.
    """

    fingerprint: str
    running: bool
    progress: Mapping[str, Any]
    status: int | None
    answer: str | None


def begin(connection: Connection, key: str, fingerprint: str, owner: str) -> Attempt | None:
    """Take a key up for `owner`; return the earlier attempt, if there was one.

    A finished attempt, and one that another process is at work on, are left as they are.
    """
    now = datetime.now(UTC)
    row: dict[str, Any] = {
        "key": key, "fingerprint": fingerprint, "owner": owner, "progress": {}, "updated_at": now,
    }  # fmt: skip
    statement = native_insert(connection, keys).values(row).on_conflict_do_nothing().returning(keys.c.key)
    if connection.execute(statement).first() is not None:
        return None
    found = connection.execute(select(keys).where(keys.c.key == key).with_for_update()).one()
    attempt = _attempt(found, now)
    if not attempt.running and found.status is None:
        connection.execute(update(keys).where(keys.c.key == key).values(owner=owner, updated_at=now))
    return attempt


def look(connection: Connection, key: str) -> Attempt | None:
    """Return what is known of a key."""
    found = connection.execute(select(keys).where(keys.c.key == key)).first()
    return None if found is None else _attempt(found, datetime.now(UTC))


def _attempt(found: Any, now: datetime) -> Attempt:
    running = found.owner is not None and now - as_utc(found.updated_at) < LEASE
    return Attempt(found.fingerprint, running, found.progress, found.status, found.answer)


def renew(connection: Connection, key: str, owner: str) -> bool:
    """Keep a key for another `LEASE`; return False if it is another's by now."""
    mine = update(keys).where(keys.c.key == key, keys.c.owner == owner)
    return bool(connection.execute(mine.values(updated_at=datetime.now(UTC))).rowcount)


def advance(connection: Connection, key: str, owner: str, progress: Mapping[str, Any]) -> bool:
    """Record how far a write has come, in the transaction that brings it there.

    Returns False, and records nothing, if the key is another's by now.
    """
    mine = update(keys).where(keys.c.key == key, keys.c.owner == owner)
    now = datetime.now(UTC)
    return bool(connection.execute(mine.values(progress=dict(progress), updated_at=now)).rowcount)


def finish(connection: Connection, key: str, status: int, answer: str) -> None:
    """Keep the answer of a finished write."""
    now = datetime.now(UTC)
    connection.execute(
        update(keys).where(keys.c.key == key).values(owner=None, status=status, answer=answer, updated_at=now)
    )


def release(connection: Connection, key: str, owner: str) -> None:
    """Let a write that was broken off be taken up again at once."""
    connection.execute(update(keys).where(keys.c.key == key, keys.c.owner == owner).values(owner=None))


def forget_older_than(connection: Connection, hours: float) -> int:
    """Drop keys that were last used so long ago."""
    before = datetime.now(UTC) - timedelta(hours=hours)
    return connection.execute(delete(keys).where(keys.c.updated_at < before)).rowcount
