"""Pages of sorted names, with cursors that stay good when what they page through changes."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from app.schemas.tags import TagsQuery, TagsResponse, VocabularyTag
from app.services.limits import check_limit
from app.services.models.serving import Serving
from app.settings import Settings
from models.errors import InputError, TagError
from models.vocabulary import normalize_tag, shown


def vocabulary_page(serving: Serving, query: TagsQuery, settings: Settings) -> TagsResponse:
    """Return the vocabulary tags with a prefix, after the cursor.

    Raises
    ------
    InputError
        If the prefix cannot begin a tag, the cursor is not one of ours, or the limit is passed.
    """
    check_limit(settings, "max_results", query.limit, "query:limit", f"limit is {query.limit}")
    found = with_prefix(serving, _prefix(query.prefix))
    if query.cursor is not None:
        found = found[bisect_right(found, after(query.cursor)) :]
    page, more = found[: query.limit], len(found) > query.limit
    counts, index_of = serving.vocabulary.document_frequency, serving.vocabulary.key_to_index
    return TagsResponse(
        model=serving.model,
        tags=[VocabularyTag(tag=tag, documents=int(counts[index_of[tag]])) for tag in page],
        next_cursor=cursor(page[-1]) if more else None,
    )


def with_prefix(serving: Serving, prefix: str) -> Sequence[str]:
    """Return the vocabulary tags that begin with a normalised `prefix`, in alphabetical order."""
    tags = serving.sorted_tags
    # No code point sorts after this one, so every tag with the prefix sorts before it.
    return tags[bisect_left(tags, prefix) : bisect_right(tags, prefix + "\U0010ffff")]


def _prefix(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return normalize_tag(text)
    except TagError as error:
        raise InputError("query:prefix", str(error)) from None


def cursor(name: str) -> str:
    """Return the cursor of a page that ends with `name`."""
    return base64.urlsafe_b64encode(name.encode("utf-8")).decode("ascii").rstrip("=")


def after(text: str) -> str:
    """Return the name that a cursor stands for; InputError if it is not one of ours."""
    padded = text + "=" * (-len(text) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, UnicodeError, ValueError):
        raise InputError(
            "query:cursor", f"{shown(text)} is not a cursor; send back next_cursor of the page before"
        ) from None
