"""LDA: relatedness of tags under the topics of their document (Law et al., 2010; Supplement D.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np

from models.types import Float64Array, IndexArray
from training.baselines.shared_fits import topic_model
from training.baselines.topics import TopicRelatedness
from training.corpus import TagCorpus


class Lda(TopicRelatedness):
    """Latent Dirichlet allocation, with the variational posterior of the document.

    Parameters
    ----------
    n_topics
        Number of topics; the paper has 25 for CAL500 and 19 for MagTag5K.
    passes, iterations, chunksize
        Options of gensim's LDA.

    References
    ----------
    D. Blei, A. Ng, M. Jordan, "Latent Dirichlet allocation", JMLR 3, 2003.
    """

    name: ClassVar[str] = "lda"

    def __init__(
        self, n_topics: int = 25, passes: int = 60, iterations: int = 200, chunksize: int = 128
    ) -> None:
        self.n_topics = n_topics
        self.passes = passes
        self.iterations = iterations
        self.chunksize = chunksize

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Fit the topics; a tag on no training document keeps the prior's probability."""
        self._topics = topic_model(corpus, self.n_topics, seed, self.passes, self.iterations, self.chunksize)
        self.tag_given_topic = np.exp(self._topics.log_topics)
        return self

    def posterior(self, contexts: Sequence[IndexArray]) -> Float64Array:
        """Return the variational posterior of bags of tags."""
        posterior: Float64Array = self._topics.posterior(list(contexts))
        return posterior

    def in_context(self, context: IndexArray) -> Float64Array:
        """Return every tag as its share of each topic in one document, shape (n_tags, n_topics).

        p(topic | tag, document), up to a factor: p(tag | topic) times the document's posterior, normalised.
        """
        joint = self.tag_given_topic.T * self.posterior([context])
        return np.asarray(joint / joint.sum(axis=1, keepdims=True))
