"""POST /prime over HTTP: what it answers, and what it says of how it understood the question."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient


def prime(server: httpx.Client, **body: Any) -> dict[str, Any]:
    response = server.post("/prime", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def ranked(answer: dict[str, Any]) -> list[str]:
    return [result["tag"] for result in answer["results"]]


def test_a_ranking_is_complete_ordered_and_names_its_model(
    server: httpx.Client, tags: tuple[str, ...]
) -> None:
    answer = prime(server, tag="lo-fi", context=["hip hop"], limit=100)
    assert sorted(ranked(answer)) == sorted(set(tags) - {"lo-fi", "hip hop"})
    assert [result["rank"] for result in answer["results"]] == list(range(1, 11))
    scores = [result["score"] for result in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    assert not any("distance" in result for result in answer["results"])
    assert answer["total"] == 10
    assert answer["in_vocabulary"] is True
    assert answer["model"]["name"] == "small"
    assert answer["model"]["version"]
    assert "reason" not in answer


def test_a_siamese_bundle_gives_distances_that_grow_as_scores_fall(siamese_client: TestClient) -> None:
    results = siamese_client.post("/prime", json={"tag": "lo-fi", "context": ["hip hop"]}).json()["results"]
    distances = [result["distance"] for result in results]
    assert len(distances) == 10
    assert distances == sorted(distances)
    assert [result["score"] for result in results] == sorted((r["score"] for r in results), reverse=True)


def test_another_context_gives_another_ranking(server: httpx.Client) -> None:
    one = prime(server, tag="lo-fi", context=["hip hop", "chillout"])
    other = prime(server, tag="lo-fi", context=["indie rock", "garage rock"])
    shared = set(ranked(one)) & set(ranked(other))
    assert [tag for tag in ranked(one) if tag in shared] != [tag for tag in ranked(other) if tag in shared]


def test_both_paths_are_one(server: httpx.Client) -> None:
    body = {"tag": "jazz", "context": ["ambient"]}
    assert server.post("/prime", json=body).json() == server.post("/v1/prime", json=body).json()


def test_curl_without_a_content_type_is_understood(server: httpx.Client) -> None:
    response = server.post(
        "/prime",
        content=b'{"tag": "jazz"}',
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert response.status_code == 200


def test_the_answer_says_how_every_tag_was_understood(server: httpx.Client) -> None:
    answer = prime(
        server,
        tag="Hip-Hop",
        context=["Trip Hop", "trip-hop", "shoegaze", "hip_hop", "jazz"],
    )
    assert answer["tag"] == "Hip-Hop"
    assert answer["resolved"] == {"tag": "hip hop", "step": "separator"}
    assert answer["context_used"] == ["trip-hop", "jazz"]
    assert answer["context_ignored"] == [
        {"tag": "trip-hop", "reason": "duplicate"},
        {"tag": "shoegaze", "reason": "out_of_vocabulary"},
        {"tag": "hip_hop", "reason": "is_the_query"},
    ]


def test_ignored_context_does_not_move_the_ranking(server: httpx.Client) -> None:
    plain = prime(server, tag="lo-fi", context=["jazz"])
    noisy = prime(server, tag="lo-fi", context=["JAZZ", "no such tag", "lo-fi", "jazz"])
    assert plain["results"] == noisy["results"]


def test_exclusions_leave_the_rest_of_the_ranking_as_it_was(server: httpx.Client) -> None:
    whole = prime(server, tag="lo-fi", context=["jazz"], limit=100)
    first, third = ranked(whole)[0], ranked(whole)[2]
    less = prime(server, tag="lo-fi", context=["jazz"], limit=100, exclude=[first.upper(), third, "unknown"])
    assert ranked(less) == [tag for tag in ranked(whole) if tag not in {first, third}]
    assert less["total"] == whole["total"] - 2


def test_context_tags_come_back_only_when_asked_for_and_the_query_never(server: httpx.Client) -> None:
    answer = prime(server, tag="lo-fi", context=["jazz"], include_context=True, limit=100)
    assert "jazz" in ranked(answer)
    assert "lo-fi" not in ranked(answer)
    assert answer["total"] == 11


def test_a_threshold_cuts_the_ranking_where_scores_fall_below_it(server: httpx.Client) -> None:
    whole = prime(server, tag="lo-fi", limit=100)
    fourth = whole["results"][3]["score"]
    cut = prime(server, tag="lo-fi", limit=2, score_threshold=fourth)
    assert cut["results"] == whole["results"][:2]
    assert cut["total"] == 4
    assert prime(server, tag="lo-fi", score_threshold=1e9)["results"] == []


def test_everything_excluded_is_an_empty_ranking(server: httpx.Client, tags: tuple[str, ...]) -> None:
    answer = prime(server, tag="lo-fi", exclude=list(tags))
    assert (answer["results"], answer["total"]) == ([], 0)


def test_an_unknown_tag_without_any_signal_gets_no_noise(server: httpx.Client) -> None:
    answer = prime(server, tag="vaporwave", context=["synthwave"])
    assert answer["resolved"] == {"tag": "vaporwave", "step": "oov"}
    assert (answer["results"], answer["total"], answer["in_vocabulary"]) == ([], 0, False)
    assert "vocabulary" in answer["reason"]


def test_an_unknown_tag_is_answered_through_its_context(server: httpx.Client) -> None:
    answer = prime(server, tag="vaporwave", context=["ambient", "chillout"], limit=100)
    assert answer["resolved"] == {"tag": "vaporwave", "step": "oov", "usage": "context"}
    assert len(answer["results"]) == answer["total"] == 10
    other = prime(server, tag="vaporwave", context=["garage rock"], limit=100)
    assert ranked(other) != ranked(answer)


@pytest.mark.parametrize("model", ["default", "small"])
def test_the_model_can_be_named(server: httpx.Client, model: str) -> None:
    assert prime(server, tag="jazz", model=model) == prime(server, tag="jazz")


def test_pages_of_the_vocabulary_are_whole_and_in_order(server: httpx.Client, tags: tuple[str, ...]) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "5"} | ({"cursor": cursor} if cursor else {})
        page = server.get("/v1/tags", params=params).json()
        seen += [entry["tag"] for entry in page["tags"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        assert len(page["tags"]) == 5
    assert seen == sorted(tags)


def test_a_prefix_narrows_the_listing(server: httpx.Client) -> None:
    page = server.get("/v1/tags", params={"prefix": "A", "limit": "2"}).json()
    assert page["tags"] == [{"tag": "ac/dc", "documents": 8}, {"tag": "acoustic guitar", "documents": 7}]
    after = server.get("/v1/tags", params={"prefix": "A", "cursor": page["next_cursor"]}).json()
    assert after["tags"] == [{"tag": "ambient", "documents": 11}]
    assert after["next_cursor"] is None


def test_probes_and_version(server: httpx.Client) -> None:
    assert server.get("/livez").json() == {"status": "ok"}
    assert server.get("/readyz").json()["status"] == "ok"
    assert server.get("/version").json()["model"]["name"] == "small"


def test_a_request_keeps_its_name_if_it_can_be_repeated(server: httpx.Client) -> None:
    assert server.get("/livez", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"
    invented = server.get("/livez", headers={"X-Request-ID": "a b"}).headers["x-request-id"]
    assert len(invented) == 32
