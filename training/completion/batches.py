"""Training examples of the towers: part of a document is shown, the rest is to be found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.corpus import TagCorpus
from training.fitting.counts import Weights

Indices = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Batch:
    """Examples of one step; rows are padded, masks say what is real.

    Attributes
    ----------
    queries : array of shape (n,), int64
        A shown tag of each document.
    context, context_mask : arrays of shape (n, k)
        What the network sees: the shown tags, the query first, and those of a distractor.
    hidden, hidden_mask : arrays of shape (n, m)
        What it has to find.
    """

    queries: Indices
    context: Indices
    context_mask: Bools
    hidden: Indices
    hidden_mask: Bools


class Examples:
    """Draws examples from a corpus.

    Parameters
    ----------
    corpus
        Training documents; those with one tag teach nothing here.
    weights : array of shape (n_documents,)
        The probability with which a document is taken in an epoch.
    shown
        Least and largest share of a document's tags that is shown; at least one is, and one is not.
    distractors
        How often another document's shown tags join the context.
    """

    def __init__(
        self, corpus: TagCorpus, weights: Weights, shown: tuple[float, float], distractors: float
    ) -> None:
        self._lengths = np.diff(corpus.matrix.indptr).astype(np.int64)
        self._starts = corpus.matrix.indptr[:-1].astype(np.int64)
        self._tags = corpus.matrix.indices.astype(np.int64)
        self._owner = np.repeat(np.arange(corpus.n_documents), self._lengths)
        self._weights = np.where(self._lengths >= 2, weights, 0.0)
        self._shown, self._distractors, self._n_tags = shown, distractors, corpus.n_tags

    @property
    def expected(self) -> float:
        """Documents an epoch takes on average."""
        return float(self._weights.sum())

    def epoch(self, batch: int, random: np.random.Generator) -> Iterator[Batch]:
        """Yield the batches of one pass over the documents, drawn anew."""
        taken = np.flatnonzero(random.random(len(self._weights)) < self._weights)
        random.shuffle(taken)
        # All documents are permuted at once: a random key a tag, sorted within its document.
        order = np.lexsort((random.random(len(self._tags)), self._owner))
        tags = self._tags[order]
        share = random.uniform(*self._shown, size=len(self._lengths))
        n_shown = np.clip(np.round(self._lengths * share), 1, np.maximum(self._lengths - 1, 1)).astype(
            np.int64
        )
        for start in range(0, len(taken), batch):
            yield self._batch(taken[start : start + batch], tags, n_shown, random)

    def _batch(self, rows: Indices, tags: Indices, n_shown: Indices, random: np.random.Generator) -> Batch:
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


def _gather(tags: Indices, starts: Indices, counts: Indices) -> tuple[Indices, Bools]:
    """Return `counts` tags from each of `starts`, padded with tag 0, and what is no padding."""
    offsets = np.arange(int(counts.max()))
    mask = offsets[None, :] < counts[:, None]
    found = tags[np.where(mask, starts[:, None] + offsets[None, :], 0)]
    return np.where(mask, found, 0), mask
