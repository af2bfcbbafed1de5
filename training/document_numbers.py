"""A stream of documents as numbers: what a large collection is kept in while it is read."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import repeat

import numpy as np
import numpy.typing as npt
from scipy import sparse

from models.catalogues.document import Document
from models.errors import CorpusError


class DocumentNumbers:
    """The documents met so far, a tag as its number in the order in which tags were first met.

    Parameters
    ----------
    name
        The collection's, for errors.
    documents
        Read to the end; none of them is kept.
    index_to_key
        The tags that there can be, in order; by default those that are met.

    Raises
    ------
    CorpusError
        If there is no document, or only some of them name a group.
    """

    def __init__(
        self, name: str, documents: Iterable[Document], index_to_key: Sequence[str] | None = None
    ) -> None:
        self.ids: list[str] = []
        self.groups: list[str] = []
        self._fixed = index_to_key is not None
        self._numbers = {key: number for number, key in enumerate(index_to_key or ())}
        self._held, self._ends, self._weights = array("q"), array("q", [0]), array("d")
        for document in documents:
            self._add(document)
        if not self.ids:
            raise CorpusError(f"corpus {name} holds no document")
        if self.groups and len(self.groups) != len(self.ids):
            raise CorpusError(
                f"corpus {name}: {len(self.groups)} of {len(self.ids)} documents name a group; "
                "all must, or none"
            )

    def _add(self, document: Document) -> None:
        numbers = self._numbers
        if self._fixed:
            self._held.extend(numbers[tag] for tag in document.tags)
        else:
            self._held.extend(numbers.setdefault(tag, len(numbers)) for tag in document.tags)
        if document.weights is not None:
            self._weigh_up_to(self._ends[-1])
            self._weights.extend(document.weights)
        self._ends.append(len(self._held))
        self.ids.append(document.id)
        if document.group is not None:
            self.groups.append(document.group)

    def _weigh_up_to(self, n_held: int) -> None:
        self._weights.extend(repeat(1.0, n_held - len(self._weights)))

    def matrices(self) -> tuple[list[str], sparse.csr_array, sparse.csr_array | None]:
        """Return the tags in order (sorted, if they were those met), what holds what, and the weights.

        Returns
        -------
        index_to_key
            The tags.
        matrix : sparse array of shape (n_documents, n_tags), float32
            1 where a document holds a tag; canonical CSR.
        weights : sparse array of that shape, float64, or None
            The weights at the same places; None if no document has any.
        """
        indices: npt.NDArray[np.integer] = np.frombuffer(self._held, dtype=np.int64)
        index_to_key = list(self._numbers)
        if not self._fixed:
            index_to_key.sort()
            place = np.empty(len(index_to_key), dtype=np.int64)
            place[[self._numbers[tag] for tag in index_to_key]] = np.arange(len(index_to_key))
            indices = place[indices]
        indptr: npt.NDArray[np.integer] = np.frombuffer(self._ends, dtype=np.int64)
        shape = (len(self.ids), len(index_to_key))
        weights = None
        if self._weights:
            self._weigh_up_to(len(self._held))
            weights = _canonical(np.frombuffer(self._weights), indices, indptr, shape)
            indices, indptr = weights.indices, weights.indptr
        matrix = _canonical(np.ones(len(indices), dtype=np.float32), indices, indptr, shape)
        matrix.data[:] = 1.0
        return index_to_key, matrix, weights


def _canonical(
    values: npt.NDArray[np.floating],
    indices: npt.NDArray[np.integer],
    indptr: npt.NDArray[np.integer],
    shape: tuple[int, int],
) -> sparse.csr_array:
    matrix = sparse.csr_array((values, indices, indptr), shape=shape)
    matrix.sum_duplicates()  # sorts, too
    return matrix
