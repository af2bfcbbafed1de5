"""The HTTP server around the application."""

from __future__ import annotations

import logging
import signal
import uuid

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.db.engine import open_engine
from app.errors import MEDIA_TYPE, problem
from app.jobs.worker import Worker
from app.logs import configure_logging
from app.main import create_app
from app.services.models.registry import Registry
from app.settings import Settings

NOT_HTTP = (
    "this is no HTTP/1.1 request (RFC 9112); what is not ASCII in a path or a query must be percent-encoded "
    "UTF-8, such as %C3%A9"
)
_REPEATED = "Application startup failed. Exiting."


class Protocol(HttpToolsProtocol):
    """Answers what cannot be parsed as HTTP with a problem document, as every other fault is answered."""

    def send_400_response(self, msg: str) -> None:
        """Send it, and close the connection; `msg` is for the log."""
        content = problem(uuid.uuid4().hex, 400, "invalid_http", NOT_HTTP)
        body = content.model_dump_json().encode()
        head = (
            "HTTP/1.1 400 Bad Request",
            f"content-type: {MEDIA_TYPE}",
            f"content-length: {len(body)}",
            f"x-request-id: {content.request_id}",
            "connection: close",
        )
        self.transport.write("\r\n".join(head).encode("ascii") + b"\r\n\r\n" + body)
        self.transport.close()


def run(settings: Settings) -> None:
    """Serve until stopped by a signal; exit with 3 if the start failed, its reason printed on one line.

    uvicorn takes SIGTERM as the end of new connections, and waits for the requests it has.
    """
    configure_logging(settings.log_level)
    # The line before it says why.
    logging.getLogger("uvicorn.error").addFilter(lambda entry: entry.msg != _REPEATED)
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        http=Protocol,
        log_config=None,
        access_log=False,  # its lines would hold paths, and with them tags
        timeout_graceful_shutdown=settings.drain_seconds,
        server_header=False,
    )
    server = uvicorn.Server(config)
    server.run()
    if not server.started:
        raise SystemExit(3)


def work(settings: Settings) -> None:
    """Run evaluations until stopped by a signal; the one under way goes back into the queue."""
    configure_logging(settings.log_level)
    engine = open_engine(settings.store_url, settings.store_timeout_seconds)
    registry = Registry(settings)
    registry.open()
    worker = Worker(engine, registry, settings)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: worker.stop())
    worker.run()
    engine.dispose()
