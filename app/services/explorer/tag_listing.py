"""The tags that the Library lists: those of a model and of the store, with the documents that hold each.

The list is built when a visitor opens the page, and built again once the store has changed.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from threading import Lock
from typing import Any, Literal

from cachetools import LRUCache
from sqlalchemy import Engine

from app.db.engine import transaction
from app.db.repository import tag_counts
from app.services.explorer.spelling_pairs import SpellingPair, find_spelling_pairs
from app.services.models.serving import Serving
from app.services.paging import decode_cursor, encode_cursor
from app.services.store.monitor import StoreMonitor
from models.errors import InputError, StoreError
from models.normalizer import separator_key

Sort = Literal["use", "store", "name"]


@dataclass(frozen=True)
class ListedTag:
    """A tag and the number of documents that hold it.

    Attributes
    ----------
    index
        Its position in the vocabulary; None if it is outside.
    trained, stored
        Documents that hold it: in the training corpus, and in the store before tag aliases are applied (None
        while the store does not answer).
    """

    tag: str
    index: int | None
    trained: int
    stored: int | None


class TagListing:
    """The tags of a model and of one state of the store.

    Parameters
    ----------
    serving
        The model whose vocabulary is listed.
    stored
        The store's most used tags with their document counts; None while the store does not answer.
    most
        How many tags are compared to find spellings of one tag, the most used first.
    """

    def __init__(self, serving: Serving, stored: Mapping[str, int] | None, most: int) -> None:
        self.made_from: tuple[Any, ...] | None = None
        self._serving = serving
        self._stored = stored
        self._most = most
        self._finding = Lock()
        self._spelling_pairs: list[SpellingPair] | None = None
        self._orders: dict[Sort, list[str]] = {}
        known = serving.vocabulary.key_to_index
        self._outside = [tag for tag in stored or () if tag not in known]

    def __len__(self) -> int:
        return len(self._serving.vocabulary) + len(self._outside)

    def listed(self, tag: str) -> ListedTag:
        """Return a tag with its document counts."""
        index = self._serving.vocabulary.key_to_index.get(tag)
        trained = 0 if index is None else int(self._serving.vocabulary.document_frequency[index])
        return ListedTag(tag, index, trained, None if self._stored is None else self._stored.get(tag, 0))

    def page(
        self, words: str, sort: Sort, start: str | None, size: int
    ) -> tuple[list[ListedTag], str | None]:
        """Return tags that contain `words`, after the cursor `start`, and the next page's cursor.

        Raises
        ------
        InputError
            If `start` is not a cursor of this sort order.
        """
        order, key = self._order(sort), self._keys(sort)
        first = 0 if start is None else bisect_right(order, _key_in(start, key("a")), key=key)
        bare = separator_key(words)
        fitting = (
            tag for tag in islice(order, first, None) if words in tag or (bare and bare in separator_key(tag))
        )
        found = list(islice(fitting, size + 1))
        more = len(found) > size
        next_start = encode_cursor(json.dumps(key(found[size - 1]), ensure_ascii=False)) if more else None
        return [self.listed(tag) for tag in found[:size]], next_start

    def spelling_pairs(self) -> list[SpellingPair]:
        """Return the pairs of tags that look like spellings of one tag."""
        with self._finding:
            if self._spelling_pairs is None:
                self._spelling_pairs = find_spelling_pairs(self.uses)
            return self._spelling_pairs

    def reuse_spelling_pairs(self, before: TagListing) -> None:
        """Take the pairs that an earlier listing has found, if its tags and counts were the same."""
        if before.uses == self.uses:
            self._spelling_pairs = before._spelling_pairs

    @cached_property
    def uses(self) -> dict[str, int]:
        """The most used tags, with their document counts in the training corpus and the store together."""
        uses = {tag: trained + stored for tag, (trained, stored) in self._numbers.items()}
        return dict(islice(sorted(uses.items(), key=lambda pair: (-pair[1], pair[0])), self._most))

    @cached_property
    def _numbers(self) -> dict[str, tuple[int, int]]:
        """The document counts of each tag in the training corpus and in the store."""
        vocabulary, stored = self._serving.vocabulary, self._stored or {}
        known = zip(vocabulary.index_to_key, vocabulary.document_frequency.tolist(), strict=True)
        numbers = {tag: (trained, stored.get(tag, 0)) for tag, trained in known}
        return numbers | {tag: (0, stored[tag]) for tag in self._outside}

    def _order(self, sort: Sort) -> list[str]:
        """Return all tags in a sort order; each order is sorted when it is first needed."""
        if sort not in self._orders:
            self._orders[sort] = sorted(self._numbers, key=self._keys(sort))
        return self._orders[sort]

    def _keys(self, sort: Sort) -> Callable[[str], tuple[Any, ...]]:
        def by_use(tag: str) -> tuple[Any, ...]:
            trained, stored = self._numbers.get(tag, (0, 0))
            return (-trained, -stored, tag) if sort == "use" else (-stored, -trained, tag)

        return (lambda tag: (tag,)) if sort == "name" else by_use


class TagListings:
    """Keeps the last listing of each of the two models looked at last.

    Parameters
    ----------
    engine
        The store.
    monitor
        Reports whether the store answers.
    most
        How many of the store's tags are listed, and how many tags are compared to find spellings; the most
        used first.
    """

    def __init__(self, engine: Engine, monitor: StoreMonitor, most: int) -> None:
        self._engine = engine
        self._monitor = monitor
        self._most = most
        self._making = Lock()
        self._held: LRUCache[tuple[str, str], TagListing] = LRUCache(2)

    def of(self, serving: Serving) -> TagListing:
        """Return the listing of a model, as recent as the state of the store that its queries use."""
        name = serving.model.name, serving.model.version
        state = (self._monitor.up, serving.usage_mark)
        with self._making:
            held: TagListing | None = self._held.get(name)
            if held is None or held.made_from != state:
                made = TagListing(serving, self._stored() if self._monitor.up else None, self._most)
                if held is not None:
                    made.reuse_spelling_pairs(held)
                made.made_from = state
                self._held[name] = held = made
            return held

    def _stored(self) -> dict[str, int] | None:
        try:
            with transaction(self._engine, reads_only=True) as connection:
                return {tag.name: tag.documents for tag in islice(tag_counts(connection), self._most)}
        except StoreError:
            return None


def _key_in(start: str, pattern: Sequence[Any]) -> tuple[Any, ...]:
    """Return the sort key in a cursor; its parts must have the types of `pattern`'s."""
    try:
        key = json.loads(decode_cursor(start))
    except (ValueError, RecursionError):
        key = None
    if not isinstance(key, list) or [type(part) for part in key] != [type(part) for part in pattern]:
        raise InputError("query:cursor", "this is not a cursor of this sort order; start from the first page")
    return tuple(key)
