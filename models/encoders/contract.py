"""Encoders: (tag, context) -> query vector, context -> candidate vectors.

One contract, one class a family. A *local context* is the bag of in-vocabulary tags that gives a
query its meaning: the context sent with it and, where it is in the vocabulary, the query tag itself
(the paper's documents hold the query tag too).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt

from models.features import Usage

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
Metric = Literal["l2", "ip"]
OovRule = Literal["nearest", "furthest"]

Arrays = Mapping[str, npt.NDArray[Any]]

Tag = int | Usage
"""A query tag: its position in the vocabulary, or how an out-of-vocabulary tag is used."""


@dataclass(frozen=True)
class TensorSpec:
    """What a bundle must hold under one name."""

    shape: tuple[int, ...]
    dtype: str = "float32"


class Encoder(Protocol):
    """What every encoder family offers the index and the service.

    Attributes
    ----------
    kind
        The family's name in a manifest.
    dim
        Width of query and candidate vectors.
    metric
        ``l2`` (smaller is closer) or ``ip`` (larger is closer).
    contextual_candidates
        Whether candidates move with the context (an index per context) or stay (one index).
    supports_focus
        Whether a query may weigh itself against its context.
    oov_rule
        Whether the answers to an OOV query are its nearest or its furthest candidates.
    """

    kind: ClassVar[str]
    metric: ClassVar[Metric]
    contextual_candidates: ClassVar[bool]
    supports_focus: ClassVar[bool]

    @property
    def dim(self) -> int: ...

    @property
    def oov_rule(self) -> OovRule: ...

    def encode_queries(self, tags: Sequence[Tag], contexts: Sequence[Indices]) -> Floats:
        """Return the vectors of `tags` in their local `contexts`, shape (n, dim)."""
        ...

    def candidates(self, context: Indices | None) -> Floats:
        """Return the vectors of all vocabulary tags in one local context, shape (n_tags, dim)."""
        ...

    def settings(self) -> dict[str, Any]:
        """Return what a manifest says of the encoder besides its tensors; JSON values."""
        ...

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays a bundle keeps, by name."""
        ...

    @staticmethod
    def specs(settings: Mapping[str, Any]) -> dict[str, TensorSpec]:
        """Return the tensors that `settings` call for; KeyError or TypeError for settings of another kind."""
        ...

    @classmethod
    def from_tensors(cls, settings: Mapping[str, Any], tensors: Arrays, oov_rule: OovRule) -> Encoder:
        """Rebuild the encoder from a manifest's settings and tensors that were checked against `specs`."""
        ...
