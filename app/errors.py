"""Every error as a problem document (RFC 9457): the only module that knows both errors and HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from app.scopes import is_page
from app.web.pages import BARE, Pages
from models.errors import (
    BundleError,
    ConflictError,
    FaultsError,
    InputError,
    NotFoundError,
    PreconditionError,
    StoreError,
    TagError,
    TagprimeError,
    shown,
)

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
LISTED = 20
"""Faults that one problem lists; a request may hold a hundred thousand."""
pages = Pages()


class CodingError(HTTPException):
    """A body that cannot be decoded as its ``Content-Encoding`` says."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, detail)


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    pointer: str = Field(description="Where: a JSON pointer into the body, or `query:NAME`, `header:NAME`.")
    detail: str = Field(description="What is wrong there, and what is accepted.")


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "detail": "context holds 240 tags; at most 100 are accepted (TAGPRIME_MAX_CONTEXT)",
                    "code": "invalid_request",
                    "errors": [
                        {
                            "pointer": "/context",
                            "detail": "context holds 240 tags; at most 100 are accepted "
                            "(TAGPRIME_MAX_CONTEXT)",
                        }
                    ],
                    "error_count": 1,
                    "request_id": "5f0c7a2e9d1b4c55",
                }
            ]
        }
    )

    type: str = "about:blank"
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What went wrong this time.")
    code: str = Field(description="What went wrong, for programs.")
    errors: list[Fault] = Field(
        description=f"The first {LISTED} single faults, where they can be told apart."
    )
    error_count: int = Field(description="How many there are in all.")
    request_id: str = Field(description="The request's name in the service's log.")


def problem(
    request_id: str,
    status: int,
    code: str,
    detail: str,
    errors: Sequence[Fault] = (),
    error_count: int | None = None,
) -> Problem:
    """Return one problem; text that UTF-8 cannot carry is shown escaped."""
    return Problem(
        title=_title(status),
        status=status,
        detail=_encodable(detail),
        code=code,
        errors=[Fault(pointer=_encodable(e.pointer), detail=_encodable(e.detail)) for e in errors[:LISTED]],
        error_count=len(errors) if error_count is None else error_count,
        request_id=request_id,
    )


def expected_problem(request_id: str, error: TagprimeError) -> Problem:
    """Return the problem of an error that Tagprime raises on purpose."""
    status, code, faults = translate(error)
    n_faults = error.count if isinstance(error, FaultsError) else None
    detail = str(error)
    if isinstance(error, StoreError):  # the rest is for the operator
        log.warning("store error", request_id=request_id, reason=detail)
        detail = error.detail
    return problem(request_id, status, code, detail, faults, n_faults)


def invalid_problem(request_id: str, found: Sequence[Mapping[str, Any]]) -> Problem:
    """Return the problem of what pydantic found."""
    faults = [Fault(pointer=_pointer(fault["loc"]), detail=_sentence(fault)) for fault in found[:LISTED]]
    first = [f"{fault.pointer or 'the body'}: {fault.detail}" for fault in faults[:3]]
    if len(found) > len(first):
        first.append(f"and {len(found) - len(first)} more")
    return problem(request_id, 422, "invalid_request", "; ".join(first), faults, len(found))


def respond(content: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response for a problem."""
    return Response(content.model_dump_json(), content.status, dict(headers or {}), MEDIA_TYPE)


def answer(scope: Scope, content: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response for a problem: a page for a browser on the explorer, JSON for programs."""
    asked = Headers(scope=scope)
    by_eye = is_page(scope["path"]) and "text/html" in asked.get("accept", "") and "hx-request" not in asked
    if not by_eye:
        return respond(content, headers)
    page = pages.render("problem.html", content.status, problem=content, **BARE)
    page.headers.update(headers or {})
    return page


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route's documentation says of the problems it may answer with."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": _title(status), "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def request_id_of(request: Request) -> str:
    """Return the name that the middleware gave the request."""
    name: str = request.scope["state"]["request_id"]
    return name


def translate(error: TagprimeError) -> tuple[int, str, list[Fault]]:
    """Return the status, the code and the faults of an expected error."""
    match error:
        case InputError():
            return 422, "invalid_request", [Fault(pointer=error.pointer, detail=str(error))]
        case FaultsError():
            return 422, "invalid_request", [Fault(pointer=p, detail=d) for p, d in error.faults]
        case TagError():
            return 422, "invalid_tag", []
        case NotFoundError():
            return 404, error.code, []
        case ConflictError():
            return 409, error.code, []
        case PreconditionError():
            return 412, "precondition_failed", []
        case StoreError():
            return 503, "store_unavailable", []
        case BundleError():
            return 503, "bundle_unavailable", []
        case _:
            # Nothing else is expected while a request is answered: a bug, and it should look like one.
            raise error


def install(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Make every error that the framework or the service raises a problem.

    Parameters
    ----------
    app
        The application.
    routers
        Its routes: a 405 names all methods that they have at a path.
    """
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]

    @app.exception_handler(TagprimeError)
    async def expected(request: Request, error: TagprimeError) -> Response:
        content = expected_problem(request_id_of(request), error)
        return answer(request.scope, content, _retry(content.status))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        name, found = request_id_of(request), error.errors()
        if any(fault["type"] == "json_invalid" for fault in found):
            where = f" at character {found[0]['loc'][1]}" if len(found[0]["loc"]) > 1 else ""
            detail = f"the body is not JSON: {found[0]['ctx']['error']}{where}"
            return respond(problem(name, 400, "invalid_json", detail))
        # The framework says where: "body", "query" and the like come first.
        return answer(request.scope, invalid_problem(name, found))

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        if error.status_code == 405:
            path = request.scope["path"]
            methods = {m for route in routes if route.path_regex.match(path) for m in route.methods or ()}
            if "GET" in methods:
                methods.add("HEAD")
            headers["Allow"] = ", ".join(sorted(methods)) or headers.get("Allow", "GET")
        code, detail = _explained(request, error, headers)
        content = problem(request_id_of(request), error.status_code, code, detail)
        return answer(request.scope, content, headers)


def _retry(status: int) -> dict[str, str] | None:
    return {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else None


def _explained(request: Request, error: HTTPException, headers: Mapping[str, str]) -> tuple[str, str]:
    path = request.scope["path"]
    match error.status_code:
        case 400 if isinstance(error, CodingError):
            return "invalid_coding", str(error.detail)
        case 400:
            return "invalid_json", "the body is not JSON in UTF-8, or is nested too deeply"
        case 404 if error.detail == HTTPStatus.NOT_FOUND.phrase:
            return "not_found", f"there is nothing at {shown(path)}; see /docs for what there is"
        case 405:
            return "method_not_allowed", f"{request.method} is not possible here; {headers['Allow']} is"
        case 413:
            return "body_too_large", str(error.detail)
        case 415:
            return "unsupported_media_type", str(error.detail)
        case status:
            return HTTPStatus(status).name.lower(), str(error.detail)


def _title(status: int) -> str:
    # Newer Pythons renamed the phrases of 413 and 422; the names here are RFC 9110's on all of them.
    return {413: "Content Too Large", 422: "Unprocessable Content"}.get(status) or HTTPStatus(status).phrase


def _pointer(location: Iterable[Any]) -> str:
    steps = list(location)
    if steps and steps[0] in {"query", "header", "path", "cookie"}:
        return f"{steps[0]}:{'/'.join(_cut(step) for step in steps[1:])}"
    if steps and steps[0] == "body":
        steps = steps[1:]
    return "".join("/" + _cut(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _cut(step: object, most: int = 60) -> str:
    text = str(step)
    return text if len(text) <= most else text[:most] + "..."


def _sentence(fault: Mapping[str, Any]) -> str:
    """Return pydantic's message with the offending value shown, shortened, where it is a plain one."""
    message = str(fault["msg"])
    message = message[:1].lower() + message[1:]
    value = fault.get("input")
    if fault["type"] not in {"missing", "extra_forbidden"} and isinstance(value, str | int | float | None):
        message += f"; got {shown(value) if isinstance(value, str) else json.dumps(value)[:60]}"
    return message


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
