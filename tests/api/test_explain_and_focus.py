"""`explain` and `focus`: what a result's score is made of, and how much the tag itself counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from models.bundle_writing import save_bundle
from models.vocabulary import Vocabulary
from tests.conftest import DESCRIPTION, random_completion_encoder, random_siamese_encoder

TAGS = tuple(f"tag {i:02d}" for i in range(40))
QUERY = {"tag": "tag 03", "context": ["tag 05", "tag 09"], "limit": 4}


@pytest.fixture(scope="module", params=["completion", "siamese"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("explained")
    completion = request.param == "completion"
    encoder = random_completion_encoder() if completion else random_siamese_encoder(n_tags=len(TAGS))
    save_bundle(folder / "small", encoder, Vocabulary(TAGS, np.arange(1, 41)), DESCRIPTION)
    settings = Settings(bundle=folder / "small", database_url=f"sqlite:///{Path(folder) / 'store.db'}")
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield request.param, client


def test_parts_sum_to_the_score(served: tuple[str, TestClient]) -> None:
    kind, client = served
    for query in (QUERY, {**QUERY, "context": []}, {**QUERY, "tag": "never seen"}):
        answer = client.post("/prime", json={**query, "explain": True}).json()
        assert len(answer["results"]) == 4
        for result in answer["results"]:
            parts = result["explanation"]
            assert {part["tag"] for part in parts["context"]} == set(query["context"])
            total = parts["query"] + parts["remainder"]
            total += sum(part["linear"] + part["network"] for part in parts["context"])
            assert total == pytest.approx(result["score"], rel=1e-3, abs=1e-3)
            influence = [abs(part["linear"] + part["network"]) for part in parts["context"]]
            assert influence == sorted(influence, reverse=True)
            if kind == "siamese":
                assert all(part["linear"] == 0 for part in parts["context"])


def test_explanations_come_only_when_asked_for(served: tuple[str, TestClient]) -> None:
    _, client = served
    plain, explained = (
        client.post("/prime", json={**QUERY, "explain": explain}).json() for explain in (False, True)
    )
    for one, other in zip(plain["results"], explained["results"], strict=True):
        assert one.get("explanation") is None
        assert (one["tag"], one["score"]) == (other["tag"], other["score"])


def test_focus_moves_completion_models_and_is_refused_by_others(served: tuple[str, TestClient]) -> None:
    kind, client = served
    response = client.post("/prime", json={**QUERY, "focus": 4.0})
    if kind == "siamese":
        assert response.status_code == 422
        assert response.json()["errors"][0]["pointer"] == "/focus"
        assert client.post("/prime", json={**QUERY, "focus": 1.0}).status_code == 200
        return
    plain = client.post("/prime", json=QUERY).json()
    assert [r["score"] for r in response.json()["results"]] != [r["score"] for r in plain["results"]]


@pytest.mark.parametrize("focus", [0, -1, 10.5, "2", None])
def test_a_focus_out_of_range_is_refused(served: tuple[str, TestClient], focus: object) -> None:
    _, client = served
    response = client.post("/prime", json={**QUERY, "focus": focus})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/focus"
