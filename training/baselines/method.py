"""The interface of all methods: baselines, the paper's methods and this project's encoders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Self

from models.encoders.contract import OovRule, Tag
from models.types import Float32Array, IndexArray
from training.corpus import TagCorpus


class Method(ABC):
    """A way to rank a vocabulary's tags for a query tag in a local context.

    Attributes
    ----------
    name
        Name in tables and on the command line.
    contextual
        Whether the context can change the ranking.
    supports_oov
        Whether a query may be a `Usage` (an out-of-vocabulary tag) instead of a position.
    self_first
        Whether a query is its own nearest tag by construction, as in an embedding; if it is not, as with
        predictions and activations, priming ranks it by its score.
    training_only
        Whether it can only score contexts that are training documents.
    oov_rule
        Whether an OOV query's most related tags are those of the highest or of the lowest score.
    notes
        Notes on the fit for a report, e.g. the options that were chosen.
    """

    name: ClassVar[str]
    contextual: ClassVar[bool] = False
    supports_oov: ClassVar[bool] = False
    self_first: ClassVar[bool] = True
    training_only: ClassVar[bool] = False
    oov_rule: OovRule = "nearest"
    notes: Mapping[str, str] = MappingProxyType({})

    @abstractmethod
    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Fit to the training documents; the same corpus and seed give the same scores."""

    @abstractmethod
    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Score every vocabulary tag for each query in its local context; higher is more related.

        Parameters
        ----------
        queries
            Query tags, n of them.
        contexts
            Their local contexts: in-vocabulary tag indices, the query's own included where it is known.

        Returns
        -------
        array of shape (n, n_tags), float32
            The query tag and the context are scored like any other tag; protocols decide what is ranked.
        """
