"""Costly fits that several methods of one table share: kept in the process that made them, a few at a time.

Single CE, Siamese CE and their two prediction heads are four readings of one network, and the LDA row
uses the topic model that the network's contexts come from. A fit is found again by the documents
themselves and everything it was made with, so a kept fit and a fresh one are the same.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from training.corpus import TagCorpus
from training.siamese.lda import TopicModel, fit_lda

T = TypeVar("T")

KEPT = 4
_fits: OrderedDict[tuple[Any, ...], Any] = OrderedDict()


def shared(key: tuple[Any, ...], fit: Callable[[], T]) -> T:
    """Return the fit kept under `key`, or make and keep it; the least recently used one goes."""
    if key not in _fits:
        _fits[key] = fit()
        while len(_fits) > KEPT:
            _fits.popitem(last=False)
    _fits.move_to_end(key)
    found: T = _fits[key]
    return found


def topic_model(
    corpus: TagCorpus, n_topics: int, seed: int, passes: int, iterations: int, chunksize: int
) -> TopicModel:
    """Return an LDA model of the documents; see `training.siamese.lda.fit_lda`."""
    key = ("lda", corpus.fingerprint, n_topics, seed, passes, iterations, chunksize)
    return shared(key, lambda: fit_lda(corpus, n_topics, seed, passes, iterations, chunksize))


def forget() -> None:
    """Drop every kept fit."""
    _fits.clear()
