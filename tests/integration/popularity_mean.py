"""A third encoder family, as small as one can be: what adding a family takes is this file and one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from models.encoders.contract import Encoded, Metric, OovRule, Query, TensorSpec
from models.types import Float32Array, IndexArray, NamedArrays


@dataclass(frozen=True)
class PopularityMeanEncoder:
    """The mean of the local context's vectors, and to each candidate's score its popularity and a pull.

    A tag of the local context adds `pull` to the score of the candidate after it in the vocabulary.

    Attributes
    ----------
    tag_vectors : array of shape (n_tags, dim), float32
    popularity : array of shape (n_tags,), float32
    """

    kind: ClassVar[str] = "popularity-mean"
    metric: ClassVar[Metric] = "ip"
    contextual_candidates: ClassVar[bool] = False
    supports_focus: ClassVar[bool] = False

    tag_vectors: Float32Array
    popularity: Float32Array
    pull: float
    oov_rule: OovRule = "nearest"

    @property
    def dim(self) -> int:
        return int(self.tag_vectors.shape[1]) + 1

    def encode(self, queries: Sequence[Query], with_added: bool = True) -> Encoded:
        vectors = np.ones((len(queries), self.dim), dtype=np.float32)
        for row, query in enumerate(queries):
            local = query.local_context
            vectors[row, :-1] = self.tag_vectors[local].mean(axis=0) if len(local) else 0
        added = [self.added_parts(query).sum(axis=0) for query in queries] if with_added else None
        return Encoded(vectors, None if added is None else np.stack(added).astype(np.float32))

    def added_parts(self, query: Query) -> Float32Array:
        n_tags = len(self.popularity)
        parts = np.zeros((len(query.local_context), n_tags), dtype=np.float32)
        parts[np.arange(len(parts)), (query.local_context + 1) % n_tags] = self.pull
        return parts

    def candidates(self, context: IndexArray | None) -> Float32Array:
        return np.column_stack([self.tag_vectors, self.popularity]).astype(np.float32)

    def similarity_vectors(self) -> Float32Array:
        return self.tag_vectors

    def settings(self) -> dict[str, Any]:
        n_tags, width = self.tag_vectors.shape
        return {"n_tags": n_tags, "width": width, "pull": self.pull}

    def tensors(self) -> dict[str, npt.NDArray[Any]]:
        return {"tag_vectors": self.tag_vectors, "popularity": self.popularity}

    @staticmethod
    def specs(settings: Mapping[str, Any]) -> dict[str, TensorSpec]:
        n_tags = settings["n_tags"]
        return {"tag_vectors": TensorSpec((n_tags, settings["width"])), "popularity": TensorSpec((n_tags,))}

    @staticmethod
    def width(settings: Mapping[str, Any]) -> int:
        return int(settings["width"]) + 1

    @classmethod
    def from_tensors(
        cls, settings: Mapping[str, Any], tensors: NamedArrays, oov_rule: OovRule
    ) -> PopularityMeanEncoder:
        return cls(tensors["tag_vectors"], tensors["popularity"], float(settings["pull"]), oov_rule)
