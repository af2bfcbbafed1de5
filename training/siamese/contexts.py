"""Context features of training documents: the standardised log posterior, whole or of random subsets."""

from __future__ import annotations

from typing import Literal

import numpy as np

from models.encoders.topics import closed_form_log_posterior, standardise_log_posterior
from models.types import Float32Array, Float64Array, IndexArray
from training.corpus import TagCorpus
from training.siamese.lda import TopicModel


class DocumentContexts:
    """Context features and topic posteriors of the training documents.

    Attributes
    ----------
    mean, std : arrays of shape (n_topics,), float64
        Statistics of the raw log posterior over the training documents.
    features : array of shape (n_documents, n_topics), float32
        z-scores of the closed-form log posterior, the network's context input.
    length : float or None
        Number of tags that every context's likelihood is scaled to; None for no scaling.
    posterior : array of shape (n_documents, n_topics), float32
        Variational posterior, clipped and renormalised which the divergence of Eq. 4 compares.
    """

    def __init__(
        self, corpus: TagCorpus, topics: TopicModel, likelihood: Literal["sum", "mean"] = "sum"
    ) -> None:
        self._documents = corpus.documents()
        self._topics = topics
        self.length = corpus.matrix.nnz / corpus.n_documents if likelihood == "mean" else None
        raw = closed_form_log_posterior(self._documents, topics.log_prior, topics.log_topics, self.length)
        self.mean: Float64Array = raw.mean(axis=0)
        std = raw.std(axis=0)
        self.std: Float64Array = np.where(std > 0, std, 1.0)
        self.features: Float32Array = standardise_log_posterior(raw, self.mean, self.std)
        self.posterior: Float32Array = topics.posterior(self._documents).astype(np.float32)

    def subsets(self, rows: IndexArray, drop: float, rng: np.random.Generator) -> Float32Array:
        """Return the features of random subsets of the tags of the documents `rows`.

        A document's tags are kept with probability 1 - drop * u, u uniform in [0, 1), one u per
        document, and at least one tag is kept. The log-likelihood is scaled to the length of the whole
        document, so that a subset determines its topics as sharply.
        """
        raw = np.empty((len(rows), self._topics.n_topics))
        for position, row in enumerate(rows):
            tags = self._documents[row]
            kept = tags[rng.random(len(tags)) < 1 - drop * rng.random()]
            if not len(kept):
                kept = tags[rng.integers(len(tags), size=1)]
            length = len(tags) if self.length is None else self.length
            likelihood = self._topics.log_topics[:, kept].sum(axis=1) * (length / len(kept))
            raw[position] = self._topics.log_prior + likelihood
        return standardise_log_posterior(raw - raw.mean(axis=1, keepdims=True), self.mean, self.std)
