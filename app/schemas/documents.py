"""Documents of the store."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.errors import Problem
from app.schemas.base import MAX_NUMBER, Parameters, Request, example
from app.schemas.weights import WeightedTags


class DocumentRequest(Request):
    """The tags on one track, album or artist."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"id": "track-1", "tags": ["lo-fi", "hip hop"], "group": "artist-9"},
                {"id": "track-2", "tags": ["jazz", {"tag": "bebop", "weight": 12}]},
            ]
        }
    )

    id: str | int = Field(description="Your name for it; what is there under this name is replaced.")
    tags: WeightedTags = Field(
        description='Its tags, as written: `"rock"`, or with a weight (votes, plays, a relevance) above 0 as '
        '`{"tag": "rock", "weight": 5}` (`name` is `tag`, and `count`, `value` and `score` are `weight`), '
        '`["rock", 5]`, or all as one object `{"rock": 5, "pop": 1}`. Without one the weight is 1.'
    )
    group: str | int | None = Field(default=None, description="What ties near-copies: an artist, an album.")


class DocumentResponse(BaseModel):
    """A document as the store holds it."""

    model_config = example(
        {
            "id": "track-1",
            "tags": ["hip hop", "lo-fi"],
            "weights": None,
            "group": "artist-9",
            "created_at": "2026-11-22T12:00:00Z",
            "updated_at": "2026-11-22T12:00:00Z",
        }
    )

    id: str
    tags: list[str] = Field(description="Normalised, in alphabetical order.")
    weights: dict[str, float] | None = Field(
        default=None, description="The weight of each tag; null if all are 1."
    )
    group: str | None
    created_at: datetime
    updated_at: datetime


class DocumentsQuery(Parameters):
    """Which documents to list."""

    limit: int = Field(default=100, ge=1, le=MAX_NUMBER, description="How many documents, at most.")
    cursor: str | None = Field(default=None, description="`next_cursor` of the page before.")


class DocumentsResponse(BaseModel):
    """A page of the store's documents, ordered by id."""

    documents: list[DocumentResponse]
    next_cursor: str | None = Field(description="Where the next page begins; null on the last.")


class WriteQuery(Parameters):
    """What to do about faulty lines of an import."""

    on_fault: Literal["skip", "refuse"] = Field(
        default="skip",
        description="Of NDJSON bodies: `skip` keeps the sound lines, `refuse` writes nothing if one "
        "is faulty.",
    )


class LineFault(BaseModel):
    """A line that holds no document."""

    line: int = Field(description="Its number, from 1.")
    detail: str


class TagUse(BaseModel):
    """A tag, and on how many documents of an import it is."""

    tag: str
    documents: int


class JoinedTags(BaseModel):
    """A separator that many tags of an import hold, as if they were several tags that are joined."""

    separator: str
    tags: int = Field(description="How many tags of documents hold it.")
    of: int = Field(description="How many tags of documents there are.")
    parted: int = Field(description="How many would be split, because their parts are tags elsewhere.")
    commonest: list[TagUse] = Field(description="Tags that hold it, the most used first.")


class ImportAccount(BaseModel):
    """What became of the tags of the lines that a request dealt with."""

    tags: int = Field(description="Tags on documents, as stored.")
    merged: int = Field(description="Tags that came a second time on their document, in another spelling.")
    decoded: int = Field(description="Tags with HTML entities, which were decoded.")
    trimmed: int = Field(description="Tags with format characters at their ends, which were dropped.")
    dropped: dict[str, int] = Field(description="Tags that were left out, by reason.")
    joined: list[JoinedTags] = Field(
        description="Separators that many tags hold. Nothing is split over HTTP: "
        "`tagprime corpora export jsonl --split` writes the file anew with its tags split."
    )


class Outcome(BaseModel):
    """How many lines of an import were dealt with, and how."""

    lines: int = Field(default=0, description="Lines dealt with.")
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    faulty: int = Field(default=0, description="Lines that hold no document.")
    faults: list[LineFault] = Field(default=[], description="The first of them.")
    account: ImportAccount | None = Field(
        default=None, description="What was done to the tags; null while the import is running."
    )


class Written(Outcome):
    """What became of the documents that were sent."""

    model_config = example(
        {
            "status": "done",
            "lines": 3,
            "created": 2,
            "updated": 0,
            "unchanged": 0,
            "faulty": 1,
            "faults": [{"line": 2, "detail": '"tags" is missing: \'{"id": 7}\''}],
        }
    )

    status: Literal["running", "done", "interrupted"] = Field(
        default="done", description="`interrupted`: send the same again with the same Idempotency-Key."
    )

    @property
    def without_document(self) -> bool:
        """Whether there were lines, and every one of them was faulty."""
        return self.faulty > 0 and not (self.created or self.updated or self.unchanged)


class FaultyImport(Problem, Outcome):
    """The problem of an import in which every line is faulty, with the counts of an import."""
