"""The contract of encoders: what search, explanation, protocols and embeddings call, whatever the family.

Conventions
-----------
A *local context* is the bag of in-vocabulary tags that gives a query its meaning: the context sent with it
and, where it is in the vocabulary, the query tag itself (the paper's documents hold the query tag too).

A candidate's score for a query is the distance (``l2``) or the inner product (``ip``) of the query's vector
and the candidate's, plus what the encoder adds (`Encoded.added`). Nothing else enters it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, Protocol

import numpy as np

from models.features import Usage
from models.types import AnyArray, Float32Array, IndexArray, NamedArrays

Metric = Literal["l2", "ip"]
OovRule = Literal["nearest", "furthest"]

Tag = int | Usage
"""A query tag: its position in the vocabulary, or how an out-of-vocabulary tag is used."""


@dataclass(frozen=True)
class TensorSpec:
    """Shape and dtype of one tensor that a bundle must hold."""

    shape: tuple[int, ...]
    dtype: str = "float32"


@dataclass(frozen=True)
class Query:
    """A tag and the in-vocabulary tags given with it.

    Attributes
    ----------
    tag
        Position in the vocabulary, or the usage of an OOV tag.
    context : array of shape (n,), int64
        In-vocabulary context tags.
    focus
        The query tag's own weight among its context; only encoders that support it take another than 1.
    """

    tag: Tag
    context: IndexArray
    focus: float = 1.0

    @property
    def out_of_vocabulary(self) -> bool:
        """Whether the tag is known by its usage only."""
        return isinstance(self.tag, Usage)

    @cached_property
    def local_context(self) -> IndexArray:
        """The context with the query tag in it, sorted, each tag once."""
        tags = set(self.context.tolist())
        if not isinstance(self.tag, Usage):
            tags.add(self.tag)
        return np.array(sorted(tags), dtype=np.int64)


@dataclass(frozen=True)
class Encoded:
    """All that an encoder says of some queries' scores.

    Attributes
    ----------
    vectors : array of shape (n, dim), float32
        Query vectors, to be compared with candidate vectors by the encoder's metric.
    added : array of shape (n, n_tags), float32, or None
        What each candidate's score gains besides the inner product; None where nothing is added.
    """

    vectors: Float32Array
    added: Float32Array | None = None


class Encoder(Protocol):
    """What every encoder family offers.

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

    def encode(self, queries: Sequence[Query], with_added: bool = True) -> Encoded:
        """Return everything that decides the scores of `queries`.

        Parameters
        ----------
        queries
            Tags in their contexts.
        with_added
            False leaves `Encoded.added` out, for callers that need the vectors alone.
        """
        ...

    def added_parts(self, query: Query) -> Float32Array | None:
        """Return what each tag of the query adds to the scores besides the inner product.

        Returns
        -------
        array of shape (k, n_tags) or (k + 1, n_tags), float32, or None
            A row for each tag of the local context, in its order, then a row for an OOV query tag that has
            usage. The rows sum to the query's `Encoded.added`. None where the encoder adds nothing.
        """
        ...

    def candidates(self, context: IndexArray | None) -> Float32Array:
        """Return the vectors of all vocabulary tags in one local context, shape (n_tags, dim)."""
        ...

    def similarity_vectors(self) -> Float32Array:
        """Return one vector a tag, (n_tags, width): close by Euclidean distance where tags are used alike."""
        ...

    def settings(self) -> dict[str, Any]:
        """Return what a manifest says of the encoder besides its tensors; JSON values."""
        ...

    def tensors(self) -> dict[str, AnyArray]:
        """Return the arrays a bundle keeps, by name."""
        ...

    @staticmethod
    def specs(settings: Mapping[str, Any]) -> dict[str, TensorSpec]:
        """Return the tensors that `settings` call for; KeyError or TypeError for settings of another kind."""
        ...

    @staticmethod
    def width(settings: Mapping[str, Any]) -> int:
        """Return the `dim` of an encoder with these settings."""
        ...

    @classmethod
    def from_tensors(cls, settings: Mapping[str, Any], tensors: NamedArrays, oov_rule: OovRule) -> Encoder:
        """Rebuild the encoder from a manifest's settings and tensors that were checked against `specs`."""
        ...
