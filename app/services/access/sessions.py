"""Signed in to the explorer: a random token in a cookie stands for a key, and holds nothing of it.

The store has the token's SHA-256 (256 random bits need no salt), so that all replicas know a session and
signing out ends it. What was looked up is trusted for as long as a key is: until the next refresh.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic

from cachetools import LRUCache
from sqlalchemy import Engine

from app.db.engine import transaction
from app.db.keys import StoredKey
from app.db.sessions import StoredSession, add_session, delete_session, get_session
from app.services.access.keys import KeyRing, secret_sha256
from app.services.access.rates import RateLimit
from app.settings import Settings
from models.errors import StoreError

COOKIE = "tagprime_session"
_HELD = 1024


class Sessions:
    """Who is signed in.

    Parameters
    ----------
    engine
        The store.
    keys
        The keys that sessions stand for.
    settings
        How long a session lasts, how many wrong keys an address may try, how old what is known may get.
    """

    def __init__(self, engine: Engine, keys: KeyRing, settings: Settings) -> None:
        self.wrong_keys = RateLimit(settings.sign_in_limit)
        self.lifetime = timedelta(hours=settings.session_hours)
        self._engine = engine
        self._keys = keys
        self._fresh = settings.store_refresh_seconds
        self._known: LRUCache[str, tuple[StoredSession | None, float]] = LRUCache(_HELD)

    async def open(self, key: StoredKey) -> str:
        """Begin a session of a key; return its token.

        Raises
        ------
        StoreError
            If the store does not answer.
        """
        token = secrets.token_urlsafe(32)
        session = StoredSession(secret_sha256(token), key.id, datetime.now(UTC) + self.lifetime)

        def write() -> None:
            with transaction(self._engine) as connection:
                add_session(connection, session)

        await asyncio.to_thread(write)
        return token

    async def check(self, token: str) -> StoredKey | None:
        """Return the key that a token stands for, if the session lasts and the key is open."""
        name = secret_sha256(token)
        session, read_at = self._known.get(name, (None, float("-inf")))
        if monotonic() - read_at > self._fresh:
            with suppress(StoreError):  # without the store, what is known is all there is
                session = await asyncio.to_thread(self._read, name)
                self._known[name] = session, monotonic()
        now = datetime.now(UTC)
        key = None if session is None or session.expires_at <= now else self._keys.known(session.key_id)
        return key if key is not None and key.valid(now) else None

    async def close(self, token: str) -> None:
        """End a session.

        Raises
        ------
        StoreError
            If the store does not answer.
        """
        name = secret_sha256(token)

        def write() -> None:
            with transaction(self._engine) as connection:
                delete_session(connection, name)

        await asyncio.to_thread(write)
        self._known.pop(name, None)

    def _read(self, name: str) -> StoredSession | None:
        with transaction(self._engine, reads_only=True) as connection:
            return get_session(connection, name)
