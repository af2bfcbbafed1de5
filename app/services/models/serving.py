"""A bundle in service: everything that one answer is made from, so that no answer mixes two bundles."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Self

from app.schemas.base import ModelVersion
from app.services.store.usage import UsageSnapshot
from app.services.tags.resolve import TagRules
from models.bundle import Bundle
from models.embeddings import Embedder
from models.index import TagSearch
from models.vocabulary import Vocabulary


@dataclass(frozen=True)
class StoreView:
    """What was last read from the store. Requests use it, so that they never wait for the store."""

    rules: TagRules = field(default_factory=TagRules)
    usage: UsageSnapshot = field(default_factory=UsageSnapshot)
    junk: frozenset[int] = frozenset()
    """Vocabulary tags on the junk list, by position."""


class Serving:
    """A loaded bundle with its search.

    Attributes
    ----------
    view
        Replaced as a whole when the store has changed.
    rules_mark
        The change mark of the tag aliases that the view holds; None before they were first read.
    usage_mark
        The change mark of the documents and tag aliases that the view's usage was counted from.
    counting
        Held from reading the store until the usage is published, so that an earlier count never
        replaces a later one.
    """

    def __init__(self, bundle: Bundle, search: TagSearch) -> None:
        self.bundle = bundle
        self.search = search
        self.vocabulary: Vocabulary = bundle.vocabulary
        self.model = ModelVersion(name=bundle.name, version=bundle.version)
        self.embedder = Embedder(bundle.encoder, len(bundle.vocabulary), bundle.embeddings)
        self.sorted_tags: list[str] = sorted(bundle.vocabulary.index_to_key)
        self.view = StoreView()
        self.rules_mark: tuple[Any, ...] | None = None
        self.usage_mark: tuple[Any, ...] | None = None
        self.counting = Lock()
        self._publishing = Lock()  # rules and usage are published by different threads

    @classmethod
    def of(cls, bundle: Bundle, cache_bytes: int) -> Self:
        """Build the search of a verified bundle."""
        return cls(bundle, TagSearch(bundle.encoder, cache_bytes=cache_bytes))

    @property
    def marks(self) -> tuple[str, ...]:
        """What answers depend on: read before an answer is made, it is never newer than the answer."""
        return self.model.name, self.model.version, str(self.rules_mark), str(self.usage_mark)

    def publish_rules(self, rules: TagRules, mark: tuple[Any, ...]) -> None:
        """Use new rules from the next request on; the usage stays as it is."""
        index_of = self.vocabulary.key_to_index
        junk = frozenset(index_of[tag] for tag in rules.junk if tag in index_of)
        with self._publishing:
            self.view = StoreView(rules, self.view.usage, junk)
            self.rules_mark = mark

    def publish_usage(self, usage: UsageSnapshot, mark: tuple[Any, ...]) -> None:
        """Use a new count from the next request on; the rules, which may be newer, stay as they are."""
        with self._publishing:
            self.view = StoreView(self.view.rules, usage, self.view.junk)
            self.usage_mark = mark
