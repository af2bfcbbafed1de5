import numpy as np
import pytest

from models.catalogues.document import Document
from training.corpus import Provenance, TagCorpus
from training.siamese.sampling import ExampleSampler


@pytest.mark.parametrize("n_tags", [12, 1500])
def test_positives_are_held_negatives_are_not_and_nothing_comes_twice_in_a_document(n_tags: int) -> None:
    rng = np.random.default_rng(0)
    names = [f"t{i:04d}" for i in range(n_tags)]
    documents = [
        Document(str(i), tuple(names[j] for j in np.unique(rng.integers(n_tags, size=5)))) for i in range(40)
    ]
    corpus = TagCorpus.from_documents("drawn", documents, Provenance("", "", ""), names)
    held = corpus.matrix.toarray().astype(bool)
    sampler = ExampleSampler(corpus)
    for examples in (sampler.pairs(64, rng), sampler.documents(8, 3, 4, rng)):
        rows = examples.documents[examples.whose]
        np.testing.assert_array_equal(held[rows, examples.tags], examples.positive)
    keys = rows * n_tags + examples.tags
    assert len(np.unique(keys)) == len(keys)
    assert np.bincount(examples.whose[~examples.positive]).tolist() == [4] * 8


def test_documents_with_no_tag_or_every_tag_are_never_asked_for_a_negative() -> None:
    documents = [Document("all", ("a", "b")), Document("some", ("a",)), Document("none", ())]
    corpus = TagCorpus.from_documents("edge", documents, Provenance("", "", ""), ["a", "b"])
    examples = ExampleSampler(corpus).documents(16, 5, 5, np.random.default_rng(0))
    assert examples.documents.tolist() == [1]
    negatives = ExampleSampler(corpus).pairs(20, np.random.default_rng(0))
    assert set(negatives.tags[~negatives.positive]) == {1}
