"""A corpus in memory: a sparse matrix of documents and tags, with its selections, filters and folds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from models.catalogues.document import Document
from models.errors import CorpusError
from models.types import IndexArray
from models.vocabulary import Vocabulary
from training.document_numbers import DocumentNumbers


@dataclass(frozen=True)
class Provenance:
    """Where a collection comes from.

    Attributes
    ----------
    source
        The publisher and the address.
    citation
        The publication to cite.
    licence
        The licence, as the publisher states it.
    files
        SHA-256 of every input file, by file name.
    notes
        Sentences on what loading changed or left out.
    """

    source: str
    citation: str
    licence: str
    files: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TagCorpus:
    """Documents (bags of tags) over a fixed list of tags.

    Attributes
    ----------
    name
        The collection's short name, e.g. ``cal500``.
    index_to_key
        The tags, normalised and distinct; column j of `matrix` is tag j.
    matrix : sparse array of shape (n_documents, n_tags), float32
        1 where the document holds the tag; canonical CSR (sorted, no duplicates, no zeros).
    weights : sparse array of shape (n_documents, n_tags), float64, or None
        How much each tag of a document is backed by, above 0; it holds what `matrix` holds, at the same
        places. None if all weights are 1.
    document_ids
        The publisher's names of the documents.
    provenance
        Source, citation, licence and checksums.
    groups
        The group of each document (an artist, an album), which no split divides; None without groups.
    """

    name: str
    index_to_key: tuple[str, ...]
    matrix: sparse.csr_array
    document_ids: tuple[str, ...]
    provenance: Provenance
    groups: tuple[str, ...] | None = None
    weights: sparse.csr_array | None = None

    def __post_init__(self) -> None:
        if self.matrix.shape != (len(self.document_ids), len(self.index_to_key)):
            raise CorpusError(
                f"corpus {self.name}: a matrix of shape {self.matrix.shape} does not fit "
                f"{len(self.document_ids)} documents and {len(self.index_to_key)} tags"
            )
        if self.groups is not None and len(self.groups) != len(self.document_ids):
            raise CorpusError(
                f"corpus {self.name}: {len(self.groups)} groups for {len(self.document_ids)} documents"
            )

    @classmethod
    def from_documents(
        cls,
        name: str,
        documents: Iterable[Document],
        provenance: Provenance,
        index_to_key: Sequence[str] | None = None,
    ) -> TagCorpus:
        """Build a corpus from documents with normalised tags.

        Without `index_to_key`, the tags are those of the documents, in sorted order.

        Raises
        ------
        CorpusError
            If there is no document, or none or only some of them name a group.
        """
        numbers = DocumentNumbers(name, documents, index_to_key)
        keys, matrix, weights = numbers.matrices()
        return cls(
            name=name,
            index_to_key=tuple(keys),
            matrix=matrix,
            document_ids=tuple(numbers.ids),
            provenance=provenance,
            groups=tuple(numbers.groups) or None,
            weights=weights,
        )

    @property
    def n_documents(self) -> int:
        """Number of documents."""
        return len(self.document_ids)

    @property
    def n_tags(self) -> int:
        """Number of tags."""
        return len(self.index_to_key)

    @cached_property
    def document_frequency(self) -> IndexArray:
        """Documents that hold each tag, shape (n_tags,)."""
        return np.bincount(self.matrix.indices, minlength=self.n_tags).astype(np.int64)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The tags with their document frequencies."""
        return Vocabulary(self.index_to_key, self.document_frequency)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the tags and of the documents' content; names and provenance do not enter it."""
        digest = hashlib.sha256("\n".join(self.index_to_key).encode())
        digest.update(np.asarray(self.matrix.indptr, dtype=np.int64).tobytes())
        digest.update(np.asarray(self.matrix.indices, dtype=np.int64).tobytes())
        if self.weights is not None:
            digest.update(self.weights.data.tobytes())
        return digest.hexdigest()

    def documents(self) -> list[IndexArray]:
        """Return each document's tags as a sorted array of tag indices."""
        indices = self.matrix.indices.astype(np.int64)
        return np.split(indices, self.matrix.indptr[1:-1])

    def tagged(self) -> Iterator[Document]:
        """Yield each document by the names of its tags, with their weights."""
        for row, (name, tags) in enumerate(zip(self.document_ids, self.documents(), strict=True)):
            weights = None
            if self.weights is not None:
                start, end = self.weights.indptr[row : row + 2]
                weights = tuple(self.weights.data[start:end].tolist())
                weights = None if all(weight == 1 for weight in weights) else weights
            group = None if self.groups is None else self.groups[row]
            yield Document(name, tuple(self.index_to_key[tag] for tag in tags.tolist()), group, weights)

    def select(self, rows: npt.ArrayLike) -> TagCorpus:
        """Return the documents `rows`, over the same tags."""
        rows = np.asarray(rows, dtype=np.int64)
        return replace(
            self,
            matrix=sparse.csr_array(self.matrix[rows]),
            document_ids=tuple(self.document_ids[row] for row in rows),
            groups=None if self.groups is None else tuple(self.groups[row] for row in rows),
            weights=None if self.weights is None else sparse.csr_array(self.weights[rows]),
        )

    def with_tags(self, tags: npt.ArrayLike) -> TagCorpus:
        """Return all documents over the tags at positions `tags` only; documents may become empty."""
        tags = np.asarray(tags, dtype=np.int64)
        return replace(
            self,
            index_to_key=tuple(self.index_to_key[tag] for tag in tags),
            matrix=_columns(self.matrix, tags),
            weights=None if self.weights is None else _columns(self.weights, tags),
        )

    def filter(self, min_documents: int = 1, min_tags: int = 1) -> TagCorpus:
        """Keep tags on at least `min_documents` documents, then documents with at least `min_tags` tags.

        The filters are applied once, in that order, so a tag may remain on fewer than `min_documents`
        documents; tags on no document are dropped.

        Raises
        ------
        CorpusError
            If nothing is left.
        """
        corpus = self.with_tags(np.flatnonzero(self.document_frequency >= min_documents))
        corpus = corpus.select(np.flatnonzero(np.diff(corpus.matrix.indptr) >= min_tags))
        corpus = corpus.with_tags(np.flatnonzero(corpus.document_frequency))
        if not corpus.n_documents:
            raise CorpusError(
                f"corpus {self.name}: no document has {min_tags} tags on {min_documents} documents"
            )
        return corpus

    def reserve(self, tags: npt.ArrayLike) -> tuple[TagCorpus, IndexArray]:
        """Take out `tags` and every document with one of them (the OOV split of the paper's section 5.2).

        Returns
        -------
        corpus
            The documents without any of `tags`, over the other tags.
        reserved : array of int
            Rows of this corpus that hold at least one of `tags`.
        """
        tags = np.asarray(tags, dtype=np.int64)
        held = self.matrix[:, tags].sum(axis=1) > 0
        others = np.setdiff1d(np.arange(self.n_tags), tags)
        return self.select(np.flatnonzero(~held)).with_tags(others), np.flatnonzero(held)

    def folds(self, n_folds: int = 3, seed: int = 0) -> list[tuple[IndexArray, IndexArray]]:
        """Return (training rows, test rows) of each fold; the folds divide a seeded permutation."""
        self._check_folds(n_folds, self.n_documents, "documents")
        parts = np.array_split(np.random.RandomState(seed).permutation(self.n_documents), n_folds)
        return [(np.concatenate(parts[:f] + parts[f + 1 :]), parts[f]) for f in range(n_folds)]

    def grouped_folds(self, n_folds: int = 3, seed: int = 7) -> list[tuple[IndexArray, IndexArray]]:
        """Return (training rows, test rows) of each fold, no group in both; rows in file order.

        Groups (documents, where there are none) are permuted, and every `n_folds`-th of them is tested in the
        same fold, as in the completion protocol.
        """
        group_of = self.group_numbers()
        n_groups = int(group_of.max()) + 1
        self._check_folds(n_folds, n_groups, "groups")
        order = np.random.RandomState(seed).permutation(n_groups)
        folds = []
        for f in range(n_folds):
            tested = np.isin(group_of, order[f::n_folds])
            folds.append((np.flatnonzero(~tested), np.flatnonzero(tested)))
        return folds

    def group_numbers(self) -> IndexArray:
        """Return each document's group as a number, in sorted order of the groups; its row without groups."""
        if self.groups is None:
            return np.arange(self.n_documents)
        _, numbers = np.unique(np.asarray(self.groups, dtype=object).astype(str), return_inverse=True)
        return numbers.astype(np.int64)

    def _check_folds(self, n_folds: int, available: int, unit: str) -> None:
        if not 2 <= n_folds <= available:
            raise CorpusError(
                f"corpus {self.name}: cannot make {n_folds} folds of {available} {unit}; "
                f"2 to {available} are possible"
            )


def _columns(matrix: sparse.csr_array, tags: IndexArray) -> sparse.csr_array:
    chosen = sparse.csr_array(matrix[:, tags])
    chosen.sort_indices()
    return chosen
