"""The completion encoder as a method: trained, exported, and scored by the encoder that is served."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from models.encoders.contract import Tag
from models.protocols.encoder_scorer import EncoderScorer
from models.types import Float32Array, IndexArray
from training.baselines.method import Method
from training.completion.fit import fit_completion
from training.completion.recipe import CompletionRecipe
from training.corpus import TagCorpus
from training.recipe import load_recipe_of


class CompletionMethod(Method):
    """Trains by a recipe and scores with the NumPy encoder.

    Parameters
    ----------
    recipe
        A completion recipe's name.
    **changes
        ``table={key: value}``: values that replace those of the recipe.
    """

    name: ClassVar[str] = "completion"
    contextual: ClassVar[bool] = True
    supports_oov: ClassVar[bool] = True
    self_first: ClassVar[bool] = False

    def __init__(self, recipe: str = "completion", **changes: dict[str, Any]) -> None:
        content = load_recipe_of(CompletionRecipe, recipe).model_dump()
        for table, values in changes.items():
            content[table] |= values
        self.recipe = CompletionRecipe.model_validate(content)

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Train the encoder."""
        self.trained = fit_completion(corpus, self.recipe, seed)
        self._scorer = EncoderScorer(self.trained.encoder)
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Score with both terms; see `Method.score`."""
        return self._scorer.score(queries, contexts)
