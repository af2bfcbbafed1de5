"""API keys: hashes only; a key itself is shown once, when it is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select, update

from app.db.moments import as_utc
from app.db.tables import api_keys
from app.scopes import Scope


@dataclass(frozen=True)
class StoredKey:
    """A key as the store knows it."""

    id: str
    name: str
    sha256: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def valid(self, now: datetime) -> bool:
        """Whether the key opens anything at a moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def stored_keys(connection: Connection) -> list[StoredKey]:
    """Return every key, oldest first."""
    rows = connection.execute(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id))
    return [
        StoredKey(
            row.id,
            row.name,
            row.sha256,
            row.scope,
            as_utc(row.created_at),
            None if row.expires_at is None else as_utc(row.expires_at),
            None if row.revoked_at is None else as_utc(row.revoked_at),
        )
        for row in rows
    ]


def add_key(connection: Connection, key: StoredKey) -> None:
    """Keep a new key."""
    connection.execute(
        insert(api_keys).values(
            id=key.id,
            name=key.name,
            sha256=key.sha256,
            scope=key.scope,
            created_at=key.created_at,
            expires_at=key.expires_at,
        )
    )


def revoke_key(connection: Connection, key_id: str) -> bool:
    """Close a key for ever; return whether there is one that was open."""
    closed = update(api_keys).where(api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
    return bool(connection.execute(closed.values(revoked_at=datetime.now(UTC))).rowcount)
