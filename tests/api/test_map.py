"""The map's places as JSON: the library's own, for either family, within the limit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from models.bundle import Bundle
from models.bundle_writing import save_bundle
from models.encoders.contract import Encoder, Query
from models.index import TagSearch
from models.vocabulary import Vocabulary
from tests.conftest import (
    DESCRIPTION,
    drawn_projection,
    random_completion_encoder,
    random_siamese_encoder,
)

N = 40
TAGS = [f"tag {position:02d}" for position in range(N)]


@pytest.fixture(params=["completion", "siamese"])
def bundle(request: pytest.FixtureRequest, tmp_path: Path) -> Bundle:
    """A bundle with a map; the last tags are the most used."""
    completion = request.param == "completion"
    encoder: Encoder = random_completion_encoder() if completion else random_siamese_encoder(n_tags=N)
    vocabulary = Vocabulary(TAGS, np.arange(1, N + 1))
    return save_bundle(tmp_path / "b", encoder, vocabulary, DESCRIPTION, projection=drawn_projection(N))


@pytest.fixture
def client(bundle: Bundle, tmp_path: Path) -> Iterator[TestClient]:
    """A service with it, and at most 12 tags on the map."""
    settings = Settings(bundle=bundle.path, database_url=f"sqlite:///{tmp_path / 's.db'}", max_map_tags=12)
    with TestClient(create_app(settings)) as client:
        yield client


def asked(client: TestClient, **parameters: Any) -> dict[str, Any]:
    response = client.get("/explorer/map", params=parameters)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_places_are_the_librarys(client: TestClient, bundle: Bundle) -> None:
    found = asked(client, tag="tag 03", context=["tag 05", "tag 39"])
    query, context = Query(3, np.array([5, 39])), np.array([5, 39])
    seen = np.array([3, 5, 39])
    ranking = TagSearch(bundle.encoder).search([query], N, [seen])[0]
    assert bundle.projection is not None
    placed = bundle.projection.place(ranking.indices, ranking.scores)
    rows = [TAGS.index(tag) for tag in found["tags"]]
    drawn = np.stack([found["x"], found["y"]], axis=1)
    np.testing.assert_allclose(drawn, placed.places[rows], atol=1e-4)
    np.testing.assert_allclose(found["shares"], placed.shares[rows], atol=1e-4)
    assert [found["tags"][at] for at in found["context"]] == [TAGS[index] for index in context]
    assert [found["tags"][at] for at in found["ranked"]] == [TAGS[index] for index in ranking.indices]
    np.testing.assert_allclose([found["asked"]["x"], found["asked"]["y"]], placed.query, atol=1e-4)
    answer = client.post("/v1/prime", json={"tag": "tag 03", "context": ["tag 05", "tag 39"]}).json()
    for result in answer["results"]:
        at = found["tags"].index(result["tag"])
        assert found["scores"][at] == pytest.approx(result["score"], abs=1e-3)


def test_without_a_question_tags_have_their_base_positions(client: TestClient, bundle: Bundle) -> None:
    found = asked(client)
    assert found["tags"] == TAGS[:-13:-1]
    assert found["total"] == N
    assert bundle.projection is not None
    positions = bundle.projection.positions[[TAGS.index(tag) for tag in found["tags"]]]
    np.testing.assert_allclose(np.stack([found["x"], found["y"]], axis=1), positions, atol=1e-4)
    assert (found["asked"], found["ranked"], found["context"]) == (None, [], [])
    assert set(found["scores"]) == {None}


def test_an_unknown_tag_stands_where_its_context_puts_it(client: TestClient) -> None:
    found = asked(client, tag="never seen", context="tag 05")
    assert found["asked"]["tag"] == "never seen"
    assert found["asked"]["at"] is None
    alone = asked(client, tag="never seen")
    assert (alone["asked"], alone["ranked"]) == (None, [])


def test_what_cannot_be_asked_is_a_problem(client: TestClient) -> None:
    for parameters, pointer in (({"tag": "x", "focus": "9"}, "focus"), ({"tag": "x" * 300}, "tag")):
        response = client.get("/explorer/map", params=parameters)
        assert response.status_code == 422
        assert pointer in response.text


def test_it_is_no_part_of_the_public_interface(client: TestClient) -> None:
    assert not any("explorer" in path for path in client.get("/openapi.json").json()["paths"])
