"""Tags as people write them: aliases, junk, spelling; each step visible in the answer."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from tests.api.conftest import wait_for


def prime(client: TestClient, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.post("/prime", json=body).json()
    return answer


def test_an_alias_is_followed_and_shown(client: TestClient) -> None:
    assert prime(client, tag="Triphop Beats")["resolved"]["step"] == "oov"
    put = client.put("/v1/tag-aliases/Triphop%20Beats", json={"target": "Trip-Hop"})
    assert put.json() == {"alias": "triphop beats", "target": "trip-hop"}
    wait_for(lambda: prime(client, tag="triphop beats")["resolved"]["step"] == "alias")
    answer = prime(client, tag="Triphop  BEATS", context=["jazz"])
    assert answer["resolved"] == {"tag": "trip-hop", "step": "alias"}
    assert answer["results"] == prime(client, tag="trip-hop", context=["jazz"])["results"]
    context = prime(client, tag="jazz", context=["triphop beats", "hip_hop"])
    assert context["context_used"] == ["trip-hop", "hip hop"]
    assert context["context_understood"] == [
        {"given": "triphop beats", "tag": "trip-hop", "step": "alias"},
        {"given": "hip_hop", "tag": "hip hop", "step": "separator"},
    ]
    assert client.delete("/v1/tag-aliases/triphop%20beats").status_code == 204
    wait_for(lambda: prime(client, tag="triphop beats")["resolved"]["step"] == "oov")
    assert client.delete("/v1/tag-aliases/triphop%20beats").json()["code"] == "tag_alias_not_found"


def test_an_alias_may_hold_a_slash(client: TestClient) -> None:
    client.put("/v1/tag-aliases/ac%2Fdc%20band", json={"target": "ac/dc"})
    wait_for(lambda: prime(client, tag="AC/DC band")["resolved"]["step"] == "alias")


def test_the_vocabulary_goes_before_the_alias_table(client: TestClient) -> None:
    client.put("/v1/tag-aliases/jazz", json={"target": "ambient"})
    client.put("/v1/tag-aliases/marker", json={"target": "ambient"})
    wait_for(lambda: prime(client, tag="marker")["resolved"]["step"] == "alias")
    assert prime(client, tag="jazz")["resolved"] == {"tag": "jazz", "step": "exact"}


def test_junk_has_no_part_in_contexts_and_results(client: TestClient) -> None:
    whole = prime(client, tag="jazz", limit=100)
    client.put("/v1/tag-aliases/ambient", json={"target": None})
    client.put("/v1/tag-aliases/seen%20live", json={"target": None})
    context = ["ambient", "Seen Live"]

    def answer() -> dict[str, Any]:
        return prime(client, tag="jazz", context=context, limit=100, include_context=True)

    ignored = [{"tag": tag, "reason": "junk"} for tag in context]
    wait_for(lambda: answer()["context_ignored"] == ignored)  # the service follows one line before the other
    assert answer()["total"] == whole["total"] - 1
    assert "ambient" not in [result["tag"] for result in answer()["results"]]


@pytest.mark.parametrize(
    ("alias", "body", "pointer"),
    [
        ("a", {"target": "A"}, "/target"),
        ("a", {"target": ""}, "/target"),
        ("a%00", {"target": "b"}, "path:alias"),
        ("a", {}, "/target"),
        ("a", {"target": 3}, "/target"),
        ("new", {"target": "old"}, "/target"),
        ("current", {"target": "newest"}, "path:alias"),
    ],
)
def test_an_alias_that_cannot_be_is_refused(
    client: TestClient, alias: str, body: dict[str, Any], pointer: str
) -> None:
    client.put("/v1/tag-aliases/old", json={"target": "current"})
    response = client.put(f"/v1/tag-aliases/{alias}", json=body)
    assert response.status_code == 422
    assert pointer in [fault["pointer"] for fault in response.json()["errors"]]


def test_the_table_is_listed_in_pages(client: TestClient) -> None:
    for alias in ("c", "a", "b", "a_c", "a%"):
        client.put(f"/v1/tag-aliases/{alias.replace('%', '%25')}", json={"target": "jazz"})
    first = client.get("/v1/tag-aliases", params={"limit": 3}).json()
    rest = client.get("/v1/tag-aliases", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    listed = [line["alias"] for line in first["aliases"] + rest["aliases"]]
    assert listed == sorted(["a", "a%", "a_c", "b", "c"])
    assert rest["next_cursor"] is None
    narrowed = client.get("/v1/tag-aliases", params={"prefix": "a_"}).json()
    assert [line["alias"] for line in narrowed["aliases"]] == ["a_c"], "an underscore is no wildcard"


def test_store_documents_are_read_through_the_rules(client: TestClient) -> None:
    client.put("/v1/tag-aliases/vapor", json={"target": "vaporwave"})
    client.put("/v1/tag-aliases/amb", json={"target": "ambient"})
    for i, tags in enumerate((["vapor", "amb"], ["vaporwave", "jazz"])):
        client.post("/v1/documents", json={"id": i, "tags": tags})
    understood = {"tag": "vaporwave", "step": "alias", "usage": "store", "usage_documents": 2}
    wait_for(lambda: prime(client, tag="vapor")["resolved"] == understood)


def test_a_tag_is_looked_up_in_model_and_store(client: TestClient) -> None:
    client.post("/v1/documents", json={"id": 1, "tags": ["ac/dc", "vaporwave"]})
    known = client.get("/v1/tags/AC/DC").json()
    assert (known["in_vocabulary"], known["documents"], known["store_documents"]) == (True, 8, 1)
    other = client.get("/v1/tags/Vaporwave").json()
    assert (other["in_vocabulary"], other["documents"], other["store_documents"]) == (False, 0, 1)
    assert client.get("/v1/tags/none-such").json()["code"] == "tag_not_found"
    assert client.get("/v1/tags/%00").status_code == 422


def suggested(server: httpx.Client, q: str) -> list[str]:
    answer = server.get("/v1/tags/suggest", params={"q": q}).json()
    return [suggestion["tag"] for suggestion in answer["suggestions"]]


def test_spelling_is_completed_and_corrected(server: httpx.Client) -> None:
    assert suggested(server, "A") == ["ambient", "ac/dc", "acoustic guitar"], "most used first"
    assert suggested(server, "garge rock")[0] == "garage rock"
    assert suggested(server, "hip hpo")[0] == "hip hop"
    assert suggested(server, "jazz")[0] == "jazz"
    assert suggested(server, "zzzzqqqq") == []
    assert server.get("/v1/tags/suggest", params={"q": " "}).status_code == 422
    assert server.get("/v1/tags/suggest").status_code == 422


def test_a_near_miss_is_suggested_and_not_taken(server: httpx.Client) -> None:
    resolved = server.post("/prime", json={"tag": "ambeint"}).json()["resolved"]
    assert resolved == {"tag": "ambeint", "step": "oov", "suggestions": ["ambient"]}
