"""The company a tag keeps, from co-occurrence counts."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from models.company import Company


def company(counts: sparse.csr_array, neighbours: int) -> Company:
    """Return which share of each tag's documents holds each other tag, the `neighbours` largest shares a tag.

    Parameters
    ----------
    counts : sparse array of shape (n_tags, n_tags)
        G of :func:`training.completion.counts.cooccurrence`.
    neighbours
        Shares kept for a tag; of equal ones the first.
    """
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
    return Company(
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate(rows).astype(np.int32),
        np.concatenate(shares).astype(np.float32),
    )
