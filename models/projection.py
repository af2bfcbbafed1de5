"""The map: positions of a vocabulary's tags on a plane, and how a query in its context moves them.

::

    p_c = softmax over ranked c of (sharpness * score(c | query, context))
    query at    x_q = sum over c of p_c x_c
    tag c at    x_q + max(d_c HALF / (p_c + HALF), min(d_c, NEAREST)) (x_c - x_q) / d_c
    where       d_c = |x_c - x_q|

Conventions
-----------
Every tag has a *base position* x_c, fitted at export: tags with similar vectors have base positions close
together. The query is drawn at the mean of the ranked tags' base positions, weighted by their shares of the
scores, so the same tag has another position in another context. A ranked tag is moved on a straight line
towards the query, half of the way at a share of `HALF`, and no closer than `NEAREST`, so that it stays
visible. Tags of the context are not ranked and keep their base positions.

So a tag *close to the query* is likely in this context, and tags *close to each other* far from the query are
similar in general. No map shows both exactly. Candidates of a completion encoder do not depend on the
context, and two linear axes of a siamese encoder's candidates lose the ranking (`benchmarks/projection.py`
prints how many of the best ten are among the closest on each kind of map). Scores exist in every encoder
family and cost nothing more than the ranking itself.

Plane coordinates lie in [-1, 1] and have no unit; only differences between them mean anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from models.encoders.contract import TensorSpec
from models.errors import BundleError
from models.types import AnyArray, Float32Array, IndexArray, NamedArrays

HALF = 0.01
"""Share of the query's relatedness at which a tag is drawn half of the way to it."""

NEAREST = 0.08
"""Smallest distance from the query that a tag is moved to."""


@dataclass(frozen=True)
class Placement:
    """The map of one query in one context.

    Attributes
    ----------
    places : array of shape (n_tags, 2), float32
        Where each tag is drawn.
    shares : array of shape (n_tags,), float32
        How much of the query's relatedness each tag holds, in [0, 1]; sums to 1, or to 0 where nothing
        was ranked.
    query : array of shape (2,), float32, or None
        Where the query is drawn; None where nothing was ranked.
    """

    places: Float32Array
    shares: Float32Array
    query: Float32Array | None


@dataclass(frozen=True)
class Projection:
    """What is fitted at export.

    Attributes
    ----------
    positions : array of shape (n_tags, 2), float32
        Base positions, in [-1, 1].
    sharpness
        Positive. What scores are multiplied by before they become shares: scores of one family are log
        odds, of another inverse distances.
    """

    positions: Float32Array
    sharpness: float

    def place(self, ranked: IndexArray, scores: Float32Array) -> Placement:
        """Return the positions of all tags and of one query.

        Parameters
        ----------
        ranked : array of shape (k,), int64
            The tags that are ranked, each once, in any order.
        scores : array of shape (k,), float32
            Their scores; higher is better.
        """
        shares = np.zeros(len(self.positions), dtype=np.float32)
        if not len(ranked):
            return Placement(self.positions, shares, None)
        shares[ranked] = softmax(self.sharpness * scores)
        query = shares @ self.positions  # (2,)
        ways = self.positions - query  # (n_tags, 2)
        lengths = np.maximum(np.linalg.norm(ways, axis=1), 1e-9)
        left = np.maximum(HALF / (shares + HALF), np.minimum(NEAREST / lengths, 1))
        return Placement((query + left[:, None] * ways).astype(np.float32), shares, query)

    def tensors(self) -> dict[str, AnyArray]:
        """Return the arrays a bundle keeps, by name."""
        return {"homes": self.positions, "sharpness": np.asarray([self.sharpness], dtype=np.float32)}

    @staticmethod
    def specs(n_tags: int) -> Mapping[str, TensorSpec]:
        """Return the tensors that a vocabulary of this size calls for."""
        return {"homes": TensorSpec((n_tags, 2)), "sharpness": TensorSpec((1,))}

    @classmethod
    def from_tensors(cls, tensors: NamedArrays) -> Self:
        """Rebuild it from tensors that were checked against `specs` and are finite.

        Raises
        ------
        BundleError
            If a base position lies outside of the plane, or the sharpness is not positive.
        """
        positions, sharpness = tensors["homes"], float(tensors["sharpness"][0])
        furthest = float(np.abs(positions).max(initial=0.0))
        if furthest > 1:
            raise BundleError(f"homes must lie in [-1, 1]; one coordinate is {furthest:g} from the middle")
        if not sharpness > 0:
            raise BundleError(f"sharpness must be positive; it is {sharpness:g}")
        return cls(positions, sharpness)


def softmax(values: Float32Array) -> Float32Array:
    """Return exp(values), made to sum to 1; shape (k,), k at least 1."""
    raised = np.exp(values - values.max())
    return np.asarray(raised / raised.sum(), dtype=np.float32)
