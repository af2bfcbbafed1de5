"""Scores of the whole vocabulary from an encoder, without a search index, as the protocols need them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.encoders.contract import Encoder, Query, Tag
from models.types import Float32Array, IndexArray


class EncoderScorer:
    """Scores with an encoder's vectors: inner products or negated distances, and the scores it adds.

    Parameters
    ----------
    encoder
        An encoder of any family.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Return scores of shape (n, n_tags); queries of one context share its candidates."""
        if not queries:
            return np.empty((0, len(self.encoder.candidates(None))), dtype=np.float32)
        asked = [Query(tag, context) for tag, context in zip(queries, contexts, strict=True)]
        encoded = self.encoder.encode(asked)
        rows_of: dict[bytes, list[int]] = {}
        for row, query in enumerate(asked):
            key = query.local_context.tobytes() if self.encoder.contextual_candidates else b""
            rows_of.setdefault(key, []).append(row)
        scores: list[Float32Array] = [np.empty(0, dtype=np.float32)] * len(asked)
        for rows in rows_of.values():
            candidates = self.encoder.candidates(asked[rows[0]].local_context)
            for row in rows:
                scores[row] = self._score(encoded.vectors[row], candidates)
        found = np.stack(scores)
        return found if encoded.added is None else found + encoded.added

    def _score(self, vector: Float32Array, candidates: Float32Array) -> Float32Array:
        if self.encoder.metric == "ip":
            return np.asarray(candidates @ vector)
        apart = candidates - vector
        return np.asarray(-np.sqrt(np.einsum("ij,ij->i", apart, apart)))
