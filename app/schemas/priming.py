"""Queries and rankings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, WithJsonSchema
from pydantic.config import JsonDict

from app.errors import Problem
from app.schemas.base import MAX_NUMBER, Listed, ModelVersion, Request, TagText, example
from app.schemas.weights import ContextTag

_QUERY: JsonDict = {"tag": "lo-fi", "context": ["hip hop", "chill"], "limit": 5}
_ANSWER: JsonDict = {
    "tag": "Lo-Fi",
    "resolved": {"tag": "lo-fi", "step": "exact"},
    "in_vocabulary": True,
    "context_used": ["hip hop"],
    "context_ignored": [{"tag": "chilllll", "reason": "out_of_vocabulary"}],
    "model": {"name": "demo", "version": "5b41f0c9a7e2d310"},
    "results": [{"rank": 1, "tag": "jazz rap", "score": 0.61, "distance": 0.64}],
    "total": 318,
}


class PrimeRequest(Request):
    """A tag, and the tags that say in which sense it is meant."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [_QUERY, {"tag": "lo-fi", "context": ["indie rock", "garage"], "limit": 5}]
        }
    )

    tag: TagText = Field(description="The tag to find related tags for, in any spelling.")
    context: Listed[ContextTag] = Field(
        default=[],
        description='Tags it stands with, on the same track for example. One may be given as `{"tag", '
        '"weight"}`; the weight must be above 0, and the models of today count each tag once.',
    )
    limit: int = Field(default=10, ge=1, le=MAX_NUMBER, description="How many results, at most.")
    exclude: Listed[TagText] = Field(default=[], description="Tags that must not be in the results.")
    include_context: bool = Field(default=False, description="Whether context tags may be in the results.")
    score_threshold: FiniteFloat | None = Field(
        default=None, description="Leave out results that score below this."
    )
    focus: FiniteFloat = Field(
        default=1.0,
        gt=0,
        le=10,
        description="How much the tag itself counts among its context: 1 completes a track, about 2 finds "
        "what is related to this tag. Only models of the completion family take another than 1.",
    )
    explain: bool = Field(
        default=False, description="Whether each result says what the context did for its score."
    )
    model: str | None = Field(
        default=None, description="An alias, a bundle's name, or NAME@VERSION; else the alias `default`."
    )


class PrimeQuery(PrimeRequest):
    """A query as parameters of an address; a list is its parameter, repeated."""

    model_config = ConfigDict(strict=False, json_schema_extra={})

    context: list[TagText] = Field(
        default=[], description="Tags it stands with, on the same track for example."
    )


class Resolved(BaseModel):
    """How a tag was understood."""

    tag: str = Field(description="The tag that it was resolved to.")
    step: Literal["exact", "alias", "separator", "oov"] = Field(
        description="`exact`: it is in the vocabulary; `alias`: the alias table names it; `separator`: the "
        "vocabulary writes it with other spaces or hyphens; `oov`: it is not in the vocabulary."
    )
    usage: Literal["store", "context"] | None = Field(
        default=None,
        description="Of a tag outside the vocabulary, how its use is known: from documents in the "
        "`store`, or from this query's own `context` alone.",
    )
    usage_documents: int | None = Field(
        default=None, description="On how many documents of the store the tag is."
    )
    suggestions: list[str] | None = Field(
        default=None,
        description="Of a tag outside the vocabulary, similar tags; they are suggested, never substituted.",
    )


class Understood(BaseModel):
    """A context tag that was resolved to another spelling."""

    given: str
    tag: str
    step: Literal["alias", "separator"]


class Ignored(BaseModel):
    """A context tag that had no part in the answer."""

    tag: str = Field(description="The tag as given.")
    reason: Literal["out_of_vocabulary", "duplicate", "is_the_query", "junk"]


class Contribution(BaseModel):
    """What one context tag added to a result's score."""

    tag: str
    linear: float = Field(description="Its exact part of the linear term; 0 in models without one.")
    network: float = Field(description="What the rest of the score would lose without it.")


class Explanation(BaseModel):
    """Where a result's score comes from.

    `query` and every `linear` are exact parts. `network` is found by leaving the tag out, which need not
    add up; `remainder` is what is left of the score, so that everything here sums to it.
    """

    query: float = Field(description="The query tag's own part of the linear term.")
    context: list[Contribution] = Field(description="Context tags, the most influential first.")
    remainder: float


class Result(BaseModel):
    """A related tag."""

    rank: int = Field(ge=1)
    tag: str
    score: float = Field(description="Higher is more related; comparable between answers of one version.")
    distance: float | None = Field(
        default=None, description="Euclidean distance to the query, of models that have one."
    )
    explanation: Explanation | None = Field(default=None, description="Present if `explain` was asked for.")


class PrimeResponse(BaseModel):
    """The ranking of the vocabulary's tags for one query."""

    model_config = example(_ANSWER)

    tag: str = Field(description="The tag as given.")
    resolved: Resolved
    in_vocabulary: bool
    context_used: list[str] = Field(description="Context tags that shaped the ranking, as understood.")
    context_understood: list[Understood] | None = Field(
        default=None, description="Which of them were written otherwise."
    )
    context_ignored: list[Ignored]
    model: ModelVersion
    results: list[Result] = Field(description="Best first.")
    total: int = Field(description="How many tags were ranked, after exclusions and threshold.")
    reason: str | None = Field(default=None, description="Why there are no results, if that needs saying.")


class BatchRequest(Request):
    """Several queries at once."""

    model_config = example({"queries": [_QUERY, {"tag": "acoustic", "context": ["jazz"]}]})

    # Each is validated on its own, so that a bad one does not spoil the others.
    queries: Annotated[
        list[Any],
        WithJsonSchema({"type": "array", "minItems": 1, "items": {}}),
    ] = Field(min_length=1, description="Queries, each as for `/v1/prime`.")


class BatchItem(BaseModel):
    """The answer to one query of a batch: a result or a problem."""

    status: int = Field(description="The status that the query alone would have been answered with.")
    result: PrimeResponse | None = None
    problem: Problem | None = None


class BatchResponse(BaseModel):
    """The answers to a batch, in its order."""

    model_config = example({"items": [{"status": 200, "result": _ANSWER}]})

    items: list[BatchItem]
