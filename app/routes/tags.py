"""HTTP routes for tags: list the vocabulary, suggest spellings, look a tag up, edit the alias table."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request

from app.dependencies import runtime, serving
from app.errors import described
from app.routes.conditional import Conditional
from app.schemas.tags import (
    AliasRule,
    SuggestQuery,
    SuggestResponse,
    TagAlias,
    TagAliases,
    TagResponse,
    TagsQuery,
    TagsResponse,
)
from app.services.limits import check_page_size
from app.services.tags import aliases as aliasing
from app.services.tags.lookup import look_up
from app.services.tags.suggest import suggest
from app.services.tags.vocabulary import vocabulary_page
from models.errors import InputError, TagError
from models.normalizer import normalize_tag

router = APIRouter(prefix="/v1", tags=["tags"], route_class=Conditional)

OnlyNew = Annotated[
    Literal["*"] | None, Header(description="`*`: write the line only if the tag has none yet.")
]


@router.get("/tags", summary="List the vocabulary", responses=described(422, 500))
async def list_tags(query: Annotated[TagsQuery, Query()], request: Request) -> TagsResponse:
    """List the served model's vocabulary in alphabetical order, page by page."""
    held = runtime(request)
    return vocabulary_page(await serving(request), query, held.settings)


@router.get("/tags/suggest", summary="Complete or correct a spelling", responses=described(422, 500))
async def suggest_tags(query: Annotated[SuggestQuery, Query()], request: Request) -> SuggestResponse:
    """Suggest vocabulary tags for a typed text: completions first, then the most similar spellings."""
    held = runtime(request)
    check_page_size(held.settings, query.limit)
    try:
        typed = normalize_tag(query.q)
    except TagError as error:
        raise InputError("query:q", str(error)) from None
    served = await serving(request)
    return SuggestResponse(q=query.q, model=served.model, suggestions=suggest(served, typed, query.limit))


@router.get("/tags/{tag:path}", summary="Look a tag up", responses=described(404, 422, 500))
async def get_tag(tag: str, request: Request) -> TagResponse:
    """Return how a tag is resolved and how many documents hold it. A tag may hold `/`, as in `ac/dc`."""
    return await look_up(await serving(request), runtime(request).engine, tag)


@router.get("/tag-aliases", summary="List the alias table", responses=described(422, 500, 503))
async def list_aliases(query: Annotated[TagsQuery, Query()], request: Request) -> TagAliases:
    """List the tags that stand for others or are junk, in alphabetical order."""
    held = runtime(request)
    check_page_size(held.settings, query.limit)
    return await aliasing.page(held.engine, query)


@router.put(
    "/tag-aliases/{alias:path}",
    summary="Write a line of the alias table",
    responses=described(400, 412, 413, 422, 500, 503),
)
async def put_alias(alias: str, body: AliasRule, request: Request, if_none_match: OnlyNew = None) -> TagAlias:
    """Let a tag stand for another, or put it on the junk list.

    With `If-None-Match: *` a line that exists already is not overwritten (412). The alias table is not used
    for tags of the vocabulary. Queries follow within `TAGPRIME_STORE_REFRESH_SECONDS`.
    """
    only_new = if_none_match is not None
    return await aliasing.put(runtime(request).engine, alias, body.target, only_new)


@router.delete(
    "/tag-aliases/{alias:path}",
    summary="Delete a line of the alias table",
    status_code=204,
    responses=described(404, 422, 500, 503),
)
async def delete_alias(alias: str, request: Request) -> None:
    """Delete a line of the alias table, so that the tag stands for itself again."""
    await aliasing.remove(runtime(request).engine, alias)
