"""LSA of the whole context: the bag of tags is folded into the latent space and reconstructed from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from models.encoders.contract import Tag
from models.types import Float32Array, IndexArray
from training.baselines.method import Method
from training.corpus import TagCorpus
from training.fitting.held_out import hold_out, select, validation_queries

Candidate = tuple[int, float]

SETTINGS: tuple[Candidate, ...] = tuple(
    (dim, power) for power in (0.5, 0.25, 0.75) for dim in (10, 5, 20, 40, 80)
)


class LsaContext(Method):
    """Scores a tag by the context's reconstruction from the latent space: x S V V'.

    The usual LSA score, the cosine of two tags' vectors, ignores the context.

    Parameters
    ----------
    settings
        (dim, power) to choose from on validation documents: singular vectors kept, and the power of the
        document frequency that a tag's column is divided by, 0 for unscaled counts; with large powers
        frequent tags dominate the latent space less.

    References
    ----------
    P. Cremonesi, Y. Koren, R. Turrin, "Performance of recommender algorithms on top-N recommendation
    tasks", RecSys 2010 (PureSVD).
    """

    name: ClassVar[str] = "lsa-context"
    contextual: ClassVar[bool] = True
    self_first: ClassVar[bool] = False

    def __init__(self, settings: Sequence[Candidate] = SETTINGS) -> None:
        self._settings = list(settings)

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Choose the options if there are several, and decompose all documents."""
        settings = [(min(dim, corpus.n_tags - 1), power) for dim, power in self._settings]
        chosen = settings[0]
        if len(settings) > 1:
            rest, held_out = hold_out(corpus, seed)
            queries = validation_queries(held_out, seed)
            chosen = select(
                list(dict.fromkeys(settings)),
                lambda one: LsaContext([one]).fit(rest, seed),
                [queries],
                rest.document_frequency,
            )
        self.notes = {"settings": f"dim {chosen[0]}, power {chosen[1]}"}
        return self._decompose(corpus, *chosen, seed)

    def _decompose(self, corpus: TagCorpus, dim: int, power: float, seed: int) -> Self:
        scale = np.maximum(corpus.document_frequency, 1.0) ** -power
        scaled = sparse.csr_matrix(corpus.matrix.astype(np.float64).multiply(scale[None, :]))
        _, _, directions = randomized_svd(scaled, dim, random_state=seed)
        self._folding = np.asarray(directions.T * scale[:, None], dtype=np.float32)
        self._reading = np.asarray(directions / scale[None, :], dtype=np.float32)
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Fold each context in and reconstruct all tags; see `Method.score`."""
        scores = np.empty((len(queries), self._reading.shape[1]), dtype=np.float32)
        for row, context in zip(scores, contexts, strict=True):
            row[:] = self._folding[context].sum(axis=0) @ self._reading
        return scores
