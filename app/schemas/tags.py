"""The vocabulary, spelling suggestions and the alias table."""

from __future__ import annotations

from pydantic import BaseModel, Field

from app.schemas.base import MAX_NUMBER, ModelVersion, Parameters, Request, TagText, example
from app.schemas.priming import Resolved


class TagsQuery(Parameters):
    """Which part of the vocabulary to list."""

    prefix: str = Field(default="", description="Only tags that begin with this.")
    limit: int = Field(default=100, ge=1, le=MAX_NUMBER, description="How many tags, at most.")
    cursor: str | None = Field(default=None, description="`next_cursor` of the page before.")


class VocabularyTag(BaseModel):
    """A tag the model knows."""

    tag: str
    documents: int = Field(description="Training documents that hold it.")


class TagsResponse(BaseModel):
    """A page of the vocabulary, in alphabetical order."""

    model_config = example(
        {
            "model": {"name": "demo", "version": "5b41f0c9a7e2d310"},
            "tags": [{"tag": "lo-fi", "documents": 127}],
            "next_cursor": "bG8tZmk",
        }
    )

    model: ModelVersion
    tags: list[VocabularyTag]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last.")


class SuggestQuery(Parameters):
    """What somebody has typed so far."""

    q: TagText = Field(description="A tag, or the beginning of one, spelt as it may be.")
    limit: int = Field(default=10, ge=1, le=MAX_NUMBER, description="How many suggestions, at most.")


class Suggestion(BaseModel):
    """A vocabulary tag that may be meant."""

    tag: str
    similarity: float = Field(description="How alike the spellings are, 0 to 100.")
    documents: int = Field(description="Training documents that hold it.")


class SuggestResponse(BaseModel):
    """Vocabulary tags spelt like what was typed: completions first, then the most alike."""

    model_config = example(
        {
            "q": "hip hpo",
            "model": {"name": "demo", "version": "5b41f0c9a7e2d310"},
            "suggestions": [{"tag": "hip hop", "similarity": 85.7, "documents": 512}],
        }
    )

    q: str
    model: ModelVersion
    suggestions: list[Suggestion]


class TagResponse(BaseModel):
    """What is known of one tag."""

    model_config = example(
        {
            "tag": "Hip-Hop",
            "resolved": {"tag": "hip hop", "step": "separator"},
            "in_vocabulary": True,
            "documents": 512,
            "store_documents": 3,
            "model": {"name": "demo", "version": "5b41f0c9a7e2d310"},
        }
    )

    tag: str = Field(description="The tag as given.")
    resolved: Resolved
    in_vocabulary: bool
    documents: int = Field(description="Training documents that hold it.")
    store_documents: int | None = Field(
        description="Documents of the store that hold it, as written there; null while the store is away."
    )
    model: ModelVersion


class AliasRule(Request):
    """What to take a tag for."""

    model_config = example({"target": "drum and bass"})

    target: TagText | None = Field(
        description="The tag it stands for; null puts it on the junk list: no part in contexts, not a result."
    )


class TagAlias(BaseModel):
    """One line of the alias table."""

    model_config = example({"alias": "dnb", "target": "drum and bass"})

    alias: str
    target: str | None = Field(description="The tag it stands for; null for junk.")


class TagAliases(BaseModel):
    """The alias table."""

    aliases: list[TagAlias]
    next_cursor: str | None
