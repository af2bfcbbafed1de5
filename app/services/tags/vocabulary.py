"""The vocabulary as a sorted list: page by page, and by prefix."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from app.schemas.tags import TagsQuery, TagsResponse, VocabularyTag
from app.services.limits import check_page_size
from app.services.models.serving import Serving
from app.services.paging import cut_page, decode_cursor
from app.settings import Settings
from models.errors import InputError, TagError
from models.normalizer import normalize_tag


def vocabulary_page(serving: Serving, query: TagsQuery, settings: Settings) -> TagsResponse:
    """Return the vocabulary tags with a prefix, after the cursor.

    Raises
    ------
    InputError
        If no tag can begin with the prefix, the cursor is none, or the limit is too high.
    """
    check_page_size(settings, query.limit)
    found = with_prefix(serving, _prefix(query.prefix))
    if query.cursor is not None:
        found = found[bisect_right(found, decode_cursor(query.cursor)) :]
    page, next_cursor = cut_page(found, query.limit, str)
    counts, index_of = serving.vocabulary.document_frequency, serving.vocabulary.key_to_index
    return TagsResponse(
        model=serving.model,
        tags=[VocabularyTag(tag=tag, documents=int(counts[index_of[tag]])) for tag in page],
        next_cursor=next_cursor,
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
