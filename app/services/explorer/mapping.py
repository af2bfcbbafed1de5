"""The Map page: the positions of tags for one query, in the form in which map.js draws them."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.services.explorer.asking import request_for
from app.services.explorer.question import Question
from app.services.models.serving import Serving
from app.services.priming import UnderstoodQuery, understand
from app.settings import Settings
from models.errors import NotFoundError
from models.index import Ranking
from models.projection import Placement
from models.types import Float32Array, IndexArray

BEST = 100
"""The number of best results that are listed and always drawn, however little they are used."""


def places(question: Question, serving: Serving, settings: Settings) -> dict[str, Any]:
    """Return the positions of tags for a query, or their base positions without one; JSON values.

    ``tags``, ``x``, ``y``, ``shares`` (of the query's relatedness) and ``scores`` (null where not ranked)
    are columns, the most used tag first; ``ranked`` (best first) and ``context`` hold indices of their rows.
    ``asked`` is the query: its ``tag``, its position ``x`` and ``y``, and ``at``, its row in the columns
    (null for a tag outside the vocabulary); it is null where nothing is ranked. ``total`` is the size of the
    vocabulary.

    Raises
    ------
    NotFoundError
        If the bundle has no map.
    InputError
        If the query is not valid.
    """
    projection = serving.bundle.projection
    if projection is None:
        raise NotFoundError("projection_not_found", f"{serving.model.name} was made without a map")
    query = understand(serving, request_for(question, "context", 1), settings) if question.tag else None
    ranking = _ranking(serving, query)
    placed = projection.place(ranking.indices, ranking.scores)
    context = np.empty(0, dtype=np.int64) if query is None else query.context.indices
    shown = _shown(serving, ranking, context, settings.max_map_tags)
    at = {index: position for position, index in enumerate(shown.tolist())}
    scores: list[float | None] = [None] * len(serving.vocabulary)
    for index, score in zip(ranking.indices.tolist(), ranking.scores.tolist(), strict=True):
        scores[index] = round(score, 3)
    return {
        "version": serving.model.version,
        "total": len(serving.vocabulary),
        "tags": [serving.vocabulary.index_to_key[index] for index in at],
        "x": _rounded(placed.places[shown, 0]),
        "y": _rounded(placed.places[shown, 1]),
        "shares": _rounded(placed.shares[shown]),
        "scores": [scores[index] for index in at],
        "ranked": [at[index] for index in ranking.indices[:BEST].tolist()],
        "context": [at[index] for index in context.tolist()],
        "asked": None if query is None else _position(query, placed, at),
    }


def _ranking(serving: Serving, query: UnderstoodQuery | None) -> Ranking:
    """Return the ranking of all candidates; an empty one without a query."""
    if query is None or query.query is None:
        return Ranking(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32), None)
    return serving.search.search([query.query], len(serving.vocabulary), [query.exclude])[0]


def _shown(serving: Serving, ranking: Ranking, context: IndexArray, most: int) -> IndexArray:
    """Return the tags to draw, the most used first; context and best results are always among them."""
    by_use = np.argsort(-serving.vocabulary.document_frequency, kind="stable")
    if len(by_use) <= most:
        return by_use
    about = np.append(ranking.indices[:BEST], context)
    return by_use[np.isin(by_use, about) | (np.arange(len(by_use)) < most)]


def _position(query: UnderstoodQuery, placed: Placement, at: dict[int, int]) -> dict[str, Any] | None:
    if placed.query is None:
        return None
    x, y = _rounded(placed.query)
    return {
        "tag": query.tag.tag,
        "at": at.get(-1 if query.tag.index is None else query.tag.index),
        "x": x,
        "y": y,
    }


def _rounded(values: Float32Array) -> list[float]:
    return [round(value, 4) for value in values.tolist()]
