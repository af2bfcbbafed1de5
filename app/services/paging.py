"""Pages of sorted items. A cursor names the last item of a page, so it stays valid when items come and go."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import TypeVar

from models.errors import InputError, shown

Item = TypeVar("Item")


def encode_cursor(key: str) -> str:
    """Return the cursor of a page that ends with the item of a sort key."""
    return base64.urlsafe_b64encode(key.encode("utf-8")).decode("ascii").rstrip("=")


def decode_cursor(cursor: str) -> str:
    """Return the sort key in a cursor.

    Raises
    ------
    InputError
        If `encode_cursor` did not make it.
    """
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, UnicodeError, ValueError):
        raise InputError(
            "query:cursor", f"{shown(cursor)} is not a cursor; send back next_cursor of the page before"
        ) from None


def cut_page(
    found: Sequence[Item], limit: int, key: Callable[[Item], str]
) -> tuple[Sequence[Item], str | None]:
    """Return the first `limit` items, and the next page's cursor if there are more.

    Parameters
    ----------
    found
        At least one item more than `limit`, if there are that many.
    limit
        The items on a page.
    key
        The sort key of an item.
    """
    page = found[:limit]
    return page, encode_cursor(key(page[-1])) if len(found) > limit else None
