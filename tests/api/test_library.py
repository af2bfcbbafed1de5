"""The explorer's Library over HTTP: what it lists, what it offers, and what judging a variant does."""

from __future__ import annotations

import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from app.db.engine import transaction
from app.db.tables import documents
from app.services.explorer.tag_listing import TagListing
from app.services.runtime import Runtime
from tests.api.conftest import wait_for

LIBRARY = "/explorer/library"
VARIANTS = "/explorer/library/variants"


def text_of(client: TestClient, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, answer.text
    return answer.text


def names(page: str) -> list[str]:
    """Return the listed tags or documents."""
    return [unescape(name) for name in re.findall(r'<p class="item-name"><\w+[^>]*>([^<]+)<', page)]


def next_page(page: str) -> str | None:
    found = re.search(r'href="([^"]+)" rel="next"', page)
    return unescape(found[1]) if found else None


def every_name(client: TestClient, url: str | None) -> list[str]:
    listed = []
    while url is not None:
        page = text_of(client, url)
        listed += names(page)
        url = next_page(page)
    return listed


def store(client: TestClient, *bags: list[str]) -> None:
    for number, tags in enumerate(bags):
        client.post("/v1/documents", json={"id": f"track-{number:02}", "tags": tags})
    runtime: Runtime = client.app.state.runtime  # type: ignore[attr-defined]
    runtime.monitor.refresh()
    assert runtime.monitor.up


def test_all_tags_of_model_and_store_are_listed_once(client: TestClient, tags: tuple[str, ...]) -> None:
    store(client, *[[f"new {number}", "jazz", "ambient"] for number in range(30)], ["jazz"])
    everything = {*tags, *(f"new {number}" for number in range(30))}
    for sort in ("use", "store", "name"):
        listed = every_name(client, f"{LIBRARY}?sort={sort}")
        assert len(listed) == len(everything)
        assert set(listed) == everything
    assert listed == sorted(everything)
    assert names(text_of(client, f"{LIBRARY}?sort=store"))[:2] == ["jazz", "ambient"]
    assert names(text_of(client, LIBRARY))[0] == tags[-1], "the most used in training"


def test_a_tag_is_found_by_a_part_of_it_however_it_is_written(client: TestClient) -> None:
    assert every_name(client, f"{LIBRARY}?q=ROCK") == ["garage rock", "indie rock"]
    assert every_name(client, f"{LIBRARY}?q=hiphop") == ["hip hop"]
    assert "No tag holds “zzz”" in text_of(client, f"{LIBRARY}?q=zzz")


def test_a_tag_comes_with_its_counts_and_what_is_nearest_to_it(client: TestClient) -> None:
    store(client, ["jazz", "bebop"], ["jazz"])
    page = text_of(client, f"{LIBRARY}?q=jazz")
    assert [int(n) for n in re.findall(r"<dd>(?:<a[^>]*>)?(\d+)", page)] == [6, 2]
    results = client.post("/prime", json={"tag": "jazz", "limit": 5}).json()["results"]
    assert re.findall(r'class="chip-link"[^>]*>([^<]+)<', page) == [result["tag"] for result in results]
    assert "not in the vocabulary" in text_of(client, f"{LIBRARY}?q=bebop")


def test_a_foreign_cursor_is_told(client: TestClient) -> None:
    for cursor in ("x", "!", "WzFd"):
        assert client.get(LIBRARY, params={"cursor": cursor}).status_code == 422


def test_a_document_shows_its_tags_and_what_would_be_added(client: TestClient) -> None:
    assert "The store is empty" in text_of(client, f"{LIBRARY}/documents")
    store(client, ["jazz", "hip-hop", "zzzz"], [], ["zzzz"])
    page = text_of(client, f"{LIBRARY}/documents")
    assert names(page) == ["track-00", "track-01", "track-02"]
    first, _, last = page.split('<li class="item item-document">')[1:]
    assert "not in the vocabulary" in first
    assert "read as hip hop" in first
    added = re.findall(r"<li><a[^>]*>([^<]+)<", first)
    assert len(added) == 6
    assert not {"jazz", "hip hop"} & set(added)
    assert "none of its tags is in the vocabulary" in last


def test_an_empty_store_can_be_filled_with_invented_tracks(client: TestClient) -> None:
    page = text_of(client, f"{LIBRARY}/documents")
    (action,) = re.findall(r'<form action="([^"]+/demo)" method="post">', page)
    for _ in range(2):  # the second time changes nothing
        answer = client.post(action, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{LIBRARY}/documents")
    page = text_of(client, f"{LIBRARY}/documents")
    assert "The store is empty" not in page
    assert "1\u202f000 documents in the store" in page
    assert [name for name in names(page) if " - " not in name] == []


def test_documents_can_be_paged_and_narrowed_to_a_tag(client: TestClient) -> None:
    store(client, *[["jazz"] if number % 2 else ["ambient"] for number in range(25)])
    everything = [f"track-{number:02}" for number in range(25)]
    assert every_name(client, f"{LIBRARY}/documents") == everything
    assert every_name(client, f"{LIBRARY}/documents?tag=Jazz") == everything[1::2]
    assert "No document holds “zzzz”" in text_of(client, f"{LIBRARY}/documents?tag=zzzz")
    assert client.get(f"{LIBRARY}/documents?tag=%00").status_code == 422


def judge(client: TestClient, alias: str, target: str, verdict: str) -> int:
    body = {"alias": alias, "target": target, "verdict": verdict}
    return client.post(VARIANTS, data=body, follow_redirects=False).status_code


def test_an_accepted_variant_is_in_the_alias_table_and_can_be_taken_back(client: TestClient) -> None:
    store(client, ["bebop jazz"], ["bebop-jazz", "jazz"], ["bebop jazz", "ambient"])
    assert names(text_of(client, VARIANTS)) == ["bebop-jazz"]
    assert judge(client, "bebop-jazz", "bebop jazz", "accept") == 303
    lines = client.get("/v1/tag-aliases").json()["aliases"]
    assert lines == [{"alias": "bebop-jazz", "target": "bebop jazz"}]
    assert names(text_of(client, VARIANTS)) == []
    assert judge(client, "bebop-jazz", "", "undo") == 303
    assert names(text_of(client, VARIANTS)) == ["bebop-jazz"]
    assert client.get("/v1/tag-aliases").json()["aliases"] == []


def test_a_dismissed_variant_is_not_offered_again(client: TestClient) -> None:
    store(client, ["bebop jazz"], ["bebop-jazz"])
    alias, *_ = names(text_of(client, VARIANTS))
    target = "bebop jazz" if alias == "bebop-jazz" else "bebop-jazz"
    for _ in range(2):
        assert judge(client, alias, target, "dismiss") == 303
    assert names(text_of(client, VARIANTS)) == []
    assert client.get("/v1/tag-aliases").json()["aliases"] == []


def test_what_somebody_else_has_decided_meanwhile_stays(client: TestClient) -> None:
    store(client, ["bebop jazz"], ["bebop-jazz", "jazz"], ["bebop jazz", "ambient"])
    client.put("/v1/tag-aliases/bebop-jazz", json={"target": "jazz"})
    body = {"alias": "bebop-jazz", "target": "bebop jazz", "verdict": "accept"}
    answer = client.post(VARIANTS, data=body)
    assert answer.status_code == 422
    assert "stands for &#39;jazz&#39; already" in answer.text
    assert client.get("/v1/tag-aliases").json()["aliases"] == [{"alias": "bebop-jazz", "target": "jazz"}]


def test_the_api_keeps_it_too_if_it_is_asked_to(client: TestClient) -> None:
    only_new = {"If-None-Match": "*"}
    first = client.put("/v1/tag-aliases/dnb", json={"target": "drum and bass"}, headers=only_new)
    assert first.status_code == 200
    again = client.put("/v1/tag-aliases/dnb", json={"target": "jazz"}, headers=only_new)
    assert (again.status_code, again.json()["code"]) == (412, "precondition_failed")
    assert client.put("/v1/tag-aliases/dnb", json={"target": "jazz"}).status_code == 200
    odd = client.put("/v1/tag-aliases/dnb", json={"target": "jazz"}, headers={"If-None-Match": '"1"'})
    assert odd.status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"alias": "a", "target": "a", "verdict": "accept"},
        {"alias": "", "target": "b", "verdict": "accept"},
        {"alias": "a\x00", "target": "b", "verdict": "dismiss"},
        {"alias": "a", "target": "b", "verdict": "marry"},
        {"alias": "a", "verdict": "undo"},
    ],
)
def test_a_verdict_that_makes_no_sense_is_told(client: TestClient, body: dict[str, str]) -> None:
    answer = client.post(VARIANTS, data=body or {"x": "y"})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_variants_are_found_anew_only_when_tags_have_changed(client: TestClient) -> None:
    runtime: Runtime = client.app.state.runtime  # type: ignore[attr-defined]
    serving = runtime.registry.serving(None)
    assert serving is not None

    def listing() -> TagListing:
        return runtime.listings.of(serving)

    store(client, ["bebop jazz"], ["bebop-jazz"])
    first = listing()
    found = first.spelling_pairs()
    assert listing() is first
    client.put("/v1/tag-aliases/bebop-jazz", json={"target": "jazz"})
    wait_for(lambda: listing() is not first)
    assert listing().spelling_pairs() is found, "an alias is no use of a tag"
    client.post("/v1/documents", json={"id": "another", "tags": ["bebop jazz"]})
    wait_for(lambda: listing().spelling_pairs() is not found)


def test_without_the_store_tags_are_listed_and_the_rest_is_said_to_be_away(client: TestClient) -> None:
    runtime: Runtime = client.app.state.runtime  # type: ignore[attr-defined]
    with transaction(runtime.engine) as connection:
        connection.exec_driver_sql("ALTER TABLE documents RENAME TO elsewhere")
    try:
        wait_for(lambda: not runtime.monitor.up)
        assert "The store does not answer" in text_of(client, LIBRARY)
        assert len(names(text_of(client, LIBRARY))) == 12
        assert "The store does not answer" in text_of(client, f"{LIBRARY}/documents")
    finally:
        with transaction(runtime.engine) as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO documents")
        wait_for(lambda: runtime.monitor.up)
    with transaction(runtime.engine, reads_only=True) as connection:
        assert connection.execute(documents.select()).all() == []


def test_a_page_that_is_not_there_is_a_page_for_people_and_a_problem_for_programs(client: TestClient) -> None:
    shown = client.get("/explorer/nowhere", headers={"Accept": "text/html"})
    assert (shown.status_code, shown.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing here" in shown.text
    for path, headers in (("/explorer/nowhere", {}), ("/v1/nowhere", {"Accept": "text/html"})):
        told = client.get(path, headers=headers)
        assert (told.status_code, told.json()["code"]) == (404, "not_found")
