"""All tags that a model or the store knows, with how often each is used: what the Library lists.

It is made when somebody looks, off the hot path, and made anew once the store has changed.
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
from app.services.explorer.variants import Variant, find_variants
from app.services.models.serving import Serving
from app.services.paging import decode_cursor, encode_cursor
from app.services.store.monitor import StoreMonitor
from models.errors import InputError, StoreError
from models.vocabulary import separator_key

Sort = Literal["use", "store", "name"]


@dataclass(frozen=True)
class ListedTag:
    """A tag and its uses.

    Attributes
    ----------
    index
        Its position in the vocabulary; None outside of it.
    trained, stored
        Documents that hold it: of the training collection, and of the store as written there (None while
        the store is away).
    """

    tag: str
    index: int | None
    trained: int
    stored: int | None


class Catalogue:
    """The tags of one moment.

    Parameters
    ----------
    serving
        Whose vocabulary.
    stored
        The store's most used tags with their documents; None while the store is away.
    most
        How many tags are compared as variants, the most used first.
    """

    def __init__(self, serving: Serving, stored: Mapping[str, int] | None, most: int) -> None:
        self.made_from: tuple[Any, ...] | None = None
        self._serving = serving
        self._stored = stored
        self._most = most
        self._finding = Lock()
        self._variants: list[Variant] | None = None
        self._orders: dict[Sort, list[str]] = {}
        known = serving.vocabulary.key_to_index
        self._outside = [tag for tag in stored or () if tag not in known]

    def __len__(self) -> int:
        return len(self._serving.vocabulary) + len(self._outside)

    def listed(self, tag: str) -> ListedTag:
        """Return what is known of a tag."""
        index = self._serving.vocabulary.key_to_index.get(tag)
        trained = 0 if index is None else int(self._serving.vocabulary.document_frequency[index])
        return ListedTag(tag, index, trained, None if self._stored is None else self._stored.get(tag, 0))

    def page(
        self, words: str, sort: Sort, start: str | None, size: int
    ) -> tuple[list[ListedTag], str | None]:
        """Return tags that hold `words`, after the cursor `start`, and the next page's cursor.

        Raises
        ------
        InputError
            If `start` is no cursor of this order.
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

    def variants(self) -> list[Variant]:
        """Return the tags that look like spellings of each other."""
        with self._finding:
            if self._variants is None:
                self._variants = find_variants(self.uses)
            return self._variants

    def take_over(self, before: Catalogue) -> None:
        """Spare the finding of variants where the tags are what they were."""
        if before.uses == self.uses:
            self._variants = before._variants

    @cached_property
    def uses(self) -> dict[str, int]:
        """The most used tags, with their documents in training and store together."""
        uses = {tag: trained + stored for tag, (trained, stored) in self._numbers.items()}
        return dict(islice(sorted(uses.items(), key=lambda pair: (-pair[1], pair[0])), self._most))

    @cached_property
    def _numbers(self) -> dict[str, tuple[int, int]]:
        """Documents of training and store by tag."""
        vocabulary, stored = self._serving.vocabulary, self._stored or {}
        known = zip(vocabulary.index_to_key, vocabulary.document_frequency.tolist(), strict=True)
        numbers = {tag: (trained, stored.get(tag, 0)) for tag, trained in known}
        return numbers | {tag: (0, stored[tag]) for tag in self._outside}

    def _order(self, sort: Sort) -> list[str]:
        """Return all tags in an order, sorted when it is first asked for."""
        if sort not in self._orders:
            self._orders[sort] = sorted(self._numbers, key=self._keys(sort))
        return self._orders[sort]

    def _keys(self, sort: Sort) -> Callable[[str], tuple[Any, ...]]:
        def by_use(tag: str) -> tuple[Any, ...]:
            trained, stored = self._numbers.get(tag, (0, 0))
            return (-trained, -stored, tag) if sort == "use" else (-stored, -trained, tag)

        return (lambda tag: (tag,)) if sort == "name" else by_use


class Catalogues:
    """Keeps the last catalogue of each model that was looked at.

    Parameters
    ----------
    engine
        The store.
    monitor
        Knows whether the store answers.
    most
        How many of the store's tags are listed, and how many tags are compared; the most used first.
    """

    def __init__(self, engine: Engine, monitor: StoreMonitor, most: int) -> None:
        self._engine = engine
        self._monitor = monitor
        self._most = most
        self._making = Lock()
        self._held: LRUCache[tuple[str, str], Catalogue] = LRUCache(2)

    def of(self, serving: Serving) -> Catalogue:
        """Return the catalogue of a model, as fresh as what queries know of the store."""
        name = serving.model.name, serving.model.version
        state = (self._monitor.up, serving.usage_mark)
        with self._making:
            held: Catalogue | None = self._held.get(name)
            if held is None or held.made_from != state:
                made = Catalogue(serving, self._stored() if self._monitor.up else None, self._most)
                if held is not None:
                    made.take_over(held)
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
    """Return the sort key in a cursor, of the same make as `pattern`."""
    try:
        key = json.loads(decode_cursor(start))
    except (ValueError, RecursionError):
        key = None
    if not isinstance(key, list) or [type(part) for part in key] != [type(part) for part in pattern]:
        raise InputError("query:cursor", "this is not a cursor of this order; go on from the first page")
    return tuple(key)
