"""Naive Bayes: the probability of the context given a tag, with independent context tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np

from models.encoders.contract import Tag
from models.features import Usage
from models.types import Float32Array, IndexArray
from training.baselines.method import Method
from training.corpus import TagCorpus
from training.fitting.counts import cooccurrence
from training.fitting.held_out import hold_out, select, validation_queries


class NaiveBayes(Method):
    """Scores log P(c) + sum over the context of log P(t | c); absent tags do not enter.

    P(t | c) is smoothed towards P(t) with the weight of `prior` documents.

    Parameters
    ----------
    priors
        Weights of the smoothing to choose from on validation documents, in documents. The tags of a document
        are far from independent, and with little smoothing the scores of rare tags are too large.
    """

    name: ClassVar[str] = "naive-bayes"
    contextual: ClassVar[bool] = True
    supports_oov: ClassVar[bool] = True

    def __init__(self, priors: Sequence[float] = (100.0, 10.0, 1.0, 300.0, 1000.0)) -> None:
        self._priors = priors

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Choose the prior if there are several, and count all documents."""
        chosen = self._priors[0]
        if len(self._priors) > 1:
            rest, held_out = hold_out(corpus, seed)
            queries = validation_queries(held_out, seed)
            chosen = select(
                self._priors, lambda prior: NaiveBayes([prior]).fit(rest), [queries], rest.document_frequency
            )
        return self._count(corpus, chosen)

    def _count(self, corpus: TagCorpus, prior: float) -> Self:
        """Compute log-probabilities of tags that share documents, and the smoothing for all others."""
        self._prior = prior
        counts = cooccurrence(corpus.matrix)
        own = np.maximum(counts.diagonal(), 0.0)
        self._n = corpus.n_documents
        self._background = (own + 0.5) / (self._n + 1.0)  # P(t)
        self._log_prior = np.log(self._background)
        self._own = own
        # log P(t | c) = log(prior P(t)) - log(n_c + prior), plus log1p(G / (prior P(t))) where both occur.
        gain = counts.copy()
        rows = np.repeat(np.arange(corpus.n_tags), np.diff(gain.indptr))
        gain.data = np.log1p(gain.data / (self._prior * self._background[rows]))
        gain.setdiag(0.0)
        self._gain = gain.tocsr()
        self._spread = np.log(own + self._prior)
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Add the log-probabilities of the context; see `Method.score`."""
        scores = np.empty((len(queries), len(self._own)), dtype=np.float32)
        for row, query, context in zip(scores, queries, contexts, strict=True):
            found = self._log_prior - len(context) * self._spread + self._gain[context].sum(axis=0)
            if isinstance(query, Usage) and query.n_documents:
                background = (query.n_documents + 0.5) / (self._n + 1.0)
                found -= self._spread
                found[query.indices] += np.log1p(query.counts / (self._prior * background))
            row[:] = found
        return scores
