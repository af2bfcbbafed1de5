"""Asking: rankings as rows to draw, one context alone or two side by side."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from pydantic import ValidationError

from app.schemas.priming import Explanation, PrimeRequest, PrimeResponse
from app.services.explorer.question import FOCUS, Question
from app.services.models.serving import Serving
from app.services.priming import prime
from app.settings import Settings
from models.errors import InputError

# A bar that is there can be seen.
_SHORTEST = 2.0

# What the first page offers to try, where the vocabulary has it: tags whose meaning hangs on their company.
_AMBIGUOUS = (
    ("lo-fi", ("hip hop", "chill"), ("indie rock", "garage")),
    ("hardcore", ("punk",), ("techno",)),
    ("garage", ("house",), ("rock",)),
    ("acoustic", ("folk",), ("jazz",)),
    ("trance", ("psychedelic",), ("electronic",)),
    ("classical", ("piano",), ("indian",)),
)


@dataclass(frozen=True)
class Move:
    """Where a tag stands in the other ranking, seen from this one."""

    kind: Literal["up", "down", "same", "absent"]
    steps: int
    label: str


@dataclass(frozen=True)
class Row:
    """One result.

    Attributes
    ----------
    width
        Of its bar, in percent of the longest on the page.
    """

    rank: int
    tag: str
    score: float
    distance: float | None
    width: float
    move: Move | None
    explanation: Explanation | None


@dataclass(frozen=True)
class Column:
    """The answer in one context, or why there is none."""

    side: Literal["context", "versus"]
    asked: str
    given: tuple[str, ...]
    answer: PrimeResponse | None
    fault: str | None
    rows: list[Row]
    curl: str

    @property
    def tag(self) -> str:
        """The tag that is asked for, as understood."""
        return self.asked if self.answer is None else self.answer.resolved.tag

    def ignored(self) -> dict[str, str]:
        """Return which context tags had no part in the answer, and why."""
        ignored = [] if self.answer is None else self.answer.context_ignored
        return {tag.tag: _IGNORED[tag.reason] for tag in ignored}


_IGNORED = {
    "out_of_vocabulary": "not in the vocabulary",
    "duplicate": "given twice",
    "is_the_query": "the tag that is asked for",
    "junk": "on the junk list",
}


@dataclass(frozen=True)
class Example:
    """A question worth asking first."""

    tag: str
    context: tuple[str, ...]
    versus: tuple[str, ...]
    url: str


def answer(question: Question, serving: Serving, settings: Settings, base_url: str) -> list[Column]:
    """Return one column a context; a fault of one is told in its place."""
    sides: list[Literal["context", "versus"]] = ["context"]
    if question.versus is not None:
        sides.append("versus")
    asked = [_ask(question, side, serving, settings) for side in sides]
    ranks = [_ranks(question, side, serving, settings) for side in sides] if len(sides) == 2 else []
    scores = [result.score for found, _ in asked if found for result in found.results]
    low, high = min([0.0, *scores]), max([0.0, *scores])
    columns = []
    for position, (side, (found, fault)) in enumerate(zip(sides, asked, strict=True)):
        elsewhere = ranks[1 - position] if ranks else None
        rows = [] if found is None else _rows(found, elsewhere, low, high)
        curl = curl_command(question, question.side(side), base_url)
        columns.append(Column(side, question.tag, question.side(side), found, fault, rows, curl))
    return columns


def curl_command(question: Question, context: tuple[str, ...], base_url: str) -> str:
    """Return the command that asks the service what the page asked."""
    body: dict[str, object] = {"tag": question.tag, "context": list(context), "limit": question.limit}
    if question.focus != FOCUS:
        body["focus"] = question.focus
    data = shlex.quote(json.dumps(body, ensure_ascii=False))
    return f"curl {base_url}v1/prime -H 'Content-Type: application/json' -d {data}"


def examples(serving: Serving, view: str = "ask", n: int = 6) -> list[Example]:
    """Return questions to begin with: ambiguous tags of the vocabulary, else its most used ones."""
    known = serving.vocabulary.key_to_index
    found = [
        Example(tag, context, versus, Question(view, tag, context, versus).url())
        for tag, context, versus in _AMBIGUOUS
        if {tag, *context, *versus} <= known.keys()
    ]
    by_use = serving.vocabulary.document_frequency.argsort(kind="stable")[::-1]
    tags = [serving.vocabulary.index_to_key[index] for index in by_use[: n + 1]]
    for tag, beside in pairwise(tags):
        found.append(Example(tag, (beside,), (), Question(view, tag, (beside,), ()).url()))
    return found[:n]


def _ask(
    question: Question, side: str, serving: Serving, settings: Settings
) -> tuple[PrimeResponse | None, str | None]:
    try:
        return prime(serving, request_for(question, side, question.limit, explain=True), settings), None
    except InputError as error:
        return None, str(error)


def _ranks(question: Question, side: str, serving: Serving, settings: Settings) -> dict[str, int] | None:
    """Return the ranks of all that an answer may hold, so that a tag's move is known; None at a fault."""
    try:
        found = prime(serving, request_for(question, side, settings.max_results), settings)
    except InputError:
        return None
    return {result.tag: result.rank for result in found.results}


def request_for(question: Question, side: str, limit: int, explain: bool = False) -> PrimeRequest:
    """Return what a program would send to ask the same.

    Raises
    ------
    InputError
        If a value is out of range.
    """
    try:
        return PrimeRequest(
            tag=question.tag,
            context=list(question.side(side)),
            limit=limit,
            focus=question.focus,
            explain=explain,
        )
    except ValidationError as error:
        fault = "; ".join(str(fault["msg"]) for fault in error.errors())
        raise InputError(f"query:{error.errors()[0]['loc'][0]}", fault) from None


def _rows(found: PrimeResponse, elsewhere: dict[str, int] | None, low: float, high: float) -> list[Row]:
    return [
        Row(
            rank=result.rank,
            tag=result.tag,
            score=result.score,
            distance=result.distance,
            width=round(max(_SHORTEST, 100 * (result.score - low) / ((high - low) or 1)), 2),
            explanation=result.explanation,
            move=None if elsewhere is None else _move(result.rank, elsewhere.get(result.tag)),
        )
        for result in found.results
    ]


def _move(here: int, there: int | None) -> Move:
    if there is None:
        return Move("absent", 0, "not ranked in the other context")
    steps = there - here
    if steps == 0:
        return Move("same", 0, "same place in the other context")
    kind: Literal["up", "down"] = "up" if steps > 0 else "down"
    return Move(
        kind, abs(steps), f"{abs(steps)} {'higher' if steps > 0 else 'lower'} than in the other context"
    )
