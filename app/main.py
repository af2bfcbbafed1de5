"""The composition root: settings in, application out. Nothing happens at import."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from app import errors, release
from app.middleware import BodyLimit, RequestContext, StartupFault
from app.openapi import describe
from app.routes import operation, prime, tags
from app.services.runtime import Runtime
from app.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """Return the service. The bundle is loaded when the server starts it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        running = Runtime.open(settings)
        app.state.runtime = running
        refresher = asyncio.create_task(running.usage.run())
        try:
            yield
        finally:
            refresher.cancel()
            with suppress(asyncio.CancelledError):
                await refresher
            running.engine.dispose()

    app = FastAPI(title="Tagprime", version=release(), lifespan=lifespan, redirect_slashes=False)
    app.add_middleware(BodyLimit, max_bytes=settings.max_body_bytes)
    app.add_middleware(RequestContext)
    app.add_middleware(StartupFault)
    errors.install(app)
    for module in (prime, tags, operation):
        app.include_router(module.router)
    describe(app)
    return app
