"""One suite for every registered method: a collection with a known answer, batch = single, seeds.

The collection is three blocks of eight tags; a document holds some tags of one block. In each block
one pair of tags never meets in training: a method that generalises still puts the missing partner
above every tag of the other blocks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.catalogues.document import Document
from models.features import Usage
from training.baselines.boltzmann import BoltzmannSettings
from training.baselines.method import Method
from training.baselines.shared_fits import forget
from training.corpus import Provenance, TagCorpus
from training.evaluation.methods import METHODS, create

N_BLOCKS, BLOCK = 3, 8
N_TAGS = N_BLOCKS * BLOCK

# Rank without looking at what was asked, or only at what was handed in.
IGNORANT = {"random", "popularity", "echo"}
# Read the tags' names; this collection's say nothing.
NAMES_ONLY = {"text-embedding", "text-embedding-context"}
# Know only pairs that they have met.
LITERAL = IGNORANT | {
    "cooccurrence",
    "conditional",
    "cosine",
    "item-knn",
    "naive-bayes",
    "word2vec-in-out",
    "mult-vae",
}
# Regressions learn that two frequent tags which never meet repel each other.
REPELLING = {name for name in METHODS if name.startswith(("ease", "edlae", "completion"))}
# Learn from what a document does not hold, too: to them, a pair that never meets is one that excludes itself.
EXCLUDING = {"siamese-lit", "single-prediction", "siamese-prediction"}
_QUICK = {"n_topics": 4, "shorten": 0.1}
# What training on this tiny collection needs instead of the defaults.
OPTIONS: dict[str, dict[str, Any]] = {
    "lsa": {"grid": {"weighting": ("tf", "tfidf", "pmi"), "dim": (3,)}},
    "lsa-fixed": {"dim": 3},
    "lsa-context": {"settings": ((3, 0.0), (6, 0.0))},
    "infoth-search": {"grid": {"k": (1, 5), "alpha": (0.1, 0.5), "distance": ("mi", "cosine")}},
    "lda": {"n_topics": 3},
    **{name: _QUICK for name in METHODS if name.startswith(("single-", "siamese-"))},
    "plsa": {"n_topics": 3},
    "rbm": {"settings": BoltzmannSettings(n_hidden=6)},
    "crbm": {"settings": BoltzmannSettings(n_hidden=6)},
    **{name: {"training": {"steps": 120, "epochs": 1}} for name in ("completion", "completion-a")},
}


@pytest.fixture(scope="module")
def corpus() -> TagCorpus:
    rng = np.random.default_rng(3)
    documents = []
    for i in range(120):
        block = i % N_BLOCKS
        tags = rng.permutation(BLOCK)[: rng.integers(4, 7)]
        if {0, 1} <= set(tags.tolist()):  # the withheld pair
            tags = tags[tags != rng.integers(0, 2)]
        documents.append(Document(f"d{i}", tuple(f"t{block * BLOCK + tag:02d}" for tag in sorted(tags))))
    names = [f"t{tag:02d}" for tag in range(N_TAGS)]
    return TagCorpus.from_documents("blocks", documents, Provenance("made here", "", ""), names)


@pytest.fixture(scope="module")
def fitted(corpus: TagCorpus) -> dict[str, Method]:
    return {}


# Tables E are one class with other windows; two of them stand for all.
NAMES = [name for name in METHODS if not name.startswith(("cbow-", "sg-"))] + ["cbow-random-3", "sg-pseudo-2"]


@pytest.fixture(params=NAMES)
def method(request: pytest.FixtureRequest, corpus: TagCorpus, fitted: dict[str, Method]) -> Method:
    name = request.param
    if name not in fitted:
        fitted[name] = create(name, **OPTIONS.get(name, {})).fit(corpus, seed=2)
    return fitted[name]


def asked(corpus: TagCorpus) -> tuple[list[int], list[np.ndarray]]:
    """Every third document's first two tags, in that document."""
    documents = corpus.documents()[:45:3] + corpus.documents()[1:45:3] + corpus.documents()[2:45:3]
    queries = [int(tag) for document in documents for tag in document[:2]]
    return queries, [document for document in documents for _ in range(2)]


def test_scores_are_finite_float32_of_the_right_shape(method, corpus):
    queries, contexts = asked(corpus)
    scores = method.score(queries, contexts)
    assert scores.shape == (len(queries), N_TAGS)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


def test_a_batch_equals_its_queries_one_by_one(method, corpus):
    queries, contexts = asked(corpus)
    together = method.score(queries, contexts)
    for i in range(0, len(queries), 7):
        alone = method.score(queries[i : i + 1], contexts[i : i + 1])
        np.testing.assert_allclose(together[i], alone[0], rtol=2e-5, atol=2e-6)


def test_the_same_seed_gives_the_same_scores(method, corpus, request):
    name = request.node.callspec.params["method"]
    queries, contexts = asked(corpus)
    if METHODS[name].family:
        if name not in ("siamese-lit", "siamese-ext"):
            pytest.skip("another reading of a fit that siamese-lit and siamese-ext are made anew for")
        forget()
    again = create(name, **OPTIONS.get(name, {})).fit(corpus, seed=2)
    np.testing.assert_array_equal(method.score(queries, contexts), again.score(queries, contexts))


def test_no_query_gives_no_score(method):
    assert method.score([], []).shape == (0, N_TAGS)


def test_a_query_finds_its_block(method, corpus, request):
    if request.node.callspec.params["method"] in IGNORANT | NAMES_ONLY:
        pytest.skip("ranks without looking at the query, or by names, which say nothing here")
    if request.node.callspec.params["method"] == "siamese-prediction":
        pytest.skip("stage 2 gives the output layer up for the embedding (Supplement C)")
    queries, contexts = asked(corpus)
    scores = method.score(queries, contexts)
    same_block = np.asarray(queries)[:, None] // BLOCK == np.arange(N_TAGS) // BLOCK
    partner = np.asarray([query ^ 1 if query % BLOCK < 2 else -1 for query in queries])
    scores[np.arange(len(queries)), queries] = np.inf
    found = []
    for row, block, withheld in zip(scores, same_block, partner, strict=True):
        met = block & (np.arange(N_TAGS) != withheld)
        found.append(met[np.argsort(-row, kind="stable")[: met.sum()]].mean())
    assert np.mean(found) >= 0.75  # 0.35 by chance


def test_a_withheld_pair_is_found(method, corpus, request):
    if request.node.callspec.params["method"] in LITERAL | NAMES_ONLY | REPELLING | EXCLUDING:
        pytest.skip("knows only pairs that it has met, or learns that the pair repels")
    documents = corpus.documents()
    ranks = []
    for block in range(N_BLOCKS):
        for query in (block * BLOCK, block * BLOCK + 1):
            contexts = [document for document in documents if query in document][:8]
            scores = method.score([query] * len(contexts), contexts)
            others = np.arange(N_TAGS) // BLOCK != block
            ranks += [(row[others] >= row[query ^ 1]).sum() for row in scores]
    assert np.mean(ranks) < 1.0


def test_the_context_matters_where_the_method_says_so(method, corpus, request):
    name = request.node.callspec.params["method"]
    if name == "random":
        pytest.skip("every ranking is another")
    query = 3
    first = next(document for document in corpus.documents() if query in document)
    second = corpus.documents()[1]  # of another block altogether
    if not method.training_only:
        second = np.union1d(second, [query])
    here, there = method.score([query, query], [first, second])
    assert method.contextual == (not np.allclose(here, there))


def test_a_tag_outside_the_vocabulary_is_answered_from_its_usage(method, corpus, request):
    if not method.supports_oov:
        pytest.skip("takes no tag outside its vocabulary")
    holders = [document for document in corpus.documents()[::N_BLOCKS] if 3 in document]
    indices, counts = np.unique(np.concatenate(holders), return_counts=True)
    usage = Usage(len(holders), indices, counts.astype(np.float32))
    scores = method.score([usage], [holders[0]])
    assert scores.shape == (1, N_TAGS)
    assert np.isfinite(scores).all()
    if request.node.callspec.params["method"] not in IGNORANT:
        scores = scores if method.oov_rule == "nearest" else -scores
        top = np.argsort(-scores[0], kind="stable")[:5]
        assert (top < BLOCK).mean() >= 0.8
