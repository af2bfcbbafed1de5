"""POST /prime and /v1/prime: related tags, in context."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from app.dependencies import runtime
from app.errors import described
from app.schemas import PrimeRequest, PrimeResponse

_JSON = (b"content-type", b"application/json")


class JsonAnyway(APIRoute):
    """Reads the body as JSON whatever Content-Type says: `curl -d` alone sends the type of a form.

    Only for routes that change nothing: elsewhere the type is what keeps a foreign page's form out.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, told that the body is JSON."""
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            others = [header for header in request.scope["headers"] if header[0] != _JSON[0]]
            return await handle(Request({**request.scope, "headers": [*others, _JSON]}, request.receive))

        return handle_json


router = APIRouter(tags=["priming"], route_class=JsonAnyway)


@router.post(
    "/v1/prime",
    summary="Related tags, in context",
    response_model=PrimeResponse,
    responses=described(400, 413, 422, 500),
)
@router.post("/prime", include_in_schema=False)
async def prime(body: PrimeRequest, request: Request) -> Response:
    """Rank the vocabulary's tags by how related they are to `tag` in `context`.

    Another context, another ranking. A tag outside the vocabulary is answered through its use: in the
    documents of the store if there are any, else in this query's own context. `/prime` is a permanent
    alias of `/v1/prime`.
    """
    priming = runtime(request).priming
    priming.check_model(body.model)
    # Serialised here, once: handing the object to the framework would validate it a second time.
    return Response(priming.prime(body).model_dump_json(exclude_none=True), media_type="application/json")
