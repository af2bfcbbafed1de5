"""Deletes idempotency keys that are older than the service promises to remember."""

from __future__ import annotations

from time import monotonic

from sqlalchemy import Engine

from app.db.engine import transaction
from app.db.idempotency import forget_older_than

_INTERVAL_SECONDS = 3600


class IdempotencyTidier:
    """Deletes old idempotency keys once an hour.

    Parameters
    ----------
    engine
        The store.
    hours
        How long a key is remembered after its last use.
    """

    def __init__(self, engine: Engine, hours: float) -> None:
        self._engine = engine
        self._hours = hours
        self._tidied_at = float("-inf")

    def tidy(self) -> None:
        """Delete old keys, unless that was done within the last hour.

        Raises
        ------
        StoreError
            If the store does not answer.
        """
        if monotonic() - self._tidied_at > _INTERVAL_SECONDS:
            with transaction(self._engine) as connection:
                forget_older_than(connection, self._hours)
            self._tidied_at = monotonic()
