"""API keys: made, kept as hashes, and checked from memory, so that no request waits for the store.

A key is ``tp_ID_SECRET``. The secret has 256 random bits, so its SHA-256 needs no salt and no slow hash.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from time import monotonic

from sqlalchemy import Engine

from app.db.engine import transaction
from app.db.keys import StoredKey, add_key, stored_keys
from app.scopes import Scope
from models.errors import StoreError

_NOBODY = hashlib.sha256(b"").hexdigest()
_LOOK_AGAIN_SECONDS = 1.0


def new_key(scope: Scope, name: str, lifetime: timedelta | None) -> tuple[str, StoredKey]:
    """Return a new key as its owner gets it, and as the store keeps it."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    stored = StoredKey(
        key_id, name, secret_sha256(secret), scope, now, None if lifetime is None else now + lifetime, None
    )
    return f"tp_{key_id}_{secret}", stored


def create_key(engine: Engine, scope: Scope, name: str, lifetime: timedelta | None) -> tuple[str, StoredKey]:
    """Make a key and keep its hash."""
    key, stored = new_key(scope, name, lifetime)
    with transaction(engine) as connection:
        add_key(connection, stored)
    return key, stored


class KeyRing:
    """The store's keys as last read.

    Parameters
    ----------
    engine
        The store.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._keys: Mapping[str, StoredKey] = {}
        self._read_at = 0.0

    def read(self) -> None:
        """Read the keys anew.

        Raises
        ------
        StoreError
            If the store does not answer; the keys stay as they are.
        """
        with transaction(self._engine, reads_only=True) as connection:
            self._keys = {key.id: key for key in stored_keys(connection)}

    def known(self, key_id: str) -> StoredKey | None:
        """Return a key by its id, open or not, as last read."""
        return self._keys.get(key_id)

    async def check(self, presented: str) -> StoredKey | None:
        """Return the key that was presented if it is one, and open.

        An unknown key may be new, so the store is read, but not for every guess.
        """
        prefix, _, rest = presented.partition("_")
        key_id, _, secret = rest.partition("_")
        if key_id not in self._keys and monotonic() - self._read_at > _LOOK_AGAIN_SECONDS:
            self._read_at = monotonic()
            with suppress(StoreError):  # without the store, what is known is all there is
                await asyncio.to_thread(self.read)
        known = self._keys.get(key_id)
        # Compared whether it is known or not, so that the time taken reveals nothing.
        same = hmac.compare_digest(secret_sha256(secret), _NOBODY if known is None else known.sha256)
        if known is None or not same or prefix != "tp" or not known.valid(datetime.now(UTC)):
            return None
        return known


def secret_sha256(secret: str) -> str:
    """Return what the store keeps of a key's secret or a session's token."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
