"""Fitting the widths of embeddings: the default is the smallest width that keeps the ranking well enough."""

from __future__ import annotations

import numpy as np
import pytest

from models.embeddings import Embedder, mean_overlap, score_rows
from models.encoders.contract import Query
from tests.conftest import random_completion_encoder, random_siamese_encoder
from tests.unit.training.test_projection import N, corpus
from training import embeddings
from training.corpus import TagCorpus
from training.embeddings import WANTED_OVERLAP, drawn_queries, embedding_documents, fit_embeddings


@pytest.fixture
def documents() -> TagCorpus:
    return corpus()


def test_the_default_is_the_smallest_width_that_reaches_the_wanted_overlap(
    documents: TagCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "WIDTHS", tuple(range(4, N, 4)))
    encoder = random_completion_encoder(n_tags=N)
    basis = fit_embeddings(encoder, documents, documents, seed=0)
    assert basis is not None
    reached = [width for width, share in basis.overlap.items() if share >= WANTED_OVERLAP]
    assert basis.default_width == min(reached) > min(basis.overlap)
    np.testing.assert_allclose(
        basis.columns.T @ basis.columns, np.eye(basis.columns.shape[1]), atol=1e-5
    )  # orthonormal
    # Queries that the basis was not fitted on are ranked as well as it says.
    queries = [Query(tag, np.array([(tag + 7) % N])) for tag in range(N)]
    embedder, width = Embedder(encoder, N, basis), basis.default_width
    candidates = embedder.candidates(range(N), [np.empty(0, dtype=np.int64)] * N, width)
    near = embedder.queries(queries, width) @ candidates.T
    assert mean_overlap(score_rows(encoder, queries), near, queries) == pytest.approx(
        basis.overlap[width], abs=0.05
    )


def test_the_same_seed_gives_the_same_basis(documents: TagCorpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "WIDTHS", tuple(range(4, N, 4)))
    encoder = random_completion_encoder(n_tags=N)
    one, two = (fit_embeddings(encoder, *embedding_documents(documents, 3), seed=3) for _ in range(2))
    assert one is not None
    assert two is not None
    np.testing.assert_array_equal(one.columns, two.columns)
    assert one.overlap == two.overlap


def test_where_no_smaller_width_is_enough_there_is_no_basis(
    documents: TagCorpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings, "WIDTHS", (1, 2))
    assert fit_embeddings(random_completion_encoder(n_tags=N), documents, documents, seed=0) is None


def test_a_distance_needs_no_basis(documents: TagCorpus) -> None:
    assert fit_embeddings(random_siamese_encoder(n_tags=N), documents, documents, seed=0) is None


def test_queries_are_tags_among_others_of_their_document_and_every_used_tag_alone_once(
    documents: TagCorpus,
) -> None:
    queries = drawn_queries(documents, 1000, np.random.default_rng(0))
    alone = [query.tag for query in queries[documents.n_documents :]]
    assert sorted(alone) == np.flatnonzero(documents.document_frequency).tolist()  # type: ignore[type-var]
    together = {frozenset(document.tolist()) for document in documents.documents()}
    for query in queries[: documents.n_documents]:
        asked = set(query.local_context.tolist())
        assert len(query.context) <= 4
        assert any(asked <= document for document in together)
