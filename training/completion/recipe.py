"""The recipe of a completion encoder; `training.recipe` reads it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Count = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Dropout = Annotated[float, Field(ge=0, lt=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Linear(_Table):
    """The EDLAE term: (l2, dropout) to choose from, and how the attention enters it."""

    settings: Annotated[tuple[tuple[Positive, Dropout], ...], Field(min_length=1)]
    tuned_up_to: Count
    attention: Share
    dense_up_to: Count
    neighbours: Count


class Towers(_Table):
    """The network."""

    variant: Literal["a", "b"]
    width: Count
    hidden: Count
    dropout: Dropout
    unseen: Dropout
    features: Count


class Training(_Table):
    """Steps of AdamW, and how examples are drawn."""

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
                f"shown and batches must not fall; got shown {self.shown}, "
                f"batches {self.min_batch} to {self.max_batch}"
            )
        return self


class Mixing(_Table):
    """Weights and dampings of the linear term, to choose from by validation, and of a lone tag's company."""

    weights: Annotated[tuple[Weight, ...], Field(min_length=1)]
    dampings: Annotated[tuple[Weight, ...], Field(min_length=1)]
    alone: Weight


class CompletionRecipe(_Table):
    """Everything that decides how a completion encoder is trained, but for the corpus and the seed."""

    name: str
    family: Literal["completion"]
    description: str
    linear: Linear
    towers: Towers
    training: Training
    mixing: Mixing
