"""The composition root: settings in, application out. Nothing happens at import."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Thread
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from app import errors, release
from app.gate import Gate
from app.jobs.worker import Worker
from app.metrics import Metrics
from app.middleware.bodies import RequestBodies
from app.middleware.context import Bugs, RequestContext
from app.middleware.cors import Cors
from app.middleware.lenient import Lenient
from app.middleware.startup import StartupFault
from app.openapi import describe
from app.routes import (
    docs,
    documents,
    evaluations,
    explorer,
    library,
    models,
    operation,
    prime,
    quality,
    signing,
    tags,
)
from app.services.runtime import Runtime
from app.settings import Settings
from app.web.pages import Assets

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig

# Smaller answers fit the first packets anyway; higher levels take much longer for little.
COMPRESSED_BYTES = 4096
COMPRESSION_LEVEL = 4

# FastAPI's own would record paths, queries and refused input, which hold tags; `app.tracing` does not.
# Versions of FastAPI without any pass this over.
_NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}


def create_app(settings: Settings) -> FastAPI:
    """Return the service. The bundle is loaded when the server starts it.

    Raises
    ------
    SettingsError
        If traces are enabled and OpenTelemetry is not installed.
    """
    provider = None
    if settings.otlp_endpoint is not None:
        from app.tracing import Tracing, open_provider

        provider = open_provider(settings.otlp_endpoint)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        running = Runtime.open(settings)
        app.state.runtime = running
        monitoring = Thread(target=running.monitor.run, name="store monitor", daemon=True)
        monitoring.start()
        if settings.bundles is not None:  # the store may say that another of them is served
            await asyncio.to_thread(running.monitor.wait_for_first_read, settings.store_timeout_seconds)
        worker = Worker(running.engine, running.registry, settings) if settings.worker == "inside" else None
        working = None if worker is None else Thread(target=worker.run, name="worker", daemon=True)
        if working is not None:
            working.start()
        try:
            yield
        finally:
            if worker is not None and working is not None:
                worker.stop()
                await asyncio.to_thread(working.join, settings.drain_seconds)
            # The monitor's thread may hold a connection, which must be given back before the engine closes.
            running.monitor.stop()
            await asyncio.to_thread(monitoring.join)
            running.engine.dispose()
            if provider is not None:
                await asyncio.to_thread(provider.shutdown)

    app = FastAPI(
        title="Tagprime",
        version=release(),
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        telemetry=_NO_TELEMETRY,
    )
    app.state.metrics = Metrics(lambda: getattr(app.state, "runtime", None))
    programs = (prime, tags, documents, models, evaluations, operation)
    people = (explorer, library, quality, signing, docs)
    routers = [module.router for module in (*programs, *people)]
    # From the inside out.
    app.add_middleware(GZipMiddleware, minimum_size=COMPRESSED_BYTES, compresslevel=COMPRESSION_LEVEL)
    app.add_middleware(RequestBodies, settings=settings)
    app.add_middleware(Gate, settings=settings, running=lambda: app.state.runtime)
    app.add_middleware(Lenient, routers=routers)
    app.add_middleware(Bugs)
    if settings.allowed_origins:
        app.add_middleware(Cors, settings=settings)
    app.add_middleware(RequestContext, metrics=app.state.metrics, access_log=settings.access_log)
    if provider is not None:
        app.add_middleware(Tracing, provider=provider)
    app.add_middleware(StartupFault)
    errors.install(app, routers)
    for router in routers:
        app.include_router(router)
    app.mount("/static", Assets())
    describe(app, keys_required=settings.auth == "required")
    return app
