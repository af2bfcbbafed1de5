"""Pages of the vocabulary, with cursors that stay good when the model is swapped."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right

from app.schemas import ModelVersion, TagsQuery, TagsResponse, VocabularyTag
from app.settings import Settings, variable
from models.errors import InputError, TagError
from models.vocabulary import Vocabulary, normalize_tag, shown


class Listing:
    """The tags of one vocabulary, in alphabetical order."""

    def __init__(self, vocabulary: Vocabulary, model: ModelVersion, settings: Settings) -> None:
        self._vocabulary = vocabulary
        self._model = model
        self._settings = settings
        self._sorted = sorted(vocabulary.index_to_key)

    def page(self, query: TagsQuery) -> TagsResponse:
        """Return the tags with a prefix, after the cursor.

        Raises
        ------
        InputError
            If the prefix cannot begin a tag, the cursor is not one of ours, or the limit is passed.
        """
        most = self._settings.max_results
        if query.limit > most:
            raise InputError(
                "query:limit",
                f"limit is {query.limit}; at most {most} are accepted ({variable('max_results')})",
            )
        prefix = _prefix(query.prefix)
        start = bisect_left(self._sorted, prefix)
        if query.cursor is not None:
            start = max(start, bisect_right(self._sorted, _after(query.cursor)))
        found = []
        for tag in self._sorted[start : start + query.limit + 1]:
            if not tag.startswith(prefix):
                break
            found.append(tag)
        more = len(found) > query.limit
        found = found[: query.limit]
        counts, index_of = self._vocabulary.document_frequency, self._vocabulary.key_to_index
        return TagsResponse(
            model=self._model,
            tags=[VocabularyTag(tag=tag, documents=int(counts[index_of[tag]])) for tag in found],
            next_cursor=_cursor(found[-1]) if more else None,
        )


def _prefix(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return normalize_tag(text)
    except TagError as error:
        raise InputError("query:prefix", str(error)) from None


def _cursor(tag: str) -> str:
    return base64.urlsafe_b64encode(tag.encode("utf-8")).decode("ascii").rstrip("=")


def _after(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode(
            "utf-8"
        )
    except (binascii.Error, UnicodeError, ValueError):
        raise InputError(
            "query:cursor", f"{shown(cursor)} is not a cursor; send back next_cursor of the page before"
        ) from None
