"""OpenTelemetry: real spans at a real collector, and nothing of it where nobody asked."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from app.settings import DEMO_BUNDLE
from models.bundle import load_bundle
from tests.api.conftest import serving

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector:
    """An OTLP collector: takes what is sent over HTTP and keeps it."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200 if self.path == "/v1/traces" else 404)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/v1/traces"

    def spans(self) -> list[Span]:
        """Return every span that was sent."""
        sent = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            span
            for request in sent
            for of_service in request.resource_spans
            for of_scope in of_service.scope_spans
            for span in of_scope.spans
        ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector that listens."""
    collector = Collector()
    thread = Thread(target=collector.server.serve_forever)
    thread.start()
    yield collector
    collector.server.shutdown()
    thread.join()
    collector.server.server_close()


def attributes(span: Span) -> dict[str, str | int]:
    return {
        pair.key: pair.value.int_value if pair.value.HasField("int_value") else pair.value.string_value
        for pair in span.attributes
    }


def test_every_request_is_a_span_without_anybodys_text(collector: Collector, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'store.db'}"
    # FastAPI has a telemetry of its own, which tells paths and queries: no environment turns it on here.
    environment = {
        "TAGPRIME_OTLP_ENDPOINT": collector.address,
        "FASTAPI_OTEL_AUTO_CONFIGURE": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address.removesuffix("/v1/traces"),
    }
    with (
        serving("--database", store, **environment) as address,
        httpx.Client(base_url=address) as client,
    ):
        body = {"tag": "lo-fi", "context": ["hip hop"]}
        caller = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-ID": "request-7"}
        assert client.post("/prime", json=body, headers=caller).status_code == 200
        client.post("/v1/prime/batch", json={"queries": [body, body]})
        client.get("/v1/tags/lo-fi")
        client.get("/lo-fi?q=lo-fi")
        client.get("/livez")
    # The server was told to stop, and sent what it still held.
    spans = {span.name: span for span in collector.spans()}
    assert set(spans) == {"POST /prime", "POST /v1/prime/batch", "GET /v1/tags/{tag:path}", "GET unmatched"}
    version = load_bundle(DEMO_BUNDLE).version
    prime = spans["POST /prime"]
    assert attributes(prime) == {
        "http.request.method": "POST",
        "http.route": "/prime",
        "http.response.status_code": 200,
        "tagprime.model.version": version,
        "tagprime.request_id": "request-7",
    }
    assert (prime.trace_id.hex(), prime.parent_span_id.hex()) == (TRACE, CALLER)
    assert prime.kind == Span.SPAN_KIND_SERVER
    assert prime.end_time_unix_nano > prime.start_time_unix_nano
    for name in ("POST /v1/prime/batch", "GET /v1/tags/{tag:path}"):
        assert attributes(spans[name])["tagprime.model.version"] == version
    assert attributes(spans["GET unmatched"])["http.response.status_code"] == 404
    assert {span.status.code for span in spans.values()} == {Status.STATUS_CODE_UNSET}
    sent = b"".join(collector.bodies)
    assert b"service.name" in sent
    assert b"lo-fi" not in sent
    assert b"hip hop" not in sent


def test_nothing_is_sent_unless_tagprime_is_told_to(collector: Collector, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'store.db'}"
    environment = {
        "FASTAPI_OTEL_AUTO_CONFIGURE": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address.removesuffix("/v1/traces"),
    }
    with serving("--database", store, **environment) as address:
        assert httpx.post(f"{address}/prime", json={"tag": "lo-fi"}).status_code == 200
    assert collector.bodies == []


def test_a_collector_that_is_away_does_no_harm(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'store.db'}"
    with serving("--database", store, TAGPRIME_OTLP_ENDPOINT="http://127.0.0.1:9/v1/traces") as address:
        assert httpx.post(f"{address}/prime", json={"tag": "lo-fi"}).status_code == 200


def start(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, "serve", "--port", "0"],
        capture_output=True, text=True, check=False, timeout=60, env={**os.environ, **environment},
    )  # fmt: skip


def test_asked_for_without_the_extra_the_server_says_what_to_install() -> None:
    absent = "import sys; sys.modules['opentelemetry.sdk'] = None; from app.cli import main; main()"
    done = start(absent, TAGPRIME_OTLP_ENDPOINT="http://127.0.0.1:4318/v1/traces")
    assert done.returncode == 1
    assert "TAGPRIME_OTLP_ENDPOINT is set" in done.stderr
    assert "pip install 'tagprime[otel]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_no_address_is_refused() -> None:
    done = start("from app.cli import main; main()", TAGPRIME_OTLP_ENDPOINT="collector:4318")
    assert done.returncode == 1
    assert "TAGPRIME_OTLP_ENDPOINT" in done.stderr
