"""The API's own description, with what the framework does not know of it."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from app.errors import Problem, described
from app.schemas.documents import DocumentRequest, FaultyImport

DESCRIPTION = """\
Semantic tag search for music apps: `POST /v1/prime` ranks a vocabulary's tags by how related they are
to a tag *in its context*. Every error is a problem document (RFC 9457), `application/problem+json`.
A request body may be compressed: `Content-Encoding: gzip` or `zstd`. `HEAD` is answered wherever `GET` is,
and answers to `GET` below `/v1` carry an `ETag` for `If-None-Match`.
"""


def describe(app: FastAPI, keys_required: bool) -> None:
    """Make `app` describe its problems in ``/openapi.json``, ``/docs`` included."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = generate()
            _, definitions = models_json_schema(
                [
                    (Problem, "serialization"),
                    (FaultyImport, "serialization"),
                    (DocumentRequest, "validation"),
                ],
                ref_template="#/components/schemas/{model}",
            )
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            schemas |= definitions["$defs"]
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            for path, operations in schema["paths"].items():
                for method, operation in operations.items():
                    # Not of the route but of what requests pass before it.
                    outside = (401, 403, 429, *((400, 413, 415) if "requestBody" in operation else ()))
                    operation["responses"] |= {str(k): v for k, v in described(*outside).items()}
                    if method == "get" and path.startswith("/v1/"):
                        operation["responses"]["304"] = {"description": "`If-None-Match` names what is there"}
            schema["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
            if keys_required:
                schema["security"] = [{"key": []}]
            app.openapi_schema = schema
        return app.openapi_schema

    app.description = DESCRIPTION
    app.openapi = openapi  # type: ignore[method-assign]
