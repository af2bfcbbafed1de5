"""Bad input of every kind gets a problem that says what is wrong; never a 5xx, never a hang."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

BODIES: dict[str, tuple[bytes, int, str, str | None]] = {
    "empty tag": (b'{"tag": ""}', 422, "invalid_request", "/tag"),
    "blank tag": (b'{"tag": " \\u3000 "}', 422, "invalid_request", "/tag"),
    "NUL": (b'{"tag": "a\\u0000b"}', 422, "invalid_request", "/tag"),
    "raw NUL": (b'{"tag": "a\x00b"}', 400, "invalid_json", None),
    "lone surrogate": (b'{"tag": "\\ud800"}', 422, "invalid_request", "/tag"),
    "lone surrogate as a field": (b'{"tag": "a", "\\ud800": 1}', 422, "invalid_request", None),
    "escape sequence": (b'{"tag": "a\\u001b[31m"}', 422, "invalid_request", "/tag"),
    "long tag": (b'{"tag": "' + b"a" * 201 + b'"}', 422, "invalid_request", "/tag"),
    "no tag": (b"{}", 422, "invalid_request", "/tag"),
    "tag of the wrong type": (b'{"tag": 7}', 422, "invalid_request", "/tag"),
    "null tag": (b'{"tag": null}', 422, "invalid_request", "/tag"),
    "context not a list": (b'{"tag": "a", "context": "b"}', 422, "invalid_request", "/context"),
    "number in the context": (b'{"tag": "a", "context": ["b", 3]}', 422, "invalid_request", "/context/1"),
    "bad tag in the context": (b'{"tag": "a", "context": ["b", ""]}', 422, "invalid_request", "/context/1"),
    "bad tag in exclude": (b'{"tag": "a", "exclude": ["\\u0000"]}', 422, "invalid_request", "/exclude/0"),
    "limit 0": (b'{"tag": "a", "limit": 0}', 422, "invalid_request", "/limit"),
    "limit 1001": (b'{"tag": "a", "limit": 1001}', 422, "invalid_request", "/limit"),
    "limit true": (b'{"tag": "a", "limit": true}', 422, "invalid_request", "/limit"),
    "limit as text": (b'{"tag": "a", "limit": "5"}', 422, "invalid_request", "/limit"),
    "limit infinite": (b'{"tag": "a", "limit": 1e999}', 422, "invalid_request", "/limit"),
    "limit of 5,000 digits": (b'{"tag": "a", "limit": ' + b"9" * 5000 + b"}", 400, "invalid_json", None),
    "threshold NaN": (b'{"tag": "a", "score_threshold": NaN}', 422, "invalid_request", "/score_threshold"),
    "unknown field": (b'{"tag": "a", "topk": 3}', 422, "invalid_request", "/topk"),
    "unknown field with a slash": (b'{"tag": "a", "a/b~c": 3}', 422, "invalid_request", "/a~1b~0c"),
    "unknown model": (b'{"tag": "a", "model": "nope"}', 404, "model_not_found", None),
    "empty body": (b"", 422, "invalid_request", None),
    "a list": (b"[]", 422, "invalid_request", None),
    "a string": (b'"tag"', 422, "invalid_request", None),
    "cut JSON": (b'{"tag": ', 400, "invalid_json", None),
    "not JSON": (b"tag=jazz", 400, "invalid_json", None),
    "not UTF-8": (b'{"tag": "\xff\xfe"}', 400, "invalid_json", None),
    "deeply nested": (b"[" * 200_000, 400, "invalid_json", None),
    "10,000-tag context": (
        json.dumps({"tag": "a", "context": [f"tag {i}" for i in range(10_000)]}).encode(),
        422,
        "invalid_request",
        "/context",
    ),
    "1,001 exclusions": (
        json.dumps({"tag": "a", "exclude": ["b"] * 1001}).encode(),
        422,
        "invalid_request",
        "/exclude",
    ),
    "1 MB body": (b'{"tag": "' + b"a" * 2**20 + b'"}', 413, "body_too_large", None),
}


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) == {"type", "title", "status", "detail", "code", "errors", "error_count", "request_id"}
    assert (body["status"], body["code"]) == (status, code)
    assert body["request_id"] == response.headers["x-request-id"]
    assert body["detail"].isprintable()
    return body


@pytest.mark.parametrize("name", BODIES)
def test_bad_bodies(server: httpx.Client, name: str) -> None:
    body, status, code, pointer = BODIES[name]
    found = assert_problem(server.post("/prime", content=body), status, code)
    if pointer is not None:
        assert pointer in [fault["pointer"] for fault in found["errors"]]


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("10,000-tag context", "TAGPRIME_MAX_CONTEXT"),
        ("1,001 exclusions", "TAGPRIME_MAX_EXCLUDE"),
        ("limit 1001", "TAGPRIME_MAX_RESULTS"),
        ("1 MB body", "TAGPRIME_MAX_BODY_BYTES"),
    ],
)
def test_a_limit_is_named_with_its_setting(server: httpx.Client, name: str, setting: str) -> None:
    assert setting in server.post("/prime", content=BODIES[name][0]).json()["detail"]


def test_the_body_limit_holds_where_no_length_is_announced(server: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 65_536

    assert_problem(server.post("/prime", content=endless()), 413, "body_too_large")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/%ff%fe", 404, "not_found"),
        ("GET", "/prime", 405, "method_not_allowed"),
        ("DELETE", "/v1/tags", 405, "method_not_allowed"),
        ("GET", "/v1/tags?limit=x", 422, "invalid_request"),
        ("GET", "/v1/tags?limit=0", 422, "invalid_request"),
        ("GET", "/v1/tags?limit=100000", 422, "invalid_request"),
        ("GET", "/v1/tags?cursor=%21%21", 422, "invalid_request"),
        ("GET", "/v1/tags?cursor=_w", 422, "invalid_request"),
        ("GET", "/v1/tags?prefix=a%00", 422, "invalid_request"),
        ("GET", "/v1/tags?page=2", 422, "invalid_request"),
    ],
)
def test_bad_requests_without_a_body(
    server: httpx.Client, method: str, path: str, status: int, code: str
) -> None:
    found = assert_problem(server.request(method, path), status, code)
    if status == 405:
        assert "Allow" in server.request(method, path).headers
    if status == 422:
        assert found["errors"]


def test_a_bug_is_a_problem_too_and_the_log_tells_more(
    monkeypatch: pytest.MonkeyPatch, client: TestClient
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("app.routes.prime.answer", fail)
    found = assert_problem(client.post("/prime", json={"tag": "a"}), 500, "internal_error")
    assert "secret" not in json.dumps(found)
