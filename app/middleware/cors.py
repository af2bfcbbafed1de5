"""Cross-origin requests (CORS): pages of the origins that the operator allows may send requests."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import problem, respond
from app.settings import Settings, variable

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
READ = (
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Request-ID",
)


class Cors(CORSMiddleware):
    """Lets pages of the allowed origins send requests. Their cookies are never accepted."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        super().__init__(
            app,
            allow_origins=settings.allowed_origins,
            allow_methods=METHODS,
            # OpenAI's clients add headers of no fixed list, and a header by itself gives no access.
            allow_headers=["*"],
            allow_credentials=False,
            expose_headers=READ,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "OPTIONS":
            headers = Headers(scope=scope)
            if "origin" in headers and "access-control-request-method" in headers:
                response = self.preflight_response(request_headers=headers)
                if response.status_code != 200:
                    reason = bytes(response.body).decode()
                    detail = f"{reason}; {variable('cors_origins')} lists the origins that are allowed"
                    content = problem(scope["state"]["request_id"], 400, "cors_refused", detail)
                    response = respond(content)
                await response(scope, receive, send)
                return
        await super().__call__(scope, receive, send)
