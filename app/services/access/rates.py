"""Limits on how often something may happen."""

from __future__ import annotations

from time import time


class RateLimit:
    """A sliding window of events for each key, or each address.

    Parameters
    ----------
    text
        Such as ``600/minute``.
    """

    def __init__(self, text: str) -> None:
        from limits import parse
        from limits.storage import MemoryStorage
        from limits.strategies import SlidingWindowCounterRateLimiter

        self.text = text
        self._limit = parse(text)
        self._window = SlidingWindowCounterRateLimiter(MemoryStorage())

    def hit(self, owner: str) -> tuple[bool, dict[str, str]]:
        """Count an event; return whether it is within the limit, and the headers that say so."""
        allowed = self._window.hit(self._limit, owner)
        return allowed, self.headers(owner)

    def is_open(self, owner: str) -> bool:
        """Return whether another event would be within the limit, without counting one."""
        return self._window.test(self._limit, owner)

    def headers(self, owner: str) -> dict[str, str]:
        """Return what is left, as headers."""
        stats = self._window.get_window_stats(self._limit, owner)
        return {
            "RateLimit-Limit": str(self._limit.amount),
            "RateLimit-Remaining": str(stats.remaining),
            "RateLimit-Reset": str(max(1, round(stats.reset_time - time()))),
        }
