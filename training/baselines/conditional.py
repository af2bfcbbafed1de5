"""P(c | q): the share of the query's documents that hold a tag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from models.encoders.contract import Tag
from models.features import Usage
from models.types import Float32Array, IndexArray
from training.baselines.cooccurrence import Cooccurrence


class Conditional(Cooccurrence):
    """Has the rankings of raw co-occurrence, but scores that are shares and comparable between queries."""

    name: ClassVar[str] = "conditional"

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Divide the query's counts by its documents; see `Method.score`."""
        scores = super().score(queries, contexts)
        own = [
            query.n_documents if isinstance(query, Usage) else scores[i, query]
            for i, query in enumerate(queries)
        ]
        return np.asarray(scores / np.maximum(np.asarray(own, dtype=np.float32), 1.0)[:, None])
