"""The company a tag keeps, counted."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from models.encoders.cooccurrence_share import CooccurrenceShare
from training.fitting.counts import Weights, cooccurrence


def company(matrix: sparse.csr_array, weights: Weights, neighbours: int) -> CooccurrenceShare:
    """Return which share of each tag's documents holds each other tag, the `neighbours` largest shares a tag.

    A document counts by the root of its weight. Nothing but counts answers here, so what is common in the
    collection has to stay common: with the weights as they are, a catalogue of many copies was answered
    worse than by its plain counts; with none, MagnaTagATune was.

    Parameters
    ----------
    matrix : sparse array of shape (n_documents, n_tags)
        1 where a document holds a tag.
    weights : array of shape (n_documents,)
        See :func:`training.fitting.counts.duplicate_weights`.
    neighbours
        Shares kept for a tag; of equal ones the first.
    """
    counts = cooccurrence(matrix, np.sqrt(weights))
    rows, shares, lengths = [], [], []
    document_frequency = counts.diagonal()
    for tag in range(counts.shape[0]):
        stored = slice(counts.indptr[tag], counts.indptr[tag + 1])
        met, together = counts.indices[stored], counts.data[stored]
        others = (met != tag) & (together > 0)
        met, together = met[others], together[others]
        if len(met) > neighbours:
            best = np.sort(np.argsort(-together, kind="stable")[:neighbours])
            met, together = met[best], together[best]
        rows.append(met)
        shares.append(together / document_frequency[tag] if len(met) else together)
        lengths.append(len(met))
    return CooccurrenceShare(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate(rows).astype(np.int32),
        np.concatenate(shares).astype(np.float32),
    )
