"""Conditions of the completion protocol other than the clean one.

Conditions
----------
* *distractor*: another document's visible tags are added to the context and the relevant tags stay the same.
  The condition shows whether the query tag selects its own document's tags. The other document's tags count
  as seen and are not ranked; a hidden tag among them is left out of the context, which would otherwise
  contain a relevant tag.
* *query-only*: the context is the query tag alone.
* *OOV*: some tags are left out of the training vocabulary and are queried by their usage in the training
  documents alone (:func:`held_out_queries`): with the visible tags as context, with no context, and, as the
  baseline to exceed, with the context alone (``Usage.unknown()``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.errors import EvaluationError
from models.features import Usage
from models.protocols.completion import (
    MIN_TAGS,
    QUERIES_PER_DOCUMENT,
    CompletionQuery,
    Split,
    split_documents,
)
from models.types import IndexArray


def query_only(queries: Sequence[CompletionQuery]) -> list[CompletionQuery]:
    """Return the queries with the query tag alone as context, and OOV queries with an empty context."""
    return [
        replace(
            query,
            context=np.asarray([query.tag] if isinstance(query.tag, int) else [], dtype=np.int64),
        )
        for query in queries
    ]


def context_only(queries: Sequence[CompletionQuery]) -> list[CompletionQuery]:
    """Return the OOV queries without their usage, so that only the context is known."""
    return [replace(query, tag=Usage.unknown()) for query in queries]


def distractor_queries(splits: Sequence[Split], seed: int) -> list[CompletionQuery]:
    """Return clean queries with another document's visible tags added to the context.

    Raises
    ------
    EvaluationError
        If there are fewer than two documents.
    """
    if len(splits) < 2:
        raise EvaluationError(f"a distractor needs another document; got {len(splits)} documents")
    cycle = np.random.RandomState(seed).permutation(len(splits))
    other = np.empty_like(cycle)
    other[cycle] = np.roll(cycle, 1)  # a cycle: no document is its own distractor
    queries = []
    for split, partner in zip(splits, other.tolist(), strict=True):
        context = np.setdiff1d(np.union1d(split.visible, splits[partner].visible), split.hidden)
        queries += [
            CompletionQuery(int(tag), context, context, split.hidden, split.document)
            for tag in split.visible[:QUERIES_PER_DOCUMENT]
        ]
    return queries


def draw_held_out(document_frequency: IndexArray, seed: int, share: float = 0.1) -> IndexArray:
    """Draw the tags to treat as OOV, `share` of those on at least three training documents; sorted.

    Raises
    ------
    EvaluationError
        If no tag is on three documents.
    """
    eligible = np.flatnonzero(document_frequency >= 3)
    if not len(eligible):
        raise EvaluationError("no tag is on at least 3 training documents, so none can be treated as OOV")
    n_drawn = max(1, int(share * len(eligible)))
    return np.sort(np.random.RandomState(seed).choice(eligible, n_drawn, replace=False)).astype(np.int64)


def held_out_queries(
    known: Sequence[IndexArray],
    held_out: Sequence[IndexArray],
    usages: Sequence[Usage],
    seed: int,
    min_tags: int = MIN_TAGS,
) -> list[CompletionQuery]:
    """Return queries of each document's held-out tags, with half of its other tags as context.

    Parameters
    ----------
    known
        In-vocabulary tags of each document; two are needed, to show one and hide one.
    held_out
        Positions in `usages` of the same documents' held-out tags; the first two are queries.
    usages
        Usage of each held-out tag in the training documents; unused tags give no query.
    seed
        Seed of the split.
    min_tags
        Fewest tags of a document, in-vocabulary and held-out ones together.
    """
    large = [len(a) + len(b) >= min_tags for a, b in zip(known, held_out, strict=True)]
    nothing = np.empty(0, dtype=np.int64)
    splits = split_documents(
        [tags if fits else nothing for tags, fits in zip(known, large, strict=True)], seed, 2
    )
    return [
        CompletionQuery(usages[tag], np.sort(split.visible), split.visible, split.hidden, split.document)
        for split in splits
        for tag in held_out[split.document][:QUERIES_PER_DOCUMENT].tolist()
        if usages[tag].n_documents and len(usages[tag].indices)
    ]
