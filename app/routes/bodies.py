"""Reading request bodies: JSON and HTML forms."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

Model = TypeVar("Model", bound=BaseModel)

_JSON = (b"content-type", b"application/json")


class JsonAnyway(APIRoute):
    """Reads the body as JSON whatever its Content-Type: `curl -d` without a header sends the type of a form.

    Only for routes that change nothing: elsewhere the required type prevents cross-site requests by forms.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of requests, whose Content-Type is replaced by JSON's."""
        handle = super().get_route_handler()

        async def handle_json(request: Request) -> Response:
            others = [header for header in request.scope["headers"] if header[0] != _JSON[0]]
            return await handle(Request({**request.scope, "headers": [*others, _JSON]}, request.receive))

        return handle_json


def media_type(request: Request) -> str:
    """Return the body's Content-Type without parameters, in lower case; empty if there is none."""
    return request.headers.get("content-type", "").partition(";")[0].strip().casefold()


async def read_json(request: Request, model: type[Model]) -> Model:
    """Return the body as a `model`; a fault is reported as FastAPI reports it."""
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise RequestValidationError([{**f, "loc": ("body", *f["loc"])} for f in found]) from None


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of an HTML form (URL-encoded); of several fields with one name, the last.

    Raises
    ------
    HTTPException
        415 for a body of another type.
    """
    if media_type(request) != "application/x-www-form-urlencoded":
        raise HTTPException(415, "the body must be an HTML form: application/x-www-form-urlencoded")
    body = (await request.body()).decode("utf-8", "replace")
    return dict(parse_qsl(body, keep_blank_values=True, errors="replace"))
