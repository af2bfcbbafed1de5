"""A bundle in service: everything that one answer is made from, so that no answer mixes two."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from app.schemas.base import ModelVersion
from app.services.store.usage import UsageSnapshot
from app.services.tags.rules import TagRules
from models.bundle import Bundle
from models.index import TagSearch
from models.vocabulary import Vocabulary


@dataclass(frozen=True)
class StoreView:
    """What the store says, as last read: requests see it, and never wait for the store."""

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
    seen
        The mark of the store whose usage the view shows.
    seen_rules
        The mark of the alias table that the view shows.
    """

    def __init__(self, bundle: Bundle, search: TagSearch) -> None:
        self.bundle = bundle
        self.search = search
        self.vocabulary: Vocabulary = bundle.vocabulary
        self.model = ModelVersion(name=bundle.name, version=bundle.version)
        self.sorted_tags: list[str] = sorted(bundle.vocabulary.index_to_key)
        self.view = StoreView()
        self.seen: tuple[Any, ...] | None = None
        self.seen_rules: tuple[Any, ...] | None = None

    @classmethod
    def of(cls, bundle: Bundle, cache_bytes: int) -> Self:
        """Build the search of a verified bundle."""
        return cls(bundle, TagSearch(bundle.encoder, cache_bytes=cache_bytes))
