"""Sessions of people who signed in to the explorer; the store knows a token's hash only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, select

from app.db.moments import as_utc
from app.db.tables import sessions


@dataclass(frozen=True)
class StoredSession:
    """Whose key a token stands for, and until when."""

    sha256: str
    key_id: str
    expires_at: datetime


def add_session(connection: Connection, session: StoredSession) -> None:
    """Keep a new session, and let go of those that have expired."""
    now = datetime.now(UTC)
    connection.execute(delete(sessions).where(sessions.c.expires_at < now))
    connection.execute(
        insert(sessions).values(
            sha256=session.sha256, key_id=session.key_id, created_at=now, expires_at=session.expires_at
        )
    )


def get_session(connection: Connection, sha256: str) -> StoredSession | None:
    """Return the session of a token's hash, or None."""
    row = connection.execute(select(sessions).where(sessions.c.sha256 == sha256)).first()
    if row is None:
        return None
    return StoredSession(row.sha256, row.key_id, as_utc(row.expires_at))


def delete_session(connection: Connection, sha256: str) -> None:
    """End a session."""
    connection.execute(delete(sessions).where(sessions.c.sha256 == sha256))
