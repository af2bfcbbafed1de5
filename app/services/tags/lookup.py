"""What is known of one tag, in the model and in the store."""

from __future__ import annotations

import asyncio

import numpy as np
from sqlalchemy import Engine

from app.db.engine import transaction
from app.db.repository import documents_with
from app.schemas.tags import TagResponse
from app.services.models.serving import Serving
from app.services.priming import Context, understand_tag
from models.errors import NotFoundError, StoreError, shown
from models.normalizer import normalize_tag


async def look_up(serving: Serving, engine: Engine, text: str) -> TagResponse:
    """Return how a tag is understood and used.

    Raises
    ------
    InputError
        If it cannot be a tag.
    NotFoundError
        If neither the vocabulary nor the store has it.
    StoreError
        If the store is needed and does not answer.
    """
    view = serving.view
    tag = view.rules.resolve_at(serving.vocabulary, text, "path:tag")
    _, resolved = understand_tag(serving, view, tag, Context(np.empty(0, dtype=np.int64), [], [], []))

    def count() -> int:
        with transaction(engine, reads_only=True) as connection:
            return documents_with(connection, normalize_tag(text))

    stored: int | None
    try:
        stored = await asyncio.to_thread(count)
    except StoreError:
        if tag.index is None:
            raise
        stored = None
    if tag.index is None and not stored:
        raise NotFoundError("tag_not_found", f"neither the vocabulary nor the store has {shown(text)}")
    n = 0 if tag.index is None else int(serving.vocabulary.document_frequency[tag.index])
    return TagResponse(
        tag=text,
        resolved=resolved,
        in_vocabulary=tag.index is not None,
        documents=n,
        store_documents=stored,
        model=serving.model,
    )
