"""Documents of the store."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from app.errors import Problem
from app.schemas.base import MAX_NUMBER, Listed, Parameters, Request, TagText, example


class DocumentRequest(Request):
    """The tags on one track, album or artist."""

    model_config = example({"id": "track-1", "tags": ["lo-fi", "hip hop"], "group": "artist-9"})

    id: str | int = Field(description="Your name for it; what is there under this name is replaced.")
    tags: Listed[TagText] = Field(description="Its tags, as written.")
    group: str | int | None = Field(default=None, description="What ties near-copies: an artist, an album.")


class DocumentResponse(BaseModel):
    """A document as the store holds it."""

    model_config = example(
        {
            "id": "track-1",
            "tags": ["hip hop", "lo-fi"],
            "group": "artist-9",
            "created_at": "2026-11-22T12:00:00Z",
            "updated_at": "2026-11-22T12:00:00Z",
        }
    )

    id: str
    tags: list[str] = Field(description="Normalised, in alphabetical order.")
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


class Outcome(BaseModel):
    """How many lines of an import were dealt with, and how."""

    lines: int = Field(default=0, description="Lines dealt with.")
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    faulty: int = Field(default=0, description="Lines that hold no document.")
    faults: list[LineFault] = Field(default=[], description="The first of them.")


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
