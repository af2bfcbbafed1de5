"""What a key may do: closed unless opened here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Scope = Literal["read", "write", "admin"]
RANK: Mapping[Scope, int] = {"read": 0, "write": 1, "admin": 2}

OPEN = frozenset({"/livez", "/readyz"})
SIGNING = frozenset({"/explorer/sign-in", "/explorer/sign-out"})
ASKING = frozenset({"/prime", "/v1/prime", "/v1/prime/batch", "/v1/embeddings"})
WRITABLE = ("/v1/documents", "/v1/tag-aliases/", "/v1/evaluations", "/explorer/")


def required_scope(method: str, path: str) -> Scope | None:
    """Return the scope that a request needs, or None if it needs no key.

    A path that is not listed needs a key, and a method that is not known to be harmless needs the
    highest scope.
    """
    looks = method in {"GET", "HEAD"}
    if path in OPEN or path in SIGNING or (looks and path.startswith("/static/")):
        return None
    if looks or (method == "POST" and path in ASKING):
        return "read"
    return "write" if path.startswith(WRITABLE) else "admin"


def is_page(path: str) -> bool:
    """Return whether a path is one of the explorer's: nothing else is opened by a session's cookie."""
    return path == "/" or path.startswith("/explorer/")
