"""Naive Bayes: how likely a tag makes the context, each tag of it on its own."""

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
    """Scores log P(c) + sum over the context of log P(t | c); tags that are absent say nothing.

    P(t | c) is smoothed towards P(t), as if `prior` more documents of c were like all documents.

    Parameters
    ----------
    priors
        Documents of the average kind added to each tag's own; chosen on validation documents. Tags of a
        document are far from independent, so that little smoothing makes rare tags overconfident.
    """

    name: ClassVar[str] = "naive-bayes"
    contextual: ClassVar[bool] = True
    supports_oov: ClassVar[bool] = True

    def __init__(self, priors: Sequence[float] = (100.0, 10.0, 1.0, 300.0, 1000.0)) -> None:
        self._priors = priors

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Choose the prior where there are several, and count all documents."""
        chosen = self._priors[0]
        if len(self._priors) > 1:
            rest, held_out = hold_out(corpus, seed)
            queries = validation_queries(held_out, seed)
            chosen = select(
                self._priors, lambda prior: NaiveBayes([prior]).fit(rest), [queries], rest.document_frequency
            )
        return self._count(corpus, chosen)

    def _count(self, corpus: TagCorpus, prior: float) -> Self:
        """Keep log-probabilities where tags meet, and the smoothing where they don't."""
        self._prior = prior
        counts = cooccurrence(corpus.matrix)
        own = np.maximum(counts.diagonal(), 0.0)
        self._n = corpus.n_documents
        self._background = (own + 0.5) / (self._n + 1.0)  # P(t)
        self._log_prior = np.log(self._background)
        self._own = own
        # log P(t | c) = log(prior P(t)) - log(n_c + prior), and where they meet log1p(G / (prior P(t))) more.
        met = counts.copy()
        rows = np.repeat(np.arange(corpus.n_tags), np.diff(met.indptr))
        met.data = np.log1p(met.data / (self._prior * self._background[rows]))
        met.setdiag(0.0)
        self._met = met.tocsr()
        self._spread = np.log(own + self._prior)
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Add the log-probabilities of the context; see `Method.score`."""
        scores = np.empty((len(queries), len(self._own)), dtype=np.float32)
        for row, query, context in zip(scores, queries, contexts, strict=True):
            found = self._log_prior - len(context) * self._spread + self._met[context].sum(axis=0)
            if isinstance(query, Usage) and query.n_documents:
                background = (query.n_documents + 0.5) / (self._n + 1.0)
                found -= self._spread
                found[query.indices] += np.log1p(query.counts / (self._prior * background))
            row[:] = found
        return scores
