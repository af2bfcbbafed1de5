"""The Ask page: a query's ranking as rows to draw, in one context or in two side by side."""

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

# The least width of a bar, in per cent, so that every bar can be seen.
_SHORTEST = 2.0

# The example queries of the start page: ambiguous tags, each with two contexts, if the vocabulary has them.
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
    """How a tag's rank in this ranking differs from its rank in the other one."""

    kind: Literal["up", "down", "same", "absent"]
    steps: int
    label: str


@dataclass(frozen=True)
class Row:
    """One result.

    Attributes
    ----------
    width
        Width of its bar, in per cent of the longest on the page.
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
    """The answer in one context, or the reason why there is none."""

    side: Literal["context", "versus"]
    query: str
    given: tuple[str, ...]
    answer: PrimeResponse | None
    fault: str | None
    rows: list[Row]
    curl: str

    @property
    def tag(self) -> str:
        """The query tag, as resolved."""
        return self.query if self.answer is None else self.answer.resolved.tag

    def ignored(self) -> dict[str, str]:
        """Return the context tags that were ignored, each with the reason."""
        ignored = [] if self.answer is None else self.answer.context_ignored
        return {tag.tag: _IGNORED[tag.reason] for tag in ignored}


_IGNORED = {
    "out_of_vocabulary": "not in the vocabulary",
    "duplicate": "given twice",
    "is_the_query": "the query tag itself",
    "junk": "on the junk list",
}


@dataclass(frozen=True)
class Example:
    """A query that the start page suggests."""

    tag: str
    context: tuple[str, ...]
    versus: tuple[str, ...]
    url: str


def answer(question: Question, serving: Serving, settings: Settings, base_url: str) -> list[Column]:
    """Return one column for each context; where a query fails, its column holds the reason."""
    sides: list[Literal["context", "versus"]] = ["context"]
    if question.versus is not None:
        sides.append("versus")
    answers = [_answer(question, side, serving, settings) for side in sides]
    ranks = [_ranks(question, side, serving, settings) for side in sides] if len(sides) == 2 else []
    scores = [result.score for found, _ in answers if found for result in found.results]
    low, high = min([0.0, *scores]), max([0.0, *scores])
    columns = []
    for position, (side, (found, fault)) in enumerate(zip(sides, answers, strict=True)):
        elsewhere = ranks[1 - position] if ranks else None
        rows = [] if found is None else _rows(found, elsewhere, low, high)
        curl = curl_command(question, question.side(side), base_url)
        columns.append(Column(side, question.tag, question.side(side), found, fault, rows, curl))
    return columns


def curl_command(question: Question, context: tuple[str, ...], base_url: str) -> str:
    """Return the command that sends the page's query to the API."""
    body: dict[str, object] = {"tag": question.tag, "context": list(context), "limit": question.limit}
    if question.focus != FOCUS:
        body["focus"] = question.focus
    data = shlex.quote(json.dumps(body, ensure_ascii=False))
    return f"curl {base_url}v1/prime -H 'Content-Type: application/json' -d {data}"


def examples(serving: Serving, view: str = "ask", n: int = 6) -> list[Example]:
    """Return example queries: ambiguous tags of the vocabulary, else its most used ones."""
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


def _answer(
    question: Question, side: str, serving: Serving, settings: Settings
) -> tuple[PrimeResponse | None, str | None]:
    try:
        return prime(serving, request_for(question, side, question.limit, explain=True), settings), None
    except InputError as error:
        return None, str(error)


def _ranks(question: Question, side: str, serving: Serving, settings: Settings) -> dict[str, int] | None:
    """Return the ranks of as many tags as an answer may hold; None if the query fails."""
    try:
        found = prime(serving, request_for(question, side, settings.max_results), settings)
    except InputError:
        return None
    return {result.tag: result.rank for result in found.results}


def request_for(question: Question, side: str, limit: int, explain: bool = False) -> PrimeRequest:
    """Return the API request of the same query.

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
