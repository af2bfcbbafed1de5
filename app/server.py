"""The HTTP server around the application."""

from __future__ import annotations

import logging
import signal

import uvicorn

from app.db.engine import open_engine
from app.jobs.worker import Worker
from app.logs import configure_logging
from app.main import create_app
from app.services.models.registry import Registry
from app.settings import Settings

_REPEATED = "Application startup failed. Exiting."


def run(settings: Settings) -> None:
    """Serve until told to stop; exit with 3 if the start failed, its reason printed on one line.

    uvicorn takes SIGTERM as the end of new connections, and waits for the requests it has.
    """
    configure_logging(settings.log_level)
    # The line before it says why.
    logging.getLogger("uvicorn.error").addFilter(lambda entry: entry.msg != _REPEATED)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,  # its lines would tell paths, and with them tags
        timeout_graceful_shutdown=settings.drain_seconds,
        server_header=False,
    )
    server = uvicorn.Server(config)
    server.run()
    if not server.started:
        raise SystemExit(3)


def work(settings: Settings) -> None:
    """Run evaluations until told to stop; the one under way goes back into the queue."""
    configure_logging(settings.log_level)
    engine = open_engine(settings.store_url, settings.store_timeout_seconds)
    registry = Registry(settings)
    registry.open()
    worker = Worker(engine, registry, settings)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: worker.stop())
    worker.run()
    engine.dispose()
