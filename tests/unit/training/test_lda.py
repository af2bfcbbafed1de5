"""Topics: our inference against gensim's, and the closed form against Eq. 2."""

import numpy as np
import pytest
from gensim.models import LdaModel

from models.catalogues.document import Document
from models.encoders.topics import closed_form_log_posterior
from training.corpus import Provenance, TagCorpus
from training.siamese.lda import fit_lda, seek_n_topics, variational_posterior


@pytest.fixture(scope="module")
def corpus() -> TagCorpus:
    """Three themes of ten tags, each document from one of them with a stray tag."""
    rng = np.random.default_rng(0)
    documents = []
    for i in range(90):
        theme = i % 3
        tags = {f"t{10 * theme + int(j):02d}" for j in rng.integers(10, size=6)} | {
            f"t{rng.integers(30):02d}"
        }
        documents.append(Document(str(i), tuple(sorted(tags))))
    return TagCorpus.from_documents("themes", documents, Provenance("", "", ""))


def test_variational_posterior_is_gensims_own(corpus: TagCorpus) -> None:
    bags = [[(int(tag), 1) for tag in tags] for tags in corpus.documents()]
    model = LdaModel(
        bags, num_topics=5, alpha="symmetric", passes=3, iterations=200, random_state=3, dtype=np.float64
    )
    # The same first gamma as gensim draws, so that both climb the same hill.
    model.random_state = np.random.RandomState(5)
    expected, _ = model.inference(bags)
    start = np.random.RandomState(5).gamma(100.0, 1.0 / 100.0, (len(bags), 5))
    got = variational_posterior(corpus.documents(), model.alpha, model.expElogbeta, start)
    np.testing.assert_allclose(got, expected / expected.sum(axis=1, keepdims=True), atol=1e-9)


def test_an_empty_document_has_the_prior() -> None:
    nothing = np.array([], dtype=np.int64)
    posterior = variational_posterior([nothing], np.array([1.0, 3.0]), np.full((2, 4), 0.25))
    np.testing.assert_allclose(posterior, [[0.25, 0.75]])


def test_closed_form_is_the_log_of_equation_2_up_to_a_constant() -> None:
    prior, topics = np.array([0.3, 0.7]), np.array([[0.5, 0.2, 0.3], [0.1, 0.1, 0.8]])
    tags = np.array([0, 2])
    posterior = prior * topics[:, tags].prod(axis=1)
    got = closed_form_log_posterior([tags], np.log(prior), np.log(topics))[0]
    np.testing.assert_allclose(got, np.log(posterior) - np.log(posterior).mean())


def test_with_a_length_the_mean_tag_speaks_so_half_a_document_is_as_sure_as_the_whole() -> None:
    prior, topics = np.log([0.5, 0.5]), np.log([[0.4, 0.4, 0.2], [0.1, 0.1, 0.8]])
    one, two, none = np.array([0]), np.array([0, 1]), np.array([], dtype=np.int64)
    scaled = closed_form_log_posterior([one, two, none], prior, topics, length=10.0)
    np.testing.assert_allclose(scaled[0], scaled[1])
    np.testing.assert_allclose(scaled[0], 10 * closed_form_log_posterior([one], prior, topics)[0])
    np.testing.assert_allclose(scaled[2], 0.0)


def test_fitted_topics_find_the_themes_and_repeat_with_their_seed(corpus: TagCorpus) -> None:
    ticks: list[int] = []
    model = fit_lda(corpus, 3, seed=1, passes=10, on_pass=lambda: ticks.append(1))
    again = fit_lda(corpus, 3, seed=1, passes=10)
    np.testing.assert_array_equal(model.log_topics, again.log_topics)
    assert len(ticks) == 10
    posterior = model.posterior(corpus.documents())
    np.testing.assert_allclose(posterior.sum(axis=1), 1.0)
    majority = [np.bincount(posterior.argmax(axis=1)[theme::3], minlength=3).max() for theme in range(3)]
    assert min(majority) > 20, "each theme's 30 documents should share a topic"


def test_the_number_of_topics_can_be_sought(corpus: TagCorpus) -> None:
    assert 2 <= seek_n_topics(corpus, seed=0) <= 150
