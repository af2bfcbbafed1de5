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
from app.services.priming import prime
from app.services.serving import Serving
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
    scores = [result.score for found, _ in asked if found for result in found.results[: question.limit]]
    low, high = min([0.0, *scores]), max([0.0, *scores])
    columns = []
    for position, (side, (found, fault)) in enumerate(zip(sides, asked, strict=True)):
        other = asked[1 - position][0] if len(asked) == 2 else None
        rows = [] if found is None else _rows(found, other, question.limit, low, high)
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


def examples(serving: Serving, n: int = 6) -> list[Example]:
    """Return questions to begin with: ambiguous tags of the vocabulary, else its most used ones."""
    known = serving.vocabulary.key_to_index
    found = [
        Example(tag, context, versus, Question(tag=tag, context=context, versus=versus).url())
        for tag, context, versus in _AMBIGUOUS
        if {tag, *context, *versus} <= known.keys()
    ]
    by_use = serving.vocabulary.document_frequency.argsort(kind="stable")[::-1]
    tags = [serving.vocabulary.index_to_key[index] for index in by_use[: n + 1]]
    for tag, beside in pairwise(tags):
        found.append(Example(tag, (beside,), (), Question(tag=tag, context=(beside,), versus=()).url()))
    return found[:n]


def _ask(
    question: Question, side: str, serving: Serving, settings: Settings
) -> tuple[PrimeResponse | None, str | None]:
    # Two rankings are compared over all that an answer may hold, so that a tag's move is known.
    limit = question.limit if question.versus is None else settings.max_results
    try:
        request = PrimeRequest(
            tag=question.tag,
            context=list(question.side(side)),
            limit=limit,
            focus=question.focus,
            explain=question.versus is None,
        )
        return prime(serving, request, settings), None
    except ValidationError as error:
        return None, "; ".join(str(fault["msg"]) for fault in error.errors())
    except InputError as error:
        return None, str(error)


def _rows(
    found: PrimeResponse, other: PrimeResponse | None, limit: int, low: float, high: float
) -> list[Row]:
    elsewhere = None if other is None else {result.tag: result.rank for result in other.results}
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
        for result in found.results[:limit]
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
