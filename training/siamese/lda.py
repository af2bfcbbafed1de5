"""Latent Dirichlet allocation over tags (gensim), and the number of its topics (HDP)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import psi

from models.types import Float64Array, IndexArray
from training.corpus import TagCorpus

# gensim warns about documents that did not converge within a chunk; they converge over several passes.
logging.getLogger("gensim").setLevel(logging.ERROR)

# Floor of the posterior inside the KL divergence of Eq. 4 (the posterior is clipped, then renormalised).
POSTERIOR_FLOOR = 1e-6

# gensim adds this to normalisers; the inference here must agree with gensim's.
_EPSILON = np.finfo(np.float64).eps


@dataclass(frozen=True)
class TopicModel:
    """The parameters of a fitted LDA model.

    Attributes
    ----------
    log_prior : array of shape (n_topics,)
        Log of the normalised document-topic prior alpha.
    log_topics : array of shape (n_topics, n_tags)
        Log of the expected tag distribution of each topic.
    alpha : array of shape (n_topics,)
        Document-topic prior.
    exp_elog_topics : array of shape (n_topics, n_tags)
        exp(E[log p(tag | topic)]).
    """

    log_prior: Float64Array
    log_topics: Float64Array
    alpha: Float64Array
    exp_elog_topics: Float64Array

    @property
    def n_topics(self) -> int:
        """Number of topics."""
        return len(self.alpha)

    def posterior(self, documents: list[IndexArray]) -> Float64Array:
        """Return the clipped, renormalised variational posterior, shape (n_documents, n_topics)."""
        clipped = np.maximum(
            variational_posterior(documents, self.alpha, self.exp_elog_topics), POSTERIOR_FLOOR
        )
        return np.asarray(clipped / clipped.sum(axis=1, keepdims=True))


def fit_lda(
    corpus: TagCorpus,
    n_topics: int,
    seed: int,
    passes: int = 60,
    iterations: int = 200,
    chunksize: int = 128,
    on_pass: Callable[[], None] | None = None,
) -> TopicModel:
    """Fit LDA with a symmetric prior on the corpus.

    Parameters
    ----------
    corpus
        Training documents.
    n_topics
        Number of topics, at least 2.
    seed
        Seed of the fit; the same seed gives the same topics.
    passes, iterations, chunksize
        gensim's: passes over the corpus, iterations a document, documents a chunk.
    on_pass
        Called after every pass.

    References
    ----------
    Blei, Ng and Jordan (2003); Sandouk and Chen, section 3.
    """
    from gensim.models import LdaModel

    model = LdaModel(
        _bags(corpus),
        id2word=dict(enumerate(corpus.index_to_key)),
        num_topics=n_topics,
        passes=passes,
        iterations=iterations,
        chunksize=chunksize,
        alpha="symmetric",
        eval_every=None,
        random_state=seed,
        dtype=np.float64,
        callbacks=[_every_pass(on_pass)] if on_pass else None,
    )
    alpha = np.asarray(model.alpha, dtype=np.float64)
    return TopicModel(
        log_prior=np.log(alpha / alpha.sum()),
        log_topics=np.log(model.get_topics()),
        alpha=alpha,
        exp_elog_topics=np.asarray(model.expElogbeta, dtype=np.float64),
    )


def seek_n_topics(corpus: TagCorpus, seed: int, min_share: float = 0.01) -> int:
    """Estimate the number of topics with a hierarchical Dirichlet process, as the paper does.

    Parameters
    ----------
    corpus
        Training documents.
    seed
        Seed of the fit.
    min_share
        Share of the collection's topic weight that a topic must hold to be counted, in (0, 1).

    Returns
    -------
    int
        Topics that hold more than `min_share` of the weight, at least 2 (26 to 29 for CAL500,
        by seed, where the paper found 25).

    References
    ----------
    Teh, Jordan, Beal and Blei (2006); Sandouk and Chen, section 5.1 (25 topics for CAL500).
    """
    from gensim.models import HdpModel

    bags = _bags(corpus)
    model = HdpModel(bags, id2word=dict(enumerate(corpus.index_to_key)), random_state=seed)
    gamma = model.inference(bags)  # (n_documents, truncation)
    share = (gamma / gamma.sum(axis=1, keepdims=True)).mean(axis=0)
    return max(2, int((share > min_share).sum()))


def variational_posterior(
    documents: Sequence[IndexArray],
    alpha: Float64Array,
    exp_elog_topics: Float64Array,
    gamma: Float64Array | None = None,
    max_iterations: int = 200,
    tolerance: float = 1e-3,
) -> Float64Array:
    """Return the variational posterior over topics of each document under an LDA model.

    Parameters
    ----------
    documents
        Arrays of tag indices.
    alpha : array of shape (n_topics,)
        Dirichlet prior of the document-topic distributions.
    exp_elog_topics : array of shape (n_topics, n_tags)
        exp(E[log p(tag | topic)]) under the model's posterior over topics.
    gamma : array of shape (n_documents, n_topics), optional
        Start of each document's coordinate ascent; ones by default.
    max_iterations, tolerance
        The ascent ends after `max_iterations`, or once its mean change of gamma is below `tolerance`.

    Returns
    -------
    array of shape (n_documents, n_topics), float64
        Rows sum to 1. An empty document gets alpha, normalised.

    References
    ----------
    Hoffman, Blei and Bach (2010), Online Learning for Latent Dirichlet Allocation, Eqs. 2-5.
    Blei, Ng and Jordan (2003).
    """
    alpha = np.asarray(alpha, dtype=np.float64)
    posterior = np.empty((len(documents), len(alpha)))
    for row, tags in enumerate(documents):
        start = np.ones(len(alpha)) if gamma is None else gamma[row].astype(np.float64)
        topics = exp_elog_topics[:, tags].astype(np.float64)  # (n_topics, n_in_document)
        state = _infer_document(start, alpha, topics, max_iterations, tolerance) if len(tags) else alpha
        posterior[row] = state / state.sum()
    return posterior


def _infer_document(
    gamma: Float64Array, alpha: Float64Array, topics: Float64Array, max_iterations: int, tolerance: float
) -> Float64Array:
    weights = np.exp(psi(gamma) - psi(gamma.sum()))
    normaliser = weights @ topics + _EPSILON
    for _ in range(max_iterations):
        previous = gamma
        gamma = alpha + weights * (topics @ (1.0 / normaliser))
        weights = np.exp(psi(gamma) - psi(gamma.sum()))
        normaliser = weights @ topics + _EPSILON
        if np.mean(np.abs(gamma - previous)) < tolerance:
            break
    return gamma


def _bags(corpus: TagCorpus) -> list[list[tuple[int, int]]]:
    return [[(int(tag), 1) for tag in tags] for tags in corpus.documents()]


def _every_pass(on_pass: Callable[[], None]) -> Any:
    from gensim.models.callbacks import Metric

    class Tick(Metric):  # type: ignore[misc]  # gensim is untyped
        """A gensim metric whose only effect is to call `on_pass` after each pass."""

        logger = None
        title = "pass"

        def get_value(self, **_: Any) -> float:
            on_pass()
            return 0.0

    return Tick()
