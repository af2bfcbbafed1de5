"""The base class of every recipe's tables, and types of bounded numbers."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=1)]
Steps = Annotated[int, Field(ge=0)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Dropout = Annotated[float, Field(ge=0, lt=1)]


class RecipeTable(BaseModel):
    """A table of a recipe file. It is immutable, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
