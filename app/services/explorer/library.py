"""The Library: tags with their nearest tags, documents with suggested tags, pairs of spellings to judge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Engine

from app.db.dismissals import dismiss, dismissed
from app.db.documents import StoredDocument, count_documents, document_page
from app.db.engine import transaction
from app.db.tag_aliases import alias_table
from app.services.explorer.question import Question
from app.services.explorer.spelling_pairs import SpellingPair
from app.services.explorer.tag_listing import ListedTag, TagListing
from app.services.models.serving import Serving, StoreView
from app.services.tags.resolve import TagRules
from models.encoders.contract import Query
from models.features import Usage
from models.index import TagSearch
from models.types import IndexArray

NEAREST = 5
ADDED = 6
SHOWN_TAGS = 40
"""The most tags of a document that are shown; of the others only their number is."""
LINK_CONTEXT = 12
"""The most tags of a document that a link to one of its suggested tags has as its context."""

_NOTHING: IndexArray = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Related:
    """A result of a query, and the address of the query for it."""

    tag: str
    score: float
    url: str


@dataclass(frozen=True)
class HeldTag:
    """A tag of a document, and how it was resolved or why it was ignored; empty if it was used as it is."""

    tag: str
    reason: str


@dataclass(frozen=True)
class ShownDocument:
    """A document of the store.

    Attributes
    ----------
    more
        How many tags it has besides those shown.
    added
        Suggested tags, best first; empty where none of its tags is in the vocabulary.
    """

    id: str
    group: str | None
    tags: list[HeldTag]
    more: int
    added: list[Related]


def nearest(serving: Serving, listed: Iterable[ListedTag]) -> dict[str, list[Related]]:
    """Return the nearest tags of each listed tag without a context, for the tags of the vocabulary."""
    indices = [tag.index for tag in listed if tag.index is not None]
    queries = [Query(index, _NOTHING) for index in indices]
    tags = serving.vocabulary.index_to_key
    own = [_without(serving.view, np.asarray([index])) for index in indices]
    found = _search(serving).search(queries, NEAREST, own)
    return {
        tags[index]: [
            Related(tags[other], float(score), Question(tag=tags[other]).url())
            for other, score in zip(ranking.indices.tolist(), ranking.scores.tolist(), strict=True)
        ]
        for index, ranking in zip(indices, found, strict=True)
    }


def documents(
    engine: Engine, serving: Serving, tag: str | None, start: str, size: int
) -> tuple[list[ShownDocument], str | None, int]:
    """Return documents after an id (only those that hold `tag`, if given), the last one's id if there are
    more, and the number of documents in the store.

    Raises
    ------
    StoreError
        If the store does not answer.
    """
    with transaction(engine, reads_only=True) as connection:
        found = document_page(connection, start, size + 1, tag)
        total = count_documents(connection)
    page = found[:size]
    last = page[-1].document.id if len(found) > size else None
    return _completed(serving, page), last, total


def open_spellings(engine: Engine, listing: TagListing) -> list[SpellingPair]:
    """Return the pairs of spellings that nobody has judged: neither in the alias table nor dismissed.

    Raises
    ------
    StoreError
        If the store does not answer.
    """
    with transaction(engine, reads_only=True) as connection:
        table, dropped = alias_table(connection), dismissed(connection)
    stood_for = {target for target in table.values() if target is not None}
    return [
        pair
        for pair in listing.spelling_pairs()
        if pair.alias not in table
        and pair.target not in table
        and pair.alias not in stood_for  # accepting it would make a chain of two aliases
        and (pair.alias, pair.target) not in dropped
    ]


def dismiss_spelling(engine: Engine, alias: str, target: str) -> None:
    """Record that two normalised tags are not spellings of each other, so that they are not offered again.

    Raises
    ------
    StoreError
        If the store does not answer.
    """
    with transaction(engine) as connection:
        dismiss(connection, alias, target)


def _completed(serving: Serving, page: Sequence[StoredDocument]) -> list[ShownDocument]:
    """Return the documents, each with the tags that an unknown tag in the context of its tags suggests."""
    view, rules = serving.view, serving.view.rules
    contexts = [_known(serving, rules, stored.document.tags) for stored in page]
    known = [context for context in contexts if len(context)]
    queries = [Query(Usage.unknown(), context) for context in known]
    rankings = iter(_search(serving).search(queries, ADDED, [_without(view, context) for context in known]))
    keys = serving.vocabulary.index_to_key
    shown = []
    for stored, context in zip(page, contexts, strict=True):
        ranking = next(rankings) if len(context) else None
        beside = tuple(keys[index] for index in context[:LINK_CONTEXT].tolist())
        added = []
        if ranking is not None:
            for index, score in zip(ranking.indices.tolist(), ranking.scores.tolist(), strict=True):
                added.append(Related(keys[index], score, Question(tag=keys[index], context=beside).url()))
        tags = [HeldTag(tag, _reason(serving, rules, tag)) for tag in stored.document.tags[:SHOWN_TAGS]]
        more = len(stored.document.tags) - len(tags)
        shown.append(ShownDocument(stored.document.id, stored.document.group, tags, more, added))
    return shown


def _known(serving: Serving, rules: TagRules, tags: Iterable[str]) -> IndexArray:
    """Return the vocabulary tags that a document's tags resolve to, each once."""
    meant = (rules.resolve(serving.vocabulary, tag).index for tag in tags if tag not in rules.junk)
    found = np.unique(np.asarray([index for index in meant if index is not None], dtype=np.int64))
    return found[~np.isin(found, list(serving.view.junk))]


def _reason(serving: Serving, rules: TagRules, tag: str) -> str:
    if tag in rules.junk:
        return "on the junk list"
    meant = rules.resolve(serving.vocabulary, tag)
    if meant.index is None:
        return "not in the vocabulary"
    return "" if meant.step == "exact" else f"read as {meant.tag}"


def _without(view: StoreView, tags: IndexArray) -> IndexArray:
    return np.append(tags, np.asarray(sorted(view.junk), dtype=np.int64)).astype(np.int64)


def _search(serving: Serving) -> TagSearch:
    """Return a search that does not evict the cached indexes of recent queries' contexts."""
    encoder = serving.bundle.encoder
    return TagSearch(encoder, cache_bytes=0) if encoder.contextual_candidates else serving.search
