"""HTTP routes for bundles and model aliases."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request, Response

from app.dependencies import runtime
from app.errors import described
from app.routes.conditional import Conditional
from app.schemas.models import AliasMove, ModelAlias, ModelAliases, ModelDetail, Models
from app.services.models import aliases as swapping

router = APIRouter(prefix="/v1", tags=["models"], route_class=Conditional)

Alias = Annotated[
    str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", description="Lower case, digits, `-`, `_`.")
]
IfMatch = Annotated[
    str | None,
    Header(
        pattern=r'^"[0-9]{1,9}"$|^\*$',
        description="The alias's ETag: the alias is not moved if it has been moved since (412).",
    ),
]


@router.get("/models", summary="List bundles", responses=described(500))
async def list_models(request: Request) -> Models:
    """List the registry's bundles; those that cannot be served come with the reason."""
    return await asyncio.to_thread(swapping.models, runtime(request).registry)


@router.get("/models/{name}", summary="Describe a bundle", responses=described(404, 422, 500))
async def get_model(name: str, request: Request) -> ModelDetail:
    """Describe a bundle, given as NAME@VERSION, NAME or alias: provenance, settings, measured quality."""
    return await asyncio.to_thread(swapping.model, runtime(request).registry, name)


@router.get("/aliases", summary="List aliases", responses=described(500, 503))
async def list_aliases(request: Request) -> ModelAliases:
    """List the model aliases and the bundle that each serves."""
    held = runtime(request)
    return await swapping.aliases(held.engine, held.registry)


@router.get("/aliases/{name}", summary="Get an alias", responses=described(404, 422, 500, 503))
async def get_alias(name: Alias, request: Request, response: Response) -> ModelAlias:
    """Return the bundle that an alias serves; the ETag can be sent as `If-Match`."""
    held = runtime(request)
    found = await swapping.alias(held.engine, held.registry, name)
    response.headers["ETag"] = f'"{found.revision}"'
    return found


@router.put("/aliases/{name}", summary="Swap or roll back", responses=described(400, 412, 413, 422, 500, 503))
async def put_alias(
    name: Alias, body: AliasMove, request: Request, response: Response, if_match: IfMatch = None
) -> ModelAlias:
    """Let an alias serve another bundle. No request fails during the swap, and no answer mixes two bundles.

    The bundle is loaded and verified first; one that cannot be served never becomes active. Other
    replicas follow within `TAGPRIME_STORE_REFRESH_SECONDS`.
    """
    held = runtime(request)
    expected = None if if_match in {None, "*"} else int(str(if_match).strip('"'))
    moved = await swapping.move(held.engine, held.registry, held.monitor, name, body.model, expected)
    response.headers["ETag"] = f'"{moved.revision}"'
    return moved
