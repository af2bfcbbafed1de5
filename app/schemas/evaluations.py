"""Evaluations: jobs that clients start, follow and read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from app.schemas.base import MAX_NUMBER, Listed, Parameters, Request, TagText


class EvaluationRequest(Request):
    """What to measure, on which documents."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"protocol": "completion", "corpus": "store", "k": [5, 20]},
                {
                    "protocol": "priming",
                    "model": "default",
                    "documents": [["hip hop", "chill", "lo-fi"], ["indie rock", "lo-fi"]],
                    "seed": 7,
                },
            ]
        }
    )

    protocol: Literal["priming", "completion", "oov"] = Field(
        description="`priming`: each tag of a document is a query for the others, as in the paper; "
        "`completion`: half of a document is the query for the hidden half; `oov`: tags outside the "
        "vocabulary are queries for those inside."
    )
    model: str | None = Field(default=None, description="An alias, NAME or NAME@VERSION; else `default`.")
    compare: str | None = Field(
        default=None,
        description="A second model, measured on the same queries; differences come with a paired test.",
    )
    corpus: Literal["store", "demo"] | None = Field(
        default=None,
        description="`store`: the documents of the store; `demo`: invented ones that come with the service, "
        "and that no demo bundle was trained on.",
    )
    documents: Listed[Listed[TagText]] | None = Field(
        default=None, description="Instead of a corpus: the tags of each document."
    )
    k: Listed[Annotated[PositiveInt, Field(le=MAX_NUMBER)]] = Field(
        default=[1, 2, 5, 10],
        min_length=1,
        description="Cutoffs: the metrics hold `P@k`, `Recall@k` and `nDCG@k` for each of them.",
    )
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="Of everything that is drawn.")

    @model_validator(mode="after")
    def _one_source(self) -> EvaluationRequest:
        if (self.corpus is None) == (self.documents is None):
            raise ValueError("either corpus or documents is needed, not both")
        return self


class Measured(BaseModel):
    """What one model reached."""

    model: str = Field(description="NAME@VERSION.")
    metrics: dict[str, float] = Field(
        description="Means over all queries, by name.",
        examples=[{"P@5": 0.42, "Recall@5": 0.38, "nDCG@5": 0.47, "MRR": 0.61}],
    )
    curve: list[float] | None = Field(
        description="Interpolated precision at recall 0, 0.1, ..., 1; null where the protocol draws none."
    )


class Difference(BaseModel):
    """How two models differ in one metric, document by document."""

    mean: float = Field(description="The second model's mean less the first's, over documents.")
    p_value: float = Field(description="Of a paired sign-flip test, two-sided.")


class EvaluationResult(BaseModel):
    """The figures."""

    documents: int = Field(description="Documents that gave queries.")
    queries: int
    measured: list[Measured] = Field(description="The model, then the one it is compared with.")
    differences: dict[str, Difference] | None = Field(default=None, description="By metric.")


class EvaluationResponse(BaseModel):
    """An evaluation, from queue to result."""

    id: str
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: float = Field(description="Share of queries that are done, 0 to 1.")
    request: dict[str, Any]
    result: EvaluationResult | None = None
    reason: str | None = Field(default=None, description="Why it failed.")
    created_at: datetime
    finished_at: datetime | None = None


class EvaluationsQuery(Parameters):
    """Which evaluations to list."""

    limit: int = Field(default=50, ge=1, le=MAX_NUMBER, description="How many, at most.")
    cursor: str | None = Field(default=None, description="`next_cursor` of the page before.")


class EvaluationsResponse(BaseModel):
    """A page of evaluations, newest first."""

    evaluations: list[EvaluationResponse]
    next_cursor: str | None
