"""Cooccurrence shares: the share of a tag's documents that hold each other tag, for a query without context.

With a context, a regularised linear term and the towers know more than counts do; a query without context is
completed better by how often each other tag shares its documents.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.errors import BundleError
from models.types import Float32Array, IndexArray, Int32Array


@dataclass(frozen=True)
class CooccurrenceShare:
    """Scores of the tags that come with each tag, sparse, CSR.

    Attributes
    ----------
    indptr : array of shape (n_tags + 1,), int64
        Row bounds.
    indices : array of shape (n_stored,), int32
        Columns.
    values : array of shape (n_stored,), float32
        What a query tag without context adds to the score of another: the share of its documents that
        hold the other, times a weight that makes it comparable with the towers' scores.
    """

    indptr: IndexArray
    indices: Int32Array
    values: Float32Array

    def row(self, tag: int) -> Float32Array:
        """Return what `tag` adds to the score of every tag, shape (n_tags,)."""
        added = np.zeros(len(self.indptr) - 1, dtype=np.float32)
        stored = slice(self.indptr[tag], self.indptr[tag + 1])
        added[self.indices[stored]] = self.values[stored]
        return added

    def weighted(self, weight: float) -> CooccurrenceShare:
        """Return it with all values times `weight`."""
        return replace(self, values=self.values * np.float32(weight))

    def validate(self) -> None:
        """Check what a file may have got wrong; BundleError if bounds or columns are out of range."""
        check_rows("company", self.indptr, self.indices)


def check_rows(name: str, indptr: IndexArray, indices: Int32Array) -> None:
    """Check the bounds and columns of a square sparse matrix kept by rows.

    Raises
    ------
    BundleError
        If the bounds do not rise from 0 to the number of columns stored, or a column is not one of the
        tags.
    """
    n_tags, bounds = len(indptr) - 1, (int(indptr[0]), int(indptr[-1]))
    if bounds != (0, len(indices)) or (np.diff(indptr) < 0).any():
        raise BundleError(
            f"{name}_indptr must rise from 0 to {len(indices)}; goes from {bounds[0]} to {bounds[1]}"
        )
    if len(indices) and not 0 <= indices.min() <= indices.max() < n_tags:
        raise BundleError(
            f"{name}_indices must be from 0 to {n_tags - 1}; got {indices.min()} to {indices.max()}"
        )
