"""Vectors in the shape of OpenAI's embeddings endpoint, so that its clients work unchanged."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.schemas.base import MAX_NUMBER, Listed, Request, TagText, example
from app.schemas.weights import ContextTag


class TagInContext(Request):
    """A tag, and the tags that say in which sense it is meant."""

    tag: TagText
    context: Listed[ContextTag] = Field(default=[])


class EmbeddingsRequest(Request):
    """Tags to embed."""

    model_config = example({"input": [{"tag": "lo-fi", "context": ["hip hop"]}, "jazz"]})

    input: TagText | TagInContext | Annotated[Listed[TagText | TagInContext], Field(min_length=1)] = Field(
        description="One tag or several, each alone or with its context."
    )
    model: str | None = Field(
        default=None, description="An alias, a bundle's name, or NAME@VERSION; else the alias `default`."
    )
    input_type: Literal["query", "candidate"] = Field(
        default="query",
        description="`query` vectors search, `candidate` vectors are what to index. A query's nearest "
        "candidates (by `metric`) are its results, to the overlap that the answer states. Candidates must be "
        "in the vocabulary. Where candidates move with the context (metric `l2`), a candidate's `context` is "
        "that of the query to come, with the query's tag.",
    )
    dimensions: int | None = Field(
        default=None,
        ge=1,
        le=MAX_NUMBER,
        description="Width of the vectors: `GET /v1/models/{name}` lists what there is. By default the "
        "smallest whose mean overlap with the ranking is at least .95.",
    )
    encoding_format: Literal["float", "base64"] = Field(
        default="float", description="`base64` is little-endian float32."
    )


class Embedding(BaseModel):
    """One vector."""

    object: Literal["embedding"] = "embedding"
    index: int = Field(description="Its place in the request.")
    embedding: list[float] | str


class TokenUsage(BaseModel):
    """Tokens, which tags do not have: always 0, for clients that read it."""

    prompt_tokens: int = 0
    total_tokens: int = 0


class EmbeddingsResponse(BaseModel):
    """The vectors, in the order of the request."""

    model_config = example(
        {
            "object": "list",
            "data": [{"object": "embedding", "index": 0, "embedding": [0.12, -0.5, 0.33]}],
            "model": "demo@5b41f0c9a7e2d310",
            "dimensions": 3,
            "overlap": 0.95,
            "metric": "ip",
            "usage": {"prompt_tokens": 0, "total_tokens": 0},
        }
    )

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str = Field(description="NAME@VERSION of the model.")
    dimensions: int = Field(description="Width of the vectors.")
    overlap: float = Field(
        description="Share of a query's first ten results that are among its ten nearest candidates: the "
        "mean over the bundle's held-out queries, at the largest measured width up to this one."
    )
    metric: Literal["l2", "ip"] = Field(description="How to compare: Euclidean distance or inner product.")
    usage: TokenUsage = TokenUsage()
