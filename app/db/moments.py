"""Times as the store returns them."""

from __future__ import annotations

from datetime import UTC, datetime


def as_utc(moment: datetime) -> datetime:
    """Return a time with its time zone. SQLite does not keep time zones; every stored time is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
