"""Eq. 1 against a dense computation that follows the paper's text word by word."""

import math

import numpy as np
import pytest

from models.catalogues.document import Document
from models.features import Usage, oov_features
from training.corpus import Provenance, TagCorpus
from training.siamese.features import tag_features

DOCUMENTS = [
    {"rock", "guitar"},
    {"rock", "indie", "guitar"},
    {"jazz", "piano"},
    {"jazz"},
    {"rock"},
    {"indie"},
]


@pytest.fixture
def corpus() -> TagCorpus:
    documents = [Document(str(i), tuple(sorted(tags))) for i, tags in enumerate(DOCUMENTS)]
    return TagCorpus.from_documents("six", documents, Provenance("", "", ""))


def test_features_are_the_cosines_of_tf_idf_usage_vectors(corpus: TagCorpus) -> None:
    def usage(tag: str) -> list[float]:
        n = sum(tag in document for document in DOCUMENTS)
        return [math.log(len(DOCUMENTS) / (1 + n)) * (tag in document) for document in DOCUMENTS]

    expected = np.array(
        [
            [
                np.dot(usage(a), usage(b))
                / math.sqrt(np.dot(usage(a), usage(a)) * np.dot(usage(b), usage(b)))
                for b in corpus.index_to_key
            ]
            for a in corpus.index_to_key
        ]
    )
    features = tag_features(corpus)
    np.testing.assert_allclose(features.cosine.toarray(), expected, atol=1e-12)
    standardised = features.standardised(np.arange(corpus.n_tags))
    np.testing.assert_allclose(standardised, (expected - expected.mean(0)) / expected.std(0), atol=1e-5)


def test_past_the_balanced_width_features_are_scaled_and_up_to_it_they_are_not(corpus: TagCorpus) -> None:
    every = np.arange(corpus.n_tags)
    plain = tag_features(corpus).standardised(every)
    np.testing.assert_array_equal(tag_features(corpus, corpus.n_tags).standardised(every), plain)
    half = tag_features(corpus, 2).standardised(every)
    np.testing.assert_allclose(half, plain * np.sqrt(2 / corpus.n_tags), rtol=1e-5)


def test_a_known_tag_asked_as_if_it_were_not_gets_its_own_features(corpus: TagCorpus) -> None:
    features = tag_features(corpus)
    tag = corpus.vocabulary.key_to_index["guitar"]
    counts = (corpus.matrix.T @ corpus.matrix).toarray()[tag]
    indices = np.flatnonzero(counts)
    usage = Usage(int(counts[tag]), indices, counts[indices].astype(np.float32))
    cosine = oov_features(
        usage, features.document_frequency.astype(np.float32), features.idf_sign.astype(np.float32)
    )
    np.testing.assert_allclose(cosine, features.cosine.toarray()[tag, indices], atol=1e-6)


def test_a_tag_with_no_idf_is_related_to_nothing() -> None:
    documents = [Document("1", ("everywhere", "x")), Document("2", ("everywhere",)), Document("3", ("y",))]
    features = tag_features(TagCorpus.from_documents("three", documents, Provenance("", "", "")))
    assert features.cosine.toarray()[0].tolist() == [0.0, 0.0, 0.0]
    assert np.isfinite(features.standardised(np.arange(3))).all()


def test_nothing_dense_of_the_size_of_documents_or_tags_is_made() -> None:
    """30,000 tags: one dense tags x tags array of bytes would be 0.9 GB, and the step takes a fraction."""
    rng = np.random.default_rng(0)
    names = [f"t{i:05d}" for i in range(30_000)]
    documents = [
        Document(str(i), tuple(names[j] for j in np.unique(rng.integers(30_000, size=6))))
        for i in range(20_000)
    ]
    import tracemalloc

    corpus = TagCorpus.from_documents("wide", documents, Provenance("", "", ""))
    tracemalloc.start()
    tag_features(corpus)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200e6
