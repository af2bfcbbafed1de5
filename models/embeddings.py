"""Vectors for an app's own store: nearest candidates by one metric are the ranking, to a measured overlap.

Conventions
-----------
An encoder whose whole score is a distance (``l2``) is embedded by its own vectors, in its own width.

Any other score is an inner product and what the encoder adds to it, which no vector of the encoder's own
holds. Written as one row a query, s (n_tags,), the *full* embedding of the query is s itself and that of
candidate c is the c-th unit vector: their inner product is c's score, exactly. A smaller width k keeps the
first k columns of an orthonormal basis V (n_tags, n_columns), the right singular vectors of the rows of
typical queries: query s V_k, candidate V_k[c]. Their inner product is the score of the row's projection, the
closest rank-k approximation of those rows (Eckart and Young). A vector of k numbers begins a vector of more.

Overlap is the share of a query's first ten results that are among its ten nearest candidates, both without
the query and its context.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.encoders.contract import Encoder, Query, TensorSpec
from models.errors import BundleError, InputError
from models.types import AnyArray, Float32Array, FloatArray, IndexArray, NamedArrays

OVERLAP_AT = 10
"""Results over which overlap is measured."""


def score_rows(encoder: Encoder, queries: Sequence[Query]) -> Float32Array:
    """Return the scores of all tags for each query of an inner-product encoder, shape (n, n_tags)."""
    encoded = encoder.encode(queries)
    scores = encoded.vectors @ encoder.candidates(None).T
    return np.asarray(scores if encoded.added is None else scores + encoded.added, dtype=np.float32)


@dataclass(frozen=True)
class EmbeddingBasis:
    """The fitted basis of smaller widths, with what was measured of them.

    Attributes
    ----------
    columns : array of shape (n_tags, n_columns), float32
        Orthonormal, those that hold most of the scores first.
    default_width
        The width where a request names none.
    overlap
        Mean overlap on held-out queries by width, in [0, 1].
    """

    columns: Float32Array
    default_width: int
    overlap: Mapping[int, float]

    def describe(self) -> dict[str, Any]:
        """Return what the manifest says of it, as JSON."""
        return {
            "columns": int(self.columns.shape[1]),
            "default_width": self.default_width,
            "overlap": {str(width): value for width, value in sorted(self.overlap.items())},
        }

    def tensors(self) -> dict[str, AnyArray]:
        """Return the arrays a bundle keeps, by name."""
        return {"columns": self.columns}

    @staticmethod
    def specs(described: Mapping[str, Any], n_tags: int) -> dict[str, TensorSpec]:
        """Return the tensors that a manifest's description calls for."""
        return {"columns": TensorSpec((n_tags, described["columns"]))}

    @classmethod
    def from_tensors(cls, described: Mapping[str, Any], tensors: NamedArrays) -> EmbeddingBasis:
        """Rebuild it from a manifest's description that `description_fault` accepts and checked tensors."""
        overlap = {int(width): float(value) for width, value in described["overlap"].items()}
        return cls(tensors["columns"], int(described["default_width"]), overlap)


def description_fault(described: Any) -> str | None:
    """Return what is wrong with a manifest's description of a basis, or None."""
    if not isinstance(described, dict) or set(described) != {"columns", "default_width", "overlap"}:
        return "embeddings needs columns, default_width and overlap"
    columns, default, overlap = described["columns"], described["default_width"], described["overlap"]
    if not isinstance(columns, int) or not isinstance(default, int) or not isinstance(overlap, dict):
        return "embeddings: columns and default_width are whole numbers, overlap is an object"
    if columns < 1 or default < 1:
        return f"embeddings: columns and default_width must be at least 1; got {columns} and {default}"
    for width, value in overlap.items():
        if not width.isascii() or not width.isdecimal() or len(width) > 9 or isinstance(value, bool):
            return "embeddings: overlap is a share by width"
        if not isinstance(value, int | float) or not 0 <= value <= 1:
            return "embeddings: overlap is a share by width"
    return None


class Embedder:
    """Embeds queries and candidates of one encoder.

    Parameters
    ----------
    encoder
        Any family.
    n_tags
        Size of the vocabulary.
    basis
        The fitted basis; without one, an inner-product encoder has its full width only.

    Raises
    ------
    BundleError
        If the basis does not fit the encoder.
    """

    def __init__(self, encoder: Encoder, n_tags: int, basis: EmbeddingBasis | None = None) -> None:
        self._encoder = encoder
        self._basis = None if encoder.metric == "l2" else basis
        self.full_width = encoder.dim if encoder.metric == "l2" else n_tags
        if self._basis is not None and not 1 <= self._basis.default_width <= self.full_width:
            raise BundleError(
                f"the default width of embeddings must be from 1 to {self.full_width}; "
                f"got {self._basis.default_width}"
            )

    @property
    def default_width(self) -> int:
        """The width where none is named: the smallest whose mean overlap is at least .95."""
        return self.full_width if self._basis is None else self._basis.default_width

    @property
    def overlap(self) -> dict[int, float]:
        """Mean overlap on held-out queries by measured width; 1 at full width."""
        return {**({} if self._basis is None else self._basis.overlap), self.full_width: 1.0}

    def overlap_at(self, width: int) -> float:
        """Return the overlap of the largest measured width that is no larger than `width`, or 0."""
        measured = [known for known in self.overlap if known <= width]
        return self.overlap[max(measured)] if measured else 0.0

    def check_width(self, width: int | None) -> int:
        """Return the width to use for a requested one.

        Raises
        ------
        InputError
            If there are no vectors of this width; the message names those that there are.
        """
        if width is None:
            return self.default_width
        columns = 0 if self._basis is None else self._basis.columns.shape[1]
        if 1 <= width <= columns or width == self.full_width:
            return width
        smaller = f"1 to {columns}, or " if columns else ""
        raise InputError("/dimensions", f"dimensions is {width}; this model has {smaller}{self.full_width}")

    def queries(self, queries: Sequence[Query], width: int) -> Float32Array:
        """Return query vectors, shape (n, width); `width` as `check_width` returns it."""
        if self._encoder.metric == "l2":
            return self._encoder.encode(queries).vectors
        rows = score_rows(self._encoder, queries)
        columns = self._columns(width)
        return rows if columns is None else np.asarray(rows @ columns, dtype=np.float32)

    def candidates(self, tags: Sequence[int], contexts: Sequence[IndexArray], width: int) -> Float32Array:
        """Return the vectors to index, shape (n, width).

        Parameters
        ----------
        tags
            Positions in the vocabulary.
        contexts
            The local context of the query to come, for encoders whose candidates depend on it.
        width
            As `check_width` returns it.
        """
        if self._encoder.metric == "l2":
            by_context = {context.tobytes(): self._encoder.candidates(context) for context in contexts}
            pairs = zip(tags, contexts, strict=True)
            return np.stack([by_context[context.tobytes()][tag] for tag, context in pairs])
        columns, picked = self._columns(width), np.asarray(tags, dtype=np.int64)
        if columns is not None:
            return columns[picked]
        vectors = np.zeros((len(picked), width), dtype=np.float32)
        vectors[np.arange(len(picked)), picked] = 1
        return vectors

    def _columns(self, width: int) -> Float32Array | None:
        if width == self.full_width or self._basis is None:
            return None
        return self._basis.columns[:, :width]


def mean_overlap(rows: Float32Array, approximate: FloatArray, queries: Sequence[Query]) -> float:
    """Return the mean overlap of two sets of score rows (n, n_tags), query and context left out."""
    shares = []
    for row, other, query in zip(rows, approximate, queries, strict=True):
        best, nearest = _best(row, query.local_context), _best(other, query.local_context)
        shares.append(len(np.intersect1d(best, nearest)) / max(len(best), 1))
    return float(np.mean(shares))


def _best(scores: FloatArray, left_out: IndexArray) -> IndexArray:
    ranked = np.setdiff1d(np.arange(len(scores)), left_out)
    return ranked[np.argsort(-scores[ranked], kind="stable")[:OVERLAP_AT]]
