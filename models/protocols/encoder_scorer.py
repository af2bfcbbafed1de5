"""An encoder as the protocols see it: scores of the whole vocabulary, no index in between."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.encoders.completion import CompletionEncoder
from models.encoders.contract import Encoder, Tag

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


class EncoderScorer:
    """Scores with an encoder's vectors: inner products and what is added to them, or negated distances.

    Parameters
    ----------
    encoder
        Any family.
    """

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder

    def score(self, queries: Sequence[Tag], contexts: Sequence[Indices]) -> Floats:
        """Return scores of shape (n, n_tags); queries of one context share its candidates."""
        if not queries:
            return np.empty((0, len(self.encoder.candidates(None))), dtype=np.float32)
        vectors = self.encoder.encode_queries(queries, contexts)
        rows_of: dict[bytes, list[int]] = {}
        for row, context in enumerate(contexts):
            key = np.unique(context).tobytes() if self.encoder.contextual_candidates else b""
            rows_of.setdefault(key, []).append(row)
        scores: list[Floats] = [np.empty(0, dtype=np.float32)] * len(queries)
        for rows in rows_of.values():
            candidates = self.encoder.candidates(
                contexts[rows[0]] if self.encoder.contextual_candidates else None
            )
            for row in rows:
                scores[row] = self._score(vectors[row], candidates)
        found = np.stack(scores)
        if isinstance(self.encoder, CompletionEncoder):
            found += self.encoder.linear_scores(queries, contexts)
        return found

    def _score(self, vector: Floats, candidates: Floats) -> Floats:
        if self.encoder.metric == "ip":
            return np.asarray(candidates @ vector)
        apart = candidates - vector
        return np.asarray(-np.sqrt(np.einsum("ij,ij->i", apart, apart)))
