"""Lengths are checked before anything else is done to a text.

NFKC takes quadratic time on a run of combining marks, as the standard library's cookie parser does on
backslashes in some releases. Were one of these requests normalised or parsed so, it would hold the server up
for minutes; the client's timeout stands for that.
"""

from __future__ import annotations

import json
from urllib.parse import quote

import httpx
import pytest

from models.catalogues.lines import MAX_LINE_BYTES
from models.catalogues.table import scan_table
from models.errors import TagError
from models.normalizer import normalize_tag

MARKS = "a" + "\u0300\u0316" * 240_000
IN_ADDRESS = "a" + "\u0300\u0316" * 2_000

BODIES: dict[str, tuple[str, str, object]] = {
    "the tag": ("POST", "/prime", {"tag": MARKS}),
    "the context": ("POST", "/v1/prime", {"tag": "jazz", "context": [MARKS]}),
    "the exclusions": ("POST", "/v1/prime", {"tag": "jazz", "exclude": [MARKS]}),
    "an embedding's tag": ("POST", "/v1/embeddings", {"input": MARKS}),
    "an embedding's context": ("POST", "/v1/embeddings", {"input": [{"tag": "jazz", "context": [MARKS]}]}),
    "a document's tag": ("POST", "/v1/documents", {"id": 1, "tags": [MARKS]}),
    "a document's id": ("POST", "/v1/documents", {"id": MARKS, "tags": ["jazz"]}),
    "a document's group": ("POST", "/v1/documents", {"id": 1, "tags": ["jazz"], "group": MARKS}),
    "an alias's target": ("PUT", "/v1/tag-aliases/dnb", {"target": MARKS}),
    "an evaluation's document": ("POST", "/v1/evaluations", {"protocol": "priming", "documents": [[MARKS]]}),
}


@pytest.mark.parametrize("place", BODIES)
def test_a_long_text_in_a_body_is_refused_unread(server: httpx.Client, place: str) -> None:
    method, path, body = BODIES[place]
    refused = server.request(
        method,
        path,
        content=json.dumps(body, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json"},
    )
    assert refused.status_code == 422
    assert "480001" in refused.json()["detail"] or "255 characters" in refused.json()["detail"]
    assert len(refused.content) < 2000


def test_a_long_text_in_a_batch_is_refused_unread(server: httpx.Client) -> None:
    found = server.post("/v1/prime/batch", json={"queries": [{"tag": MARKS[:150_000]}, {"tag": "jazz"}]})
    assert [item["status"] for item in found.json()["items"]] == [422, 200]


def test_a_long_text_in_a_stream_is_a_faulty_line(server: httpx.Client) -> None:
    line = json.dumps({"id": 1, "tags": [MARKS]}, ensure_ascii=False).encode() + b"\n"
    assert len(line) < MAX_LINE_BYTES
    written = server.post("/v1/documents", content=line, headers={"Content-Type": "application/x-ndjson"})
    assert (written.json()["faulty"], written.json()["created"]) == (1, 0)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/tags?prefix={}", 422),
        ("GET", "/v1/tags/suggest?q={}", 422),
        ("GET", "/v1/tags/{}", 422),
        ("GET", "/v1/documents/{}", 404),
        ("PUT", "/v1/tag-aliases/{}", 422),
        ("GET", "/?tag={}", 422),
        ("GET", "/?tag=jazz&context={}", 422),
        ("GET", "/explorer/suggest?q={}", 200),
        ("GET", "/explorer/library?q={}", 200),
        ("GET", "/explorer/library/documents?tag={}", 422),
    ],
)
def test_a_long_text_in_an_address_is_refused_unread(
    server: httpx.Client, method: str, path: str, status: int
) -> None:
    body = {"target": "jazz"} if method == "PUT" else None
    refused = server.request(method, path.format(quote(IN_ADDRESS)), json=body)
    assert refused.status_code == status


def test_a_page_s_links_repeat_no_context_over_the_limit(server: httpx.Client) -> None:
    found = server.get("/", params={"tag": "jazz", "context": ",".join(f"t{n}" for n in range(4000))})
    assert found.status_code == 422
    assert "TAGPRIME_MAX_CONTEXT" in found.text
    assert len(found.content) < 50_000


def test_a_cursor_nested_too_deeply_is_no_cursor(server: httpx.Client) -> None:
    cursor = "W1tb" * 10_000  # [[[ in base64
    assert server.get("/explorer/library", params={"cursor": cursor}).status_code == 422


def test_a_cookie_of_backslashes_is_passed_over(server: httpx.Client) -> None:
    cookie = 'a="' + "\\\\" * 20_000 + '"; tagprime_session=none'
    assert server.get("/explorer/sign-in", headers={"Cookie": cookie}).status_code == 303


def test_a_tag_s_length_is_checked_before_it_is_normalised() -> None:
    with pytest.raises(TagError, match="at most 200 characters; got 20000001"):
        normalize_tag("a" + "\u0300\u0316" * 10_000_000)


def test_a_csv_record_over_many_lines_is_bounded() -> None:
    class Endless:
        """A stream that never ends: a header, then one record without end."""

        read = 0

        def readline(self, _: int) -> bytes:
            self.read += 1
            if self.read == 2:
                return b'"begins here\n'
            return b"id,tags\n" if self.read == 1 else b'","' + b"x" * 1000 + b"\n"

    scanned = scan_table(Endless())  # type: ignore[arg-type]
    _, fault = next(scanned)
    assert "a record may have at most" in fault.message  # type: ignore[union-attr]
