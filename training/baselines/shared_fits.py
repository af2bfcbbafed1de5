"""A cache, in the process, of expensive fits that several methods share.

Single CE, Siamese CE and their two prediction heads use one trained network, and LDA uses the topic model of
the network's contexts. A fit's key contains the documents and all options, so a cached fit equals a new one.
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
    """Return the cached fit of `key`, or fit and cache it; the least recently used fit is dropped."""
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
    """Clear the cache."""
    _fits.clear()
