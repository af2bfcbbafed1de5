"""OpenTelemetry traces, where an operator enables them: a span a request, and never a tag's text.

Nothing of OpenTelemetry is imported unless ``TAGPRIME_OTLP_ENDPOINT`` is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import release
from app.labels import known_method, route_of
from app.scopes import OPEN
from app.settings import variable
from models.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider


def open_provider(endpoint: str) -> TracerProvider:
    """Return what makes spans and sends them to a collector, in the background; close it with ``shutdown``.

    Sampling and resources follow OpenTelemetry's own environment variables.

    Raises
    ------
    SettingsError
        If OpenTelemetry is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"{variable('otlp_endpoint')} is set, but {error.name} is not installed; traces come with: "
            "pip install 'tagprime[otel]'"
        ) from None
    service = Resource.create({"service.name": "tagprime", "service.version": release()})
    provider = TracerProvider(resource=service, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return provider


class Tracing:
    """Makes a span of each request but the probes': method, route, status, model version, request id.

    A span continues the trace that the caller names in ``traceparent``. The names are those of
    OpenTelemetry's conventions for HTTP; the path and the query stay out, since they may hold a tag.
    """

    def __init__(self, app: ASGIApp, provider: TracerProvider) -> None:
        from opentelemetry.trace import SpanKind, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self.app = app
        self._tracer = provider.get_tracer("tagprime", release())
        self._caller = TraceContextTextMapPropagator().extract
        self._kind, self._error = SpanKind.SERVER, StatusCode.ERROR

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self.app(scope, receive, send)
            return
        method, status = known_method(scope["method"]), 0

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        span = self._tracer.start_span(method, self._caller(headers), self._kind)
        try:
            await self.app(scope, receive, seen)
        finally:
            route, state = route_of(scope), scope["state"]
            span.update_name(f"{method} {route}")
            span.set_attribute("http.request.method", method)
            span.set_attribute("http.route", route)
            span.set_attribute("tagprime.request_id", state["request_id"])
            if "models" in state:
                span.set_attribute("tagprime.model.version", ",".join(sorted(state["models"])))
            if status:
                span.set_attribute("http.response.status_code", status)
            if status >= 500 or not status:
                span.set_status(self._error)
            span.end()
