"""Training examples of the towers: a part of a document's tags is shown, the others are to be predicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.types import BoolArray, Float64Array, IndexArray
from training.corpus import TagCorpus


@dataclass(frozen=True)
class Batch:
    """Examples of one step, padded to the same length; the masks are False at the padding.

    Attributes
    ----------
    queries : array of shape (n,), int64
        The query of each document, one of its shown tags.
    context, context_mask : arrays of shape (n, k)
        What the network is given: the shown tags, the query first, then those of a distractor.
    hidden, hidden_mask : arrays of shape (n, m)
        The tags that it has to predict.
    """

    queries: IndexArray
    context: IndexArray
    context_mask: BoolArray
    hidden: IndexArray
    hidden_mask: BoolArray


class Examples:
    """Draws examples from a corpus.

    Parameters
    ----------
    corpus
        Training documents; those of fewer than two tags give no example.
    weights : array of shape (n_documents,)
        Probability that a document is drawn in an epoch.
    shown
        Smallest and largest share of a document's tags that is shown. At least one tag is shown, and at least
        one is hidden.
    distractors
        Probability that another document's shown tags are added to the context.
    """

    def __init__(
        self, corpus: TagCorpus, weights: Float64Array, shown: tuple[float, float], distractors: float
    ) -> None:
        self._lengths = np.diff(corpus.matrix.indptr).astype(np.int64)
        self._starts = corpus.matrix.indptr[:-1].astype(np.int64)
        self._tags = corpus.matrix.indices.astype(np.int64)
        self._owner = np.repeat(np.arange(corpus.n_documents), self._lengths)
        self._weights = np.where(self._lengths >= 2, weights, 0.0)
        self._shown, self._distractors, self._n_tags = shown, distractors, corpus.n_tags

    @property
    def expected(self) -> float:
        """Mean number of documents in an epoch."""
        return float(self._weights.sum())

    def epoch(self, batch: int, random: np.random.Generator) -> Iterator[Batch]:
        """Yield the batches of one pass over the documents, with newly drawn examples."""
        taken = np.flatnonzero(random.random(len(self._weights)) < self._weights)
        random.shuffle(taken)
        # All documents are permuted at once: every tag gets a random key and is sorted within its document.
        order = np.lexsort((random.random(len(self._tags)), self._owner))
        tags = self._tags[order]
        share = random.uniform(*self._shown, size=len(self._lengths))
        n_shown = np.clip(np.round(self._lengths * share), 1, np.maximum(self._lengths - 1, 1)).astype(
            np.int64
        )
        for start in range(0, len(taken), batch):
            yield self._batch(taken[start : start + batch], tags, n_shown, random)

    def _batch(
        self, rows: IndexArray, tags: IndexArray, n_shown: IndexArray, random: np.random.Generator
    ) -> Batch:
        starts, lengths, visible = self._starts[rows], self._lengths[rows], n_shown[rows]
        context, context_mask = _gather(tags, starts, visible)
        hidden, hidden_mask = _gather(tags, starts + visible, lengths - visible)
        queries = context[:, 0].copy()
        if self._distractors and len(rows) > 1:
            held = np.zeros((len(rows), self._n_tags), dtype=np.bool_)
            held[
                np.arange(len(rows))[:, None].repeat(context.shape[1], 1)[context_mask], context[context_mask]
            ] = True
            held[
                np.arange(len(rows))[:, None].repeat(hidden.shape[1], 1)[hidden_mask], hidden[hidden_mask]
            ] = True
            other, other_mask = np.roll(context, 1, axis=0), np.roll(context_mask, 1, axis=0)
            joined = random.random(len(rows)) < self._distractors
            other_mask = other_mask & joined[:, None] & ~np.take_along_axis(held, other, axis=1)
            context = np.concatenate([context, other], axis=1)
            context_mask = np.concatenate([context_mask, other_mask], axis=1)
        return Batch(queries, context, context_mask, hidden, hidden_mask)


def _gather(tags: IndexArray, starts: IndexArray, counts: IndexArray) -> tuple[IndexArray, BoolArray]:
    """Return `counts` tags from each of `starts`, padded with tag 0, and a mask: False is padding."""
    offsets = np.arange(int(counts.max()))
    mask = offsets[None, :] < counts[:, None]
    found = tags[np.where(mask, starts[:, None] + offsets[None, :], 0)]
    return np.where(mask, found, 0), mask
