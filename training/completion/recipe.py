"""The recipe of a completion encoder; `training.recipe` reads it from its file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from training.fitting.linear_solver import DENSE_UP_TO, NEIGHBOURS
from training.fitting.recipe_table import Count, Dropout, Positive, RecipeTable, Share, Weight


class Linear(RecipeTable):
    """The EDLAE term: the (l2, dropout) pairs to choose from, and the share of attention in its weights."""

    settings: Annotated[tuple[tuple[Positive, Dropout], ...], Field(min_length=1)]
    tuned_up_to: Count
    attention: Share
    dense_up_to: Count = DENSE_UP_TO
    neighbours: Count = NEIGHBOURS


class Towers(RecipeTable):
    """The network."""

    variant: Literal["a", "b"]
    width: Count
    hidden: Count
    dropout: Dropout
    unseen: Dropout
    features: Count


class Training(RecipeTable):
    """Steps of AdamW, and the drawing of examples."""

    learning_rate: Positive
    weight_decay: Weight
    min_batch: Annotated[int, Field(ge=2)]
    max_batch: Annotated[int, Field(ge=2)]
    steps: Count
    epochs: Count
    max_steps: Count
    shown: tuple[Share, Share]
    distractors: Share

    @model_validator(mode="after")
    def _check_order(self) -> Training:
        if self.shown[0] > self.shown[1] or self.min_batch > self.max_batch:
            raise ValueError(
                f"the first of `shown` must be at most the second, and min_batch at most max_batch; "
                f"got shown {self.shown}, batches {self.min_batch} to {self.max_batch}"
            )
        return self


class Mixing(RecipeTable):
    """Weights and dampings of the linear term to choose from, and the weight of the co-occurrence shares.

    ``alone`` is the weight of the co-occurrence shares for a query of a single tag.
    """

    weights: Annotated[tuple[Weight, ...], Field(min_length=1)]
    dampings: Annotated[tuple[Weight, ...], Field(min_length=1)]
    alone: Weight


class CompletionRecipe(RecipeTable):
    """Everything that decides how a completion encoder is trained, except the corpus and the seed."""

    name: str
    family: Literal["completion"]
    description: str
    linear: Linear
    towers: Towers
    training: Training
    mixing: Mixing
