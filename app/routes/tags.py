"""The vocabulary over HTTP: list it, spell it, look one tag up, and say what to take tags for."""

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
from models.vocabulary import normalize_tag

router = APIRouter(prefix="/v1", tags=["tags"], route_class=Conditional)

OnlyNew = Annotated[
    Literal["*"] | None, Header(description="`*`: write the line only if the alias has none yet.")
]


@router.get("/tags", summary="List the vocabulary", responses=described(422, 500))
async def list_tags(query: Annotated[TagsQuery, Query()], request: Request) -> TagsResponse:
    """List the tags that the served model knows, in alphabetical order, page by page."""
    held = runtime(request)
    return vocabulary_page(await serving(request), query, held.settings)


@router.get("/tags/suggest", summary="Complete or correct a spelling", responses=described(422, 500))
async def suggest_tags(query: Annotated[SuggestQuery, Query()], request: Request) -> SuggestResponse:
    """Offer vocabulary tags for what somebody typed: completions first, then the most alike."""
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
    """Tell how a tag is understood and how often it is used. A tag may hold `/`, as in `ac/dc`."""
    return await look_up(await serving(request), runtime(request).engine, tag)


@router.get("/tag-aliases", summary="List the alias table", responses=described(422, 500, 503))
async def list_aliases(query: Annotated[TagsQuery, Query()], request: Request) -> TagAliases:
    """List which tags stand for others, and which are junk, in alphabetical order."""
    held = runtime(request)
    check_page_size(held.settings, query.limit)
    return await aliasing.page(held.engine, query)


@router.put(
    "/tag-aliases/{alias:path}",
    summary="Say what a tag stands for",
    responses=described(400, 412, 413, 422, 500, 503),
)
async def put_alias(alias: str, body: AliasRule, request: Request, if_none_match: OnlyNew = None) -> TagAlias:
    """Take one tag for another from now on, or put it on the junk list.

    With `If-None-Match: *` a line that somebody has written meanwhile stays as it is (412). A tag of the
    vocabulary is found before the alias table is asked. Queries follow within
    `TAGPRIME_STORE_REFRESH_SECONDS`.
    """
    only_new = if_none_match is not None
    return await aliasing.put(runtime(request).engine, alias, body.target, only_new)


@router.delete(
    "/tag-aliases/{alias:path}",
    summary="Take a tag as it is again",
    status_code=204,
    responses=described(404, 422, 500, 503),
)
async def delete_alias(alias: str, request: Request) -> None:
    """Take a line out of the alias table."""
    await aliasing.remove(runtime(request).engine, alias)
