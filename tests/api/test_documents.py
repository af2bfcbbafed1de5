"""Documents over HTTP, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from app.db import idempotency
from app.db.engine import open_engine, transaction
from app.db.tables import documents
from app.main import create_app
from app.services.documents.batches import Batches
from app.services.documents.stream import Import
from app.services.runtime import Runtime
from app.settings import Settings
from tests.api.conftest import wait_for

NDJSON = {"Content-Type": "application/x-ndjson"}


def lines(*documents: Any) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def test_a_document_is_added_replaced_read_and_deleted(client: TestClient) -> None:
    first = client.post("/v1/documents", json={"id": "a/b", "tags": ["Jazz", "HIP  HOP", "jazz"], "group": 7})
    assert first.status_code == 201
    assert (first.json()["tags"], first.json()["group"]) == (["hip hop", "jazz"], "7")
    again = client.post("/v1/documents", json={"id": "a/b", "tags": ["rock"]})
    assert again.status_code == 200
    held = client.get("/v1/documents/a/b").json()
    assert (held["id"], held["tags"], held["group"]) == ("a/b", ["rock"], None)
    assert held["created_at"] == first.json()["created_at"]
    assert held["updated_at"] > held["created_at"]
    assert client.delete("/v1/documents/a/b").status_code == 204
    assert client.get("/v1/documents/a/b").json()["code"] == "document_not_found"
    assert client.delete("/v1/documents/a/b").status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"id": "", "tags": []}, "/id"),
        ({"id": "a\x00b", "tags": []}, "/id"),
        ({"id": "x" * 256, "tags": []}, "/id"),
        ({"id": True, "tags": []}, "/id/str"),
        ({"id": "a", "tags": ["ok", ""]}, "/tags/1"),
        ({"id": "a", "tags": "jazz"}, "/tags"),
        ({"id": "a", "tags": [f"tag {i}" for i in range(1001)]}, "/tags"),
        ({"id": "a", "tags": [], "group": "\x07"}, "/group"),
        ({"id": "a"}, "/tags"),
        ({"id": "a", "tags": [], "title": "x"}, "/title"),
    ],
)
def test_what_is_no_document_is_refused(client: TestClient, body: dict[str, Any], pointer: str) -> None:
    response = client.post("/v1/documents", json=body)
    assert response.status_code == 422
    assert pointer in [fault["pointer"] for fault in response.json()["errors"]]
    assert client.get("/v1/documents").json()["documents"] == []


def test_only_the_two_media_types_are_read(client: TestClient) -> None:
    # The type is what keeps a foreign page's form out, so nothing is taken for JSON here.
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    refused = client.post("/v1/documents", content=b'{"id": "a", "tags": []}', headers=form)
    assert (refused.status_code, refused.json()["code"]) == (415, "unsupported_media_type")
    bad = client.post("/v1/documents", content=b"{", headers={"Content-Type": "application/json"})
    assert (bad.status_code, bad.json()["code"]) == (400, "invalid_json")


@pytest.mark.parametrize("name", ["%00", "%ED%A0%80", "x" * 300])
def test_an_id_that_cannot_be_is_not_found(client: TestClient, name: str) -> None:
    assert client.get(f"/v1/documents/{name}").status_code == 404
    assert client.delete(f"/v1/documents/{name}").status_code == 404


def test_pages_of_documents(client: TestClient) -> None:
    stream = lines(*({"id": f"d{i:03}", "tags": [f"t{i}"]} for i in range(25)))
    assert client.post("/v1/documents", content=stream, headers=NDJSON).json()["created"] == 25
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.get(
            "/v1/documents", params={"limit": 10} | ({"cursor": cursor} if cursor else {})
        ).json()
        seen += [document["id"] for document in page["documents"]]
        cursor = page["next_cursor"]
    assert seen == [f"d{i:03}" for i in range(25)]


def test_a_stream_keeps_its_sound_lines_and_tells_the_others_by_number(client: TestClient) -> None:
    stream = b"\xef\xbb\xbf" + lines({"id": 1, "tags": ["a"]}) + b"\nnonsense\n" + b'{"id": 2}\n\xff\n'
    stream += lines({"id": 1, "tags": ["a"]}, {"id": 3, "tags": ["a", "b"]})[:-1]
    written = client.post("/v1/documents", content=stream, headers=NDJSON)
    assert written.status_code == 200
    body = written.json()
    assert (body["status"], body["lines"], body["created"], body["faulty"]) == ("done", 7, 2, 3)
    assert [fault["line"] for fault in body["faults"]] == [3, 4, 5]
    assert [document["id"] for document in client.get("/v1/documents").json()["documents"]] == ["1", "3"]


def test_batches_are_bounded_in_lines_and_in_bytes_and_lose_nothing() -> None:
    stream = b"".join(b"x" * 700_000 + b"\n" if i < 30 else b"short\n" for i in range(2500)) + b"no line feed"
    batches = Batches()
    cut = [batch for i in range(0, len(stream), 65_536) for batch in batches.feed(stream[i : i + 65_536])]
    cut += batches.end()
    assert b"".join(line for batch in cut for line in batch) == stream + b"\n"
    assert max(len(batch) for batch in cut) == 1000
    assert max(sum(map(len, batch)) for batch in cut) < 9 * 2**20


def test_a_stream_has_its_own_limit_however_its_type_is_written(client: TestClient) -> None:
    content = b" " * 1_200_000 + b"\n" + lines({"id": 1, "tags": ["jazz"]})
    for written in ("application/x-ndjson", "Application/X-NDJSON ; charset=utf-8"):
        answer = client.post("/v1/documents", content=content, headers={"Content-Type": written})
        assert (answer.status_code, answer.json()["lines"]) == (200, 2)


def test_an_overlong_line_is_one_fault(client: TestClient) -> None:
    stream = b'{"id": 1, "tags": ["' + b"a" * 3_000_000 + b'"]}\n' + lines({"id": 2, "tags": []})
    body = client.post("/v1/documents", content=stream, headers=NDJSON).json()
    assert (body["created"], [fault["line"] for fault in body["faults"]]) == (1, [1])


def test_a_whole_stream_is_refused_for_one_faulty_line_if_asked(client: TestClient) -> None:
    stream = lines(*({"id": i, "tags": ["x"]} for i in range(2500)), {"id": 1})
    options = {"params": {"on_fault": "refuse"}, "headers": NDJSON}
    refused = client.post("/v1/documents", content=stream, **options)  # type: ignore[arg-type]
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["line:2501"]
    assert client.get("/v1/documents").json()["documents"] == []
    sound = client.post("/v1/documents", content=stream[: stream.rindex(b'{"id"')], **options)  # type: ignore[arg-type]
    assert sound.json()["created"] == 2500


def test_a_write_with_a_key_is_done_once(client: TestClient) -> None:
    headers = {"Idempotency-Key": "write-1"}
    first = client.post("/v1/documents", json={"id": "a", "tags": ["x"]}, headers=headers)
    client.post("/v1/documents", json={"id": "a", "tags": ["y"]})
    again = client.post("/v1/documents", json={"id": "a", "tags": ["x"]}, headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert client.get("/v1/documents/a").json()["tags"] == ["y"], "the first write was not done again"
    other = client.post("/v1/documents", json={"id": "b", "tags": []}, headers=headers)
    assert (other.status_code, other.json()["errors"][0]["pointer"]) == (422, "header:Idempotency-Key")


def test_a_finished_stream_gets_its_answer_again_and_another_stream_is_refused(client: TestClient) -> None:
    headers = NDJSON | {"Idempotency-Key": "stream-1"}
    stream = lines(*({"id": i, "tags": ["x"]} for i in range(1500)))
    first = client.post("/v1/documents", content=stream, headers=headers)
    assert first.json()["created"] == 1500
    assert client.post("/v1/documents", content=stream, headers=headers).json() == first.json()
    longer = stream + lines({"id": "more", "tags": []})
    for other in (longer, stream[:-20] + b"\n", stream.replace(b'"x"', b'"z"')):
        assert client.post("/v1/documents", content=other, headers=headers).status_code == 422
    assert client.get("/v1/documents/more").status_code == 404
    assert client.get("/v1/imports/stream-1").json() == first.json()
    assert client.get("/v1/imports/never").status_code == 404


def test_a_broken_stream_goes_on_where_it_stood(
    serve: Callable[..., AbstractContextManager[str]], bundle_path: Path, store_url: str
) -> None:
    documents = [{"id": f"d{i:05}", "tags": ["x", f"t{i % 7}"]} for i in range(5000)]
    stream = lines(*documents)
    headers = NDJSON | {"Idempotency-Key": "broken"}

    def cut() -> Iterator[bytes]:
        yield stream[: len(stream) // 2]
        raise ConnectionAbortedError

    with (
        serve("--bundle", str(bundle_path), "--database", store_url) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        wait_for(lambda: client.get("/v1/documents").status_code == 200)
        with pytest.raises(ConnectionAbortedError):
            client.post("/v1/documents", content=cut(), headers=headers)
        wait_for(lambda: client.get("/v1/imports/broken").json().get("status") == "interrupted")
        half = client.get("/v1/imports/broken").json()
        assert 0 < half["lines"] < 2600
        other = client.post("/v1/documents", content=stream.replace(b'"x"', b'"z"'), headers=headers)
        assert other.status_code == 422
        whole = client.post("/v1/documents", content=stream, headers=headers).json()
        assert (whole["status"], whole["lines"], whole["created"]) == ("done", 5000, 5000)
        assert whole["unchanged"] == 0, "lines that were written are passed over, not written again"


@pytest.fixture
def short_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases of half a second."""
    monkeypatch.setattr(idempotency, "LEASE", timedelta(seconds=0.5))


@pytest.mark.usefixtures("short_lease")
@pytest.mark.parametrize("on_fault", ["skip", "refuse"])
def test_an_import_keeps_its_key_however_slowly_it_is_sent(client: TestClient, on_fault: str) -> None:
    key, seen = f"slow-{on_fault}", []

    async def slowly() -> AsyncIterator[bytes]:
        for number in range(6):
            yield lines({"id": f"{key}-{number}", "tags": ["jazz"]})
            await asyncio.sleep(0.3)
            seen.append((await asyncio.to_thread(client.get, f"/v1/imports/{key}")).json()["status"])

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(client.app)  # unlike the test client, it sends a stream as one
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as sender:
            headers, query = NDJSON | {"Idempotency-Key": key}, {"on_fault": on_fault}
            return await sender.post("/v1/documents", content=slowly(), headers=headers, params=query)

    answer = asyncio.run(send())
    assert (answer.status_code, answer.json()["lines"]) == (200, 6)
    assert seen == ["running"] * 6


@pytest.mark.usefixtures("short_lease")
def test_an_import_whose_process_is_gone_does_not_run_for_ever(client: TestClient) -> None:
    runtime: Runtime = client.app.state.runtime  # type: ignore[attr-defined]
    Import(runtime.engine, "any:gone", 100).begin("lines:skip")  # as a process leaves it that is killed
    assert client.get("/v1/imports/gone").json()["status"] == "running"
    wait_for(lambda: client.get("/v1/imports/gone").json()["status"] == "interrupted")
    headers = NDJSON | {"Idempotency-Key": "gone"}
    answer = client.post("/v1/documents", content=lines({"id": "1", "tags": ["jazz"]}), headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (200, "done")


def test_a_write_waits_for_a_lock_no_longer_than_it_may(bundle_path: Path, store_url: str) -> None:
    settings = Settings(bundle=bundle_path, database_url=store_url, store_timeout_seconds=0.5)
    with TestClient(create_app(settings)) as client:
        wait_for(lambda: client.get("/v1/documents").status_code == 200)
        document = {"id": "held", "tags": ["jazz"]}
        assert client.post("/v1/documents", json=document).status_code == 201
        engine = open_engine(store_url)
        with transaction(engine) as connection:
            connection.execute(documents.update().values(group_name="somebody else is at it"))
            refused = client.post("/v1/documents", json={**document, "tags": ["ambient"]})
        assert (refused.status_code, refused.json()["code"]) == (503, "store_unavailable")
        assert "retry-after" in refused.headers
        assert client.post("/v1/documents", json={**document, "tags": ["ambient"]}).status_code == 200
        engine.dispose()


def test_writes_wait_for_the_store_and_say_so(
    serve: Callable[..., AbstractContextManager[str]], bundle_path: Path
) -> None:
    away = "postgresql://nobody@127.0.0.1:1/none"
    with serve("--bundle", str(bundle_path), "--database", away) as address:
        for response in (
            httpx.post(f"{address}/v1/documents", json={"id": 1, "tags": []}),
            httpx.post(f"{address}/v1/documents", content=lines({"id": 1, "tags": []}), headers=NDJSON),
            httpx.get(f"{address}/v1/documents"),
            httpx.put(f"{address}/v1/tag-aliases/a", json={"target": "b"}),
        ):
            assert (response.status_code, response.json()["code"]) == (503, "store_unavailable")
            assert int(response.headers["retry-after"]) > 0
        known = httpx.get(f"{address}/v1/tags/jazz")
        assert (known.status_code, known.json()["store_documents"]) == (200, None)


def test_an_import_gives_an_account_of_its_tags(client: TestClient) -> None:
    tracks = [
        {"id": 1, "tags": ["R&amp;B", "r&b", "\u200bchill"]},
        {"id": 2, "tags": ["rock; pop", {"tag": "polka", "weight": 0}]},
        {"id": 3, "tags": ["rock", "pop", "rock; pop", "AC/DC"]},
    ]
    key = {"Idempotency-Key": "once", **NDJSON}
    written = client.post("/v1/documents", content=lines(*tracks), headers=key).json()
    account = written["account"]
    assert (account["tags"], account["merged"], account["decoded"], account["trimmed"]) == (7, 1, 1, 1)
    assert account["dropped"] == {"tags that weigh 0 or less": 1}
    assert account["joined"] == [
        {
            "separator": ";",
            "tags": 2,
            "of": 7,
            "parted": 2,
            "commonest": [{"tag": "rock; pop", "documents": 2}],
        }
    ]
    again = client.post("/v1/documents", content=lines(*tracks), headers=key).json()
    assert again == written
    assert client.get("/v1/imports/once").json() == written
