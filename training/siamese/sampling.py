"""Examples for training: (tag, document) pairs, positive and negative, drawn with a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.types import BoolArray, IndexArray
from training.corpus import TagCorpus


@dataclass(frozen=True)
class Examples:
    """A batch of (tag, document) pairs.

    Attributes
    ----------
    tags : array of shape (n,), int64
        Tag of each example.
    documents : array of shape (n_documents,), int64
        The distinct documents of the batch, as rows of the corpus.
    whose : array of shape (n,), int64
        Position in `documents` of each example.
    positive : array of shape (n,), bool
        Whether the document holds the tag.
    """

    tags: IndexArray
    documents: IndexArray
    whose: IndexArray
    positive: BoolArray


class ExampleSampler:
    """Draws examples from a corpus; the same corpus and generator state give the same examples.

    Parameters
    ----------
    corpus
        Training documents; each must lack at least one tag and hold at least one.
    """

    def __init__(self, corpus: TagCorpus) -> None:
        self._tags = corpus.documents()
        self._n_tags = corpus.n_tags
        lengths = np.array([len(tags) for tags in self._tags])
        self._usable = np.flatnonzero((lengths > 0) & (lengths < corpus.n_tags))
        self._assignments_tag = corpus.matrix.indices.astype(np.int64)
        self._assignments_document = np.repeat(np.arange(corpus.n_documents), lengths)
        # Whether documents hold tags is a binary search in the sorted keys document * n_tags + tag.
        self._keys = self._assignments_document * self._n_tags + self._assignments_tag

    def pairs(self, n: int, rng: np.random.Generator) -> Examples:
        """Draw `n` positive pairs, uniform over assignments, and `n` negative ones (stage 1)."""
        drawn = rng.integers(len(self._keys), size=n)
        documents = rng.choice(self._usable, size=n)
        negatives = rng.integers(self._n_tags, size=n)
        while (held := self._holds(documents, negatives)).any():
            negatives[held] = rng.integers(self._n_tags, size=int(held.sum()))
        every = np.concatenate([self._assignments_document[drawn], documents])
        distinct, whose = np.unique(every, return_inverse=True)
        return Examples(
            tags=np.concatenate([self._assignments_tag[drawn], negatives]),
            documents=distinct,
            whose=whose,
            positive=np.arange(2 * n) < n,
        )

    def documents(
        self, n_documents: int, positives: int, negatives: int, rng: np.random.Generator
    ) -> Examples:
        """Draw documents, and up to `positives` and `negatives` distinct tags for each (stage 2)."""
        n_documents = min(n_documents, len(self._usable))
        chosen = rng.choice(self._usable, size=n_documents, replace=False)
        tags, whose, positive = [], [], []
        for position, document in enumerate(chosen):
            held = self._tags[document]
            kept = rng.permutation(held)[:positives]
            others = self._sample_negatives(held, negatives, rng)
            tags += [kept, others]
            whose.append(np.full(len(kept) + len(others), position))
            positive += [np.ones(len(kept), dtype=bool), np.zeros(len(others), dtype=bool)]
        return Examples(np.concatenate(tags), chosen, np.concatenate(whose), np.concatenate(positive))

    def _sample_negatives(self, held: IndexArray, n: int, rng: np.random.Generator) -> IndexArray:
        n = min(n, self._n_tags - len(held))
        # Draws more tags than needed and removes those held; if too few are left, it draws again.
        candidates = rng.permutation(self._n_tags) if self._n_tags < 1000 else None
        while candidates is None:
            drawn = np.unique(rng.integers(self._n_tags, size=2 * (n + len(held))))
            if len(np.setdiff1d(drawn, held)) >= n:
                candidates = rng.permutation(drawn)
        return candidates[~np.isin(candidates, held)][:n]

    def _holds(self, documents: IndexArray, tags: IndexArray) -> BoolArray:
        keys = documents * self._n_tags + tags
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.asarray(self._keys[at] == keys)
