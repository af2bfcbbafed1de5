"""A new encoder family takes one file and one line of the registry, and everything works with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from models.bundle import load_bundle
from models.encoders.contract import Query
from models.encoders.registry import FAMILIES
from models.explanation import explain
from models.index import TagSearch
from models.protocols.encoder_scorer import EncoderScorer
from tests.integration.popularity_mean import PopularityMeanEncoder
from tests.unit.training.test_projection import N, corpus
from training.bundle import TrainedEncoder, write_bundle
from training.fitting.run import Progress, Run

QUERY = Query(3, np.array([5, 9]))
NOTHING = np.empty(0, dtype=np.int64)


@pytest.fixture
def encoder() -> PopularityMeanEncoder:
    rng = np.random.default_rng(1)
    vectors, popularity = rng.normal(size=(N, 6)), rng.normal(size=N)
    return PopularityMeanEncoder(vectors.astype(np.float32), popularity.astype(np.float32), pull=2.0)


@pytest.fixture
def bundle_path(
    encoder: PopularityMeanEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The family's one line in the registry, and a bundle that training exported for it."""
    monkeypatch.setitem(FAMILIES, PopularityMeanEncoder.kind, PopularityMeanEncoder)  # type: ignore[misc]
    checked = []
    trained = TrainedEncoder(encoder, checked.append, training={"seed": 0}, quality={})
    bundle = write_bundle(trained, corpus(), corpus(), tmp_path / "third", 0, Progress(Run()))
    assert [type(saved) for saved in checked] == [PopularityMeanEncoder]
    return bundle.path


def expected_scores(encoder: PopularityMeanEncoder) -> np.ndarray:
    scores = encoder.tag_vectors @ encoder.tag_vectors[[3, 5, 9]].mean(axis=0) + encoder.popularity
    scores[[4, 6, 10]] += encoder.pull
    return scores


def test_it_ranks(encoder: PopularityMeanEncoder) -> None:
    scores = expected_scores(encoder)
    ranking = TagSearch(encoder).search([QUERY], N, [NOTHING])[0]
    np.testing.assert_array_equal(ranking.indices, np.argsort(-scores, kind="stable"))
    np.testing.assert_allclose(ranking.scores, scores[ranking.indices], rtol=1e-5)
    scored = EncoderScorer(encoder).score([QUERY.tag], [QUERY.context])[0]
    np.testing.assert_allclose(scored, scores, rtol=1e-5)


def test_it_explains(encoder: PopularityMeanEncoder) -> None:
    explanation = explain(encoder, QUERY, np.arange(N))
    np.testing.assert_allclose(explanation.scores, expected_scores(encoder), rtol=1e-5)
    assert explanation.context.tolist() == [5, 9]
    assert explanation.linear[0, 6] == explanation.linear[1, 10] == explanation.query_linear[4] == 2.0
    parts = explanation.linear.sum(axis=0) + explanation.network.sum(axis=0) + explanation.query_linear
    np.testing.assert_allclose(parts + explanation.remainder, explanation.scores, rtol=1e-4, atol=1e-5)


def test_its_bundle_comes_back_with_a_map(encoder: PopularityMeanEncoder, bundle_path: Path) -> None:
    loaded = load_bundle(bundle_path)
    assert isinstance(loaded.encoder, PopularityMeanEncoder)
    np.testing.assert_array_equal(loaded.encoder.tag_vectors, encoder.tag_vectors)
    assert loaded.encoder.pull == encoder.pull
    assert loaded.projection is not None


def test_the_service_answers_with_it(encoder: PopularityMeanEncoder, bundle_path: Path) -> None:
    names = corpus().index_to_key
    settings = Settings(bundle=bundle_path, database_url=f"sqlite:///{bundle_path.parent / 'store.db'}")
    with TestClient(create_app(settings)) as client:
        question = {"tag": names[3], "context": [names[5], names[9]]}
        answer = client.post("/prime", json=question | {"explain": True}).json()
        full = {"input": question, "dimensions": N}
        asked = client.post("/v1/embeddings", json=full).json()["data"][0]["embedding"]
        widths = client.get("/v1/models/default").json()["embeddings"]
    left = [tag for tag in np.argsort(-expected_scores(encoder), kind="stable") if tag not in (3, 5, 9)]
    assert [result["tag"] for result in answer["results"]] == [names[tag] for tag in left[:10]]
    assert all(result["explanation"] for result in answer["results"])
    np.testing.assert_allclose(asked, expected_scores(encoder), rtol=1e-5)
    assert widths["full"] == N
