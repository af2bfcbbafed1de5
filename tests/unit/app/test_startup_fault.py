"""A start that fails is told to the server, whatever failed: else it would serve without having started."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.middleware.startup import StartupFault
from models.errors import BundleError


def start(error: Exception) -> tuple[list[dict[str, Any]], Exception | None]:
    """Run a lifespan that fails as Starlette's does: it tells of its traceback, then raises."""
    sent: list[dict[str, Any]] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.failed", "message": "Traceback ..."})
        raise error

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    try:
        asyncio.run(StartupFault(app)({"type": "lifespan"}, receive, send))
    except RuntimeError as raised:
        return sent, raised
    return sent, None


def test_an_expected_error_is_one_line() -> None:
    sent, raised = start(BundleError("encoder.safetensors: is missing"))
    assert sent == [{"type": "lifespan.startup.failed", "message": "encoder.safetensors: is missing"}]
    assert raised is None


def test_a_bug_keeps_its_traceback_and_stops_the_start() -> None:
    sent, raised = start(RuntimeError("bug"))
    assert sent == [{"type": "lifespan.startup.failed", "message": "Traceback ..."}]
    assert str(raised) == "bug"


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_requests_pass(kind: str) -> None:
    seen: list[str] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["type"])

    asyncio.run(StartupFault(app)({"type": kind}, None, None))  # type: ignore[arg-type]
    assert seen == [kind]
