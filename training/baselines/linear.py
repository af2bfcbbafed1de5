"""EASE and EDLAE: closed-form item-item regressions over the whole context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from models.encoders.contract import Tag
from models.encoders.linear_term import LinearTerm
from models.types import Float32Array, IndexArray
from training.baselines.method import Method
from training.corpus import TagCorpus
from training.fitting import counts
from training.fitting.held_out import hold_out, select, validation_queries
from training.fitting.linear_solver import TermScorer, fit_linear, solve_columns

Candidate = tuple[float, float]


class Edlae(Method):
    """Sums the context's rows of B; the query tag is one of the context.

    Parameters
    ----------
    settings
        (l2, dropout) pairs to choose from on validation documents; a single pair is used without validation.
    duplicate_weighted
        Whether n documents with the same tag set have the weight sqrt(n) together.
    neighbours
        Solve column by column, each on this many neighbours; by default the solution is exact.

    References
    ----------
    H. Steck, "Autoencoders that don't overfit towards the identity", NeurIPS 2020.
    """

    name: ClassVar[str] = "edlae"
    contextual: ClassVar[bool] = True
    supports_oov: ClassVar[bool] = True
    self_first: ClassVar[bool] = False

    def __init__(
        self,
        settings: Sequence[Candidate] = ((30.0, 0.7),),
        duplicate_weighted: bool = True,
        neighbours: int | None = None,
    ) -> None:
        self._settings = list(settings)
        self._weighted = duplicate_weighted
        self._neighbours = neighbours

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Choose the options if there are several, and solve on all documents."""
        chosen = self._settings[0]
        if len(self._settings) > 1:
            rest, held_out = hold_out(corpus, seed)
            popularity = rest.document_frequency
            queries = validation_queries(held_out, seed)
            chosen = select(
                self._settings, lambda pair: TermScorer(self._solve(rest, pair)), [queries], popularity
            )
        self.settings = chosen
        self._scorer = TermScorer(self._solve(corpus, chosen))
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Sum the rows of B; see `Method.score`."""
        return self._scorer.score(queries, contexts)

    def _solve(self, corpus: TagCorpus, settings: Candidate) -> LinearTerm:
        l2, dropout = settings
        weights = counts.duplicate_weights(corpus.matrix) if self._weighted else None
        together = counts.cooccurrence(corpus.matrix, weights)
        if self._neighbours is not None:
            return solve_columns(together, l2, dropout, self._neighbours)
        return fit_linear(together, l2, dropout)


class Ease(Edlae):
    """EDLAE without dropout and without duplicate weights.

    References
    ----------
    H. Steck, "Embarrassingly shallow autoencoders for sparse data", WWW 2019.
    """

    name: ClassVar[str] = "ease"

    def __init__(self, l2: Sequence[float] = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)) -> None:
        super().__init__([(penalty, 0.0) for penalty in l2], duplicate_weighted=False)
