"""What every HTTP client may count on: HEAD, a slash too many, compressed answers, faults below HTTP."""

from __future__ import annotations

import json
import re
import socket
import zlib

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

import app.routes
from app.main import COMPRESSED_BYTES
from tests.api.test_bad_input import assert_problem

PATHS = {"tag": "jazz", "id": "d/1", "name": "default", "key": "k"}
COUNTED = {"x-request-id", "date"}


def test_head_is_answered_wherever_get_is(client: TestClient) -> None:
    client.post("/v1/documents", json={"id": "d/1", "tags": ["jazz"]})
    routers = [module.router for module in vars(app.routes).values() if hasattr(module, "router")]
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    paths = {route.path for route in routes if "GET" in (route.methods or ())}
    assert {"/", "/v1/prime", "/v1/tags/{tag:path}", "/metrics", "/livez", "/docs"} < paths
    for path in sorted(paths - {"/metrics"}):
        filled = re.sub(r"\{(\w+)(:path)?\}", lambda found: PATHS.get(found[1], "none"), path)
        query = {"q": "jaz", "tag": "jazz"} if path in {"/v1/tags/suggest", "/v1/prime"} else None
        got = client.get(filled, params=query, follow_redirects=False)
        head = client.head(filled, params=query, follow_redirects=False)
        assert (head.status_code, head.content) == (got.status_code, b""), path
        assert {k: v for k, v in head.headers.items() if k not in COUNTED} == {
            k: v for k, v in got.headers.items() if k not in COUNTED
        }
    assert (client.head("/metrics").status_code, client.head("/metrics").content) == (200, b"")
    assert client.head("/static/explorer.css").status_code == 200


def test_head_over_a_real_connection_and_in_the_metrics(server: httpx.Client) -> None:
    for _ in range(2):  # on one connection, which a body that nobody expects would spoil
        head = server.head("/v1/tags", headers={"Accept-Encoding": "identity"})
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) == len(server.get("/v1/tags").content)
    assert 'method="HEAD",outcome="2xx",route="/v1/tags"' in server.get("/metrics").text
    assert server.head("/v1/embeddings").status_code == 405
    assert "HEAD" in server.post("/v1/tags").headers["allow"]


@pytest.mark.parametrize(
    "path", ["/v1/tags", "/v1/tags/suggest?q=ja", "/v1/models/default", "/livez", "/docs"]
)
def test_a_slash_too_many_is_forgiven(client: TestClient, path: str) -> None:
    bare, _, query = path.partition("?")
    answer = client.get(f"{bare}/?{query}")
    assert (answer.status_code, answer.content) == (200, client.get(path).content)


def test_a_slash_too_many_is_forgiven_to_those_who_send(client: TestClient) -> None:
    query = {"tag": "jazz"}
    assert client.post("/prime/", json=query).json() == client.post("/prime", json=query).json()
    assert client.post("/v1/documents/", json={"id": "a", "tags": []}).status_code == 201
    stream = client.post("/v1/documents/", content=b'{"id": "b", "tags": []}\n' + b" " * 2_000_000,
                         headers={"Content-Type": "application/x-ndjson"})  # fmt: skip
    assert stream.json()["created"] == 1


def test_the_slash_at_the_end_of_a_name_belongs_to_it(client: TestClient) -> None:
    client.post("/v1/documents", json={"id": "https://a.example/", "tags": ["jazz"]})
    assert client.get("/v1/documents/https://a.example/").json()["id"] == "https://a.example/"
    assert client.get("/v1/documents/https://a.example").status_code == 404
    assert client.put("/v1/tag-aliases/w/", json={"target": "jazz"}).json()["alias"] == "w/"
    assert client.get("/nowhere/").json()["detail"].startswith("there is nothing at '/nowhere/'")


def test_large_answers_are_compressed_for_those_who_can_read_it(server: httpx.Client) -> None:
    query = {"input": ["jazz", "ambient"] * 128}
    plain = server.post("/v1/embeddings", json=query, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert len(plain.content) > COMPRESSED_BYTES
    with server.stream("POST", "/v1/embeddings", json=query, headers={"Accept-Encoding": "gzip"}) as sent:
        raw = b"".join(sent.iter_raw())
    assert (sent.headers["content-encoding"], sent.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert int(sent.headers["content-length"]) == len(raw) < len(plain.content) / 2
    assert json.loads(zlib.decompress(raw, 31)) == plain.json()


def test_small_answers_and_fonts_are_not_compressed(server: httpx.Client) -> None:
    gzip = {"Accept-Encoding": "gzip"}
    assert "content-encoding" not in server.post("/prime", json={"tag": "jazz"}, headers=gzip).headers
    vendored = "/static/vendor/figtree-5.3.0/figtree-latin-ext-wght-normal.woff2"
    assert "content-encoding" not in server.get(vendored, headers=gzip).headers
    assert (
        server.get("/static/vendor/htmx-2.0.11/htmx.min.js", headers=gzip).headers["content-encoding"]
        == "gzip"
    )


@pytest.mark.parametrize(
    "line", ["GET /v1/tags/beyoncé HTTP/1.1", "GET /v1/tags?prefix=é HTTP/1.1", "GET /a b HTTP/1.1", "hello"]
)
def test_what_is_no_http_gets_a_problem_too(server: httpx.Client, line: str) -> None:
    with socket.create_connection((server.base_url.host, server.base_url.port or 80), timeout=20) as sent:
        sent.sendall(line.encode() + b"\r\nHost: localhost\r\n\r\n")
        answer = b"".join(iter(lambda: sent.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *fields = head.decode().split("\r\n")
    assert status == "HTTP/1.1 400 Bad Request"
    headers = dict(field.split(": ", 1) for field in fields)
    assert int(headers["content-length"]) == len(body)
    found = assert_problem(httpx.Response(400, headers=headers, content=body), 400, "invalid_http")
    assert "%C3%A9" in found["detail"]
