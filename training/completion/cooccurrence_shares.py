"""Co-occurrence shares: the share of a tag's documents that hold each other tag."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from models.encoders.cooccurrence_share import CooccurrenceShare
from models.types import Float64Array
from training.fitting.counts import cooccurrence


def cooccurrence_shares(
    matrix: sparse.csr_array, weights: Float64Array, neighbours: int
) -> CooccurrenceShare:
    """Return the `neighbours` largest shares of each tag.

    Each document is weighted by the square root of its duplicate weight. For a query of a single tag these
    shares replace the linear term, so they must reflect how common tags are in the collection. With the full
    weights, rankings on a catalogue of many duplicates are worse than those of unweighted counts; without
    weights, rankings on MagnaTagATune are worse.

    Parameters
    ----------
    matrix : sparse array of shape (n_documents, n_tags)
        1 where a document holds a tag.
    weights : array of shape (n_documents,)
        See :func:`training.fitting.counts.duplicate_weights`.
    neighbours
        Number of shares kept for each tag; of equal shares the first is kept.
    """
    counts = cooccurrence(matrix, np.sqrt(weights))
    rows, shares, lengths = [], [], []
    document_frequency = counts.diagonal()
    for tag in range(counts.shape[0]):
        stored = slice(counts.indptr[tag], counts.indptr[tag + 1])
        others, together = counts.indices[stored], counts.data[stored]
        kept = (others != tag) & (together > 0)
        others, together = others[kept], together[kept]
        if len(others) > neighbours:
            best = np.sort(np.argsort(-together, kind="stable")[:neighbours])
            others, together = others[best], together[best]
        rows.append(others)
        shares.append(together / document_frequency[tag] if len(others) else together)
        lengths.append(len(others))
    return CooccurrenceShare(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate(rows).astype(np.int32),
        np.concatenate(shares).astype(np.float32),
    )
