"""The usage of OOV tags, counted from the store's documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import Connection

from app.db.repository import co_occurrences, tag_counts
from app.services.tags.resolve import TagRules
from models.features import Usage
from models.normalizer import separator_key
from models.vocabulary import Vocabulary


@dataclass(frozen=True)
class UsageSnapshot:
    """Usage by tag, and by the tag's spelling without separators."""

    by_tag: Mapping[str, Usage] = field(default_factory=dict)
    by_separator_key: Mapping[str, Usage] = field(default_factory=dict)

    def get(self, tag: str) -> Usage | None:
        """Return the usage of a normalised OOV tag, or of its spelling with other separators."""
        return self.by_tag.get(tag) or self.by_separator_key.get(separator_key(tag))


@dataclass
class _Outside:
    """An OOV tag, in all its spellings that the alias table knows."""

    ids: list[int]
    n_documents: int


DOCUMENTS_AT_ONCE = 50_000
"""Documents behind one question to the store: what a stop may have to wait for."""


def read_usage(
    connection: Connection,
    vocabulary: Vocabulary,
    rules: TagRules,
    max_tags: int,
    raise_if_stopped: Callable[[], None] = lambda: None,
) -> UsageSnapshot:
    """Count with which vocabulary tags the store's most used OOV tags come.

    `raise_if_stopped` is called between statements, and interrupts the count by raising.
    """
    index_of: dict[int, int] = {}
    outside: dict[str, _Outside] = {}
    for tag in tag_counts(connection):
        if tag.name in rules.junk:
            continue
        meant = rules.resolve(vocabulary, tag.name)
        if meant.index is not None:
            index_of[tag.id] = meant.index
        elif meant.tag in outside:
            outside[meant.tag].ids.append(tag.id)
            outside[meant.tag].n_documents += tag.documents
        elif len(outside) < max_tags:
            outside[meant.tag] = _Outside([tag.id], tag.documents)
    by_tag: dict[str, Usage] = {}
    for portion in _portions(outside):
        raise_if_stopped()
        ids = [tag_id for name in portion for tag_id in outside[name].ids]
        beside = co_occurrences(connection, ids, index_of)
        for name in portion:
            usage = _usage(outside[name], beside, index_of)
            if usage is not None:
                by_tag[name] = usage
    by_key: dict[str, Usage] = {}
    for name, usage in by_tag.items():  # most used first: the other spellings take its usage
        by_key.setdefault(separator_key(name), usage)
    return UsageSnapshot(by_tag, by_key)


def _usage(
    spellings: _Outside, beside: Mapping[int, list[tuple[int, int]]], index_of: Mapping[int, int]
) -> Usage | None:
    counts: dict[int, int] = {}
    for other_id, count in (pair for tag_id in spellings.ids for pair in beside[tag_id]):
        index = index_of[other_id]
        # Two spellings of one vocabulary tag may stand on the same document.
        counts[index] = min(counts.get(index, 0) + count, spellings.n_documents)
    if not counts:
        return None
    indices = np.array(sorted(counts), dtype=np.int64)
    held = np.array([counts[index] for index in indices.tolist()], dtype=np.float32)
    return Usage(spellings.n_documents, indices, held)


def _portions(outside: Mapping[str, _Outside]) -> Iterator[list[str]]:
    portion: list[str] = []
    documents = 0
    for name, spellings in outside.items():
        portion.append(name)
        documents += spellings.n_documents
        if documents > DOCUMENTS_AT_ONCE:
            yield portion
            portion, documents = [], 0
    if portion:
        yield portion
