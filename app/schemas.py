"""What goes in and out over HTTP. Requests refuse fields and types they do not know."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat


class Request(BaseModel):
    """The root of all requests: no unknown field, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class PrimeRequest(Request):
    """A tag, and the tags that say in which sense it is meant."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"tag": "lo-fi", "context": ["hip hop", "chill"], "limit": 5},
                {"tag": "lo-fi", "context": ["indie rock", "garage"], "limit": 5},
            ]
        }
    )

    tag: str = Field(description="The tag to find relatives of, as somebody wrote it.")
    context: list[str] = Field(default=[], description="Tags it stands with, on the same track for example.")
    limit: int = Field(default=10, ge=1, description="How many results, at most.")
    exclude: list[str] = Field(default=[], description="Tags that must not be in the results.")
    include_context: bool = Field(default=False, description="Whether context tags may be in the results.")
    score_threshold: FiniteFloat | None = Field(
        default=None, description="Leave out results that score below this."
    )
    model: str | None = Field(default=None, description="The name of a bundle, or an alias; else `default`.")


class Resolved(BaseModel):
    """How a tag was understood."""

    tag: str = Field(description="The tag it was taken for.")
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


class Ignored(BaseModel):
    """A context tag that had no part in the answer."""

    tag: str = Field(description="The tag as given.")
    reason: Literal["out_of_vocabulary", "duplicate", "is_the_query"]


class ModelVersion(BaseModel):
    """Which model answered."""

    name: str
    version: str = Field(description="Hash of the bundle's content.")


class Result(BaseModel):
    """A related tag."""

    rank: int = Field(ge=1)
    tag: str
    score: float = Field(description="Higher is more related; comparable between answers of one version.")
    distance: float | None = Field(
        default=None, description="Euclidean distance to the query, of models that have one."
    )


class PrimeResponse(BaseModel):
    """The ranking of the vocabulary's tags for one query."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "tag": "Lo-Fi",
                    "resolved": {"tag": "lo-fi", "step": "exact"},
                    "in_vocabulary": True,
                    "context_used": ["hip hop"],
                    "context_ignored": [{"tag": "chilllll", "reason": "out_of_vocabulary"}],
                    "model": {"name": "demo", "version": "sha256:0b5e..."},
                    "results": [{"rank": 1, "tag": "jazz rap", "score": 0.61, "distance": 0.64}],
                    "total": 318,
                }
            ]
        }
    )

    tag: str = Field(description="The tag as given.")
    resolved: Resolved
    in_vocabulary: bool
    context_used: list[str] = Field(description="Context tags that shaped the ranking, as understood.")
    context_ignored: list[Ignored]
    model: ModelVersion
    results: list[Result] = Field(description="Best first.")
    total: int = Field(description="How many tags were ranked, after exclusions and threshold.")
    reason: str | None = Field(default=None, description="Why there are no results, if that needs saying.")


class TagsQuery(Request):
    """Which part of the vocabulary to list."""

    model_config = ConfigDict(strict=False)

    prefix: str = Field(default="", description="Only tags that begin with this.")
    limit: int = Field(default=100, ge=1, description="How many tags, at most.")
    cursor: str | None = Field(default=None, description="`next_cursor` of the page before.")


class VocabularyTag(BaseModel):
    """A tag the model knows."""

    tag: str
    documents: int = Field(description="Training documents that hold it.")


class TagsResponse(BaseModel):
    """A page of the vocabulary, in alphabetical order."""

    model: ModelVersion
    tags: list[VocabularyTag]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last.")


class Health(BaseModel):
    """Whether the service is there."""

    status: Literal["ok"]


class Version(BaseModel):
    """What is running."""

    service: str = Field(description="Version of tagprime.")
    model: ModelVersion
