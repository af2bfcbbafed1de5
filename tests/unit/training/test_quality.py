"""What a bundle says of its own quality."""

import numpy as np
import pytest

from tests.conftest import random_siamese_encoder
from training.corpora import load_corpus
from training.evaluation.quality import measure_siamese_encoder
from training.fitting.held_out import hold_out_groups


@pytest.fixture(scope="module")
def corpus():
    return load_corpus("demo", n_documents=300)


def test_both_protocols_are_measured_with_their_curves(corpus):
    training, validation = hold_out_groups(corpus, 0.1, seed=0)
    encoder = random_siamese_encoder(n_tags=corpus.n_tags)
    found = measure_siamese_encoder(encoder, training, validation, seed=0)
    assert list(found) == ["priming", "completion"]
    for measured in found.values():
        assert set(measured["methods"]) == {"siamese", "cooccurrence", "popularity"}
        assert measured["curves"].keys() == measured["methods"].keys()
        for curve in measured["curves"].values():
            assert len(curve) == 11
            assert np.all(np.diff(curve) <= 0)  # interpolated precision never rises with recall
            assert 0 < curve[0] <= 1
    # The query is put first, and is relevant: precision at recall 0 is 1 whatever the method.
    assert found["priming"]["curves"]["popularity"][0] == 1
    assert found["completion"]["curves"]["popularity"][0] < 1


def test_documents_too_small_to_complete_are_still_primed(corpus):
    one_tag = corpus.with_tags(np.argsort(corpus.document_frequency)[-1:])
    found = measure_siamese_encoder(random_siamese_encoder(n_tags=1), one_tag, one_tag, seed=0)
    assert list(found) == ["priming"]
