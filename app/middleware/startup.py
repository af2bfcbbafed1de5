"""Expected errors while the service starts."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from models.errors import TagprimeError


class StartupFault:
    """Hands an expected error at start-up to the server as one line instead of a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return

        failure: Message | None = None

        # Starlette reports a failed start with its traceback, then raises; the raise says more.
        async def without_traceback(message: Any) -> None:
            nonlocal failure
            if message["type"] == "lifespan.startup.failed":
                failure = message
            else:
                await send(message)

        try:
            await self.app(scope, receive, without_traceback)
        except TagprimeError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
        except Exception:
            # A bug, and it should look like one; unsaid, the server would take it for an app without a start.
            if failure is not None:
                await send(failure)
            raise
