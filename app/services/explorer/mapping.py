"""The map's places for one question, as a script draws them."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.services.explorer.asking import request_for
from app.services.explorer.question import Question
from app.services.models.serving import Serving
from app.services.priming import Asked, understand
from app.settings import Settings
from models.errors import NotFoundError
from models.index import Ranking
from models.projection import Placement
from models.types import Float32Array, IndexArray

BEST = 100
"""Of a ranking, so many tags are marked as its best, and on the map however little they are used."""


def places(question: Question, serving: Serving, settings: Settings) -> dict[str, Any]:
    """Return the positions of tags for a query, or their base positions without one; JSON values.

    ``tags``, ``x``, ``y``, ``shares`` (of the query's relatedness) and ``scores`` (null where not ranked)
    are columns, the most used tag first; ``ranked`` (best first) and ``context`` point into them.
    ``asked`` is the query: its ``tag``, where it stands, and ``at``, its place in the columns (null for a
    tag outside the vocabulary); null itself where nothing is ranked. ``total`` is the vocabulary's size.

    Raises
    ------
    NotFoundError
        If the bundle has no map.
    InputError
        If the question cannot be asked.
    """
    projection = serving.bundle.projection
    if projection is None:
        raise NotFoundError("projection_not_found", f"{serving.model.name} was made without a map")
    asked = understand(serving, request_for(question, "context", 1), settings) if question.tag else None
    ranking = _ranking(serving, asked)
    placed = projection.place(ranking.indices, ranking.scores)
    context = np.empty(0, dtype=np.int64) if asked is None else asked.context.indices
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
        "asked": None if asked is None else _asked(asked, placed, at),
    }


def _ranking(serving: Serving, asked: Asked | None) -> Ranking:
    """Return all tags that a question ranks."""
    if asked is None or asked.query is None:
        return Ranking(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32), None)
    return serving.search.search([asked.query], len(serving.vocabulary), [asked.exclude])[0]


def _shown(serving: Serving, ranking: Ranking, context: IndexArray, most: int) -> IndexArray:
    """Return the tags that are drawn, the most used first; what a question is about is always among them."""
    by_use = np.argsort(-serving.vocabulary.document_frequency, kind="stable")
    if len(by_use) <= most:
        return by_use
    about = np.append(ranking.indices[:BEST], context)
    return by_use[np.isin(by_use, about) | (np.arange(len(by_use)) < most)]


def _asked(asked: Asked, placed: Placement, at: dict[int, int]) -> dict[str, Any] | None:
    if placed.query is None:
        return None
    x, y = _rounded(placed.query)
    return {
        "tag": asked.tag.tag,
        "at": at.get(-1 if asked.tag.index is None else asked.tag.index),
        "x": x,
        "y": y,
    }


def _rounded(values: Float32Array) -> list[float]:
    return [round(value, 4) for value in values.tolist()]
