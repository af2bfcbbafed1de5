"""Pages of other sites: shut out, unless a setting lets their origin in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.api.test_bad_input import assert_problem

HOME = "https://app.example"
ASKED = {
    "Origin": HOME,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-stainless-lang",
}


@pytest.fixture(params=[f"{HOME},http://localhost:5173", "*"])
def opened(request: pytest.FixtureRequest, bundle_path: Path, database_url: str) -> Iterator[TestClient]:
    """A service that keys protect, and that lets one page in, or all of them."""
    settings = Settings(
        bundle=bundle_path, database_url=database_url, auth="required", cors_origins=request.param
    )
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def test_nobody_is_let_in_by_default(client: TestClient) -> None:
    assert client.options("/prime", headers=ASKED).status_code == 405
    answer = client.post("/prime", json={"tag": "jazz"}, headers={"Origin": HOME})
    assert [name for name in answer.headers if name.startswith("access-control")] == []


def test_a_page_may_ask_and_read_problems(opened: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    wild = opened.app.state.runtime.settings.cors_origins == "*"  # type: ignore[attr-defined]
    preflight = opened.options("/prime", headers=ASKED)
    assert (preflight.status_code, "x-request-id" in preflight.headers) == (200, True), "without a key"
    assert preflight.headers["access-control-allow-headers"] == ASKED["Access-Control-Request-Headers"]
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    refused = opened.post("/prime", json={"tag": "jazz"}, headers={"Origin": HOME})
    assert_problem(refused, 401, "unauthorized")
    monkeypatch.setattr("app.gate.required_scope", lambda *_: None)
    monkeypatch.setattr("app.routes.prime.answer", lambda *_: 1 / 0)
    failed = opened.post("/prime", json={"tag": "jazz"}, headers={"Origin": HOME})
    assert_problem(failed, 500, "internal_error")
    for answer in (preflight, refused, failed):
        assert answer.headers["access-control-allow-origin"] == ("*" if wild else HOME)
        assert "access-control-allow-credentials" not in answer.headers
        assert wild or "Origin" in answer.headers["vary"]
    assert "X-Request-ID" in refused.headers["access-control-expose-headers"]


def test_other_pages_are_not(opened: TestClient) -> None:
    other = {**ASKED, "Origin": "https://app.example.evil.example"}
    if opened.app.state.runtime.settings.cors_origins == "*":  # type: ignore[attr-defined]
        other = {**ASKED, "Access-Control-Request-Method": "TRACE"}
    refused = opened.options("/prime", headers=other)
    assert "TAGPRIME_CORS_ORIGINS" in assert_problem(refused, 400, "cors_refused")["detail"]
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize(
    "origins",
    ["", "app.example", "https://app.example/", "https://*.example", "*,https://a.example", "null",
     "https://a.example, https://b.example", "https://A.example"],
)  # fmt: skip
def test_what_is_no_origin_is_refused_at_the_start(origins: str) -> None:
    with pytest.raises(ValidationError, match="an origin is a scheme and a host"):
        Settings(cors_origins=origins)
