"""The completion encoder in NumPy: single = batch, search = brute force, unseen tags, focus, bundles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models import index as index_module
from models.bundle import load_bundle
from models.bundle_writing import save_bundle
from models.encoders.completion import CompletionEncoder
from models.encoders.contract import Query
from models.errors import BundleError
from models.explanation import explain
from models.features import Usage
from models.index import TagSearch
from models.protocols.encoder_scorer import EncoderScorer
from models.vocabulary import Vocabulary
from tests.conftest import DESCRIPTION, random_completion_encoder

N_TAGS, WIDTH = 40, 6
USAGE = Usage(4, np.array([2, 7, 30]), np.array([4, 2, 1], dtype=np.float32))


@pytest.fixture(params=[("a", None), ("b", None), ("b", 160)], ids=["a", "b", "b-sparse"])
def encoder(request: pytest.FixtureRequest) -> CompletionEncoder:
    return random_completion_encoder(*request.param)


QUERIES = [
    Query(3, np.array([5, 9])),
    Query(3, np.array([], dtype=np.int64)),
    Query(USAGE, np.array([1, 7])),
    Query(USAGE, np.array([], dtype=np.int64)),
    Query(Usage.unknown(), np.array([1, 7])),
    Query(11, np.array([1, 7, 20, 21]), focus=2.5),
]
NOTHING = np.array([], dtype=np.int64)


def query_vectors(encoder, tags, contexts, focus=None):
    return encoder.encode(queries_of(tags, contexts, focus), with_added=False).vectors


def linear_scores(encoder, tags, contexts, focus=None):
    return encoder.encode(queries_of(tags, contexts, focus)).added


def queries_of(tags, contexts, focus=None):
    weights = [1.0] * len(tags) if focus is None else focus
    return [Query(tag, context, weight) for tag, context, weight in zip(tags, contexts, weights, strict=True)]


def test_a_batch_equals_its_queries_one_by_one(encoder):
    search = TagSearch(encoder)
    together = search.search(QUERIES, 10, [NOTHING] * len(QUERIES))
    for query, ranking in zip(QUERIES, together, strict=True):
        alone = search.search([query], 10, [NOTHING])[0]
        np.testing.assert_array_equal(alone.indices, ranking.indices)
        np.testing.assert_array_equal(alone.scores, ranking.scores)


@pytest.mark.parametrize("exhaustive", [4096, 8], ids=["whole", "threshold"])
def test_search_is_the_sum_of_both_terms(encoder, exhaustive, monkeypatch):
    monkeypatch.setattr(index_module, "EXHAUSTIVE", exhaustive)
    exclude = np.array([0, 1])
    rankings = TagSearch(encoder).search(QUERIES, 3, [exclude] * len(QUERIES))
    for query, ranking in zip(QUERIES, rankings, strict=True):
        tags, contexts, focus = [query.tag], [query.local_context], [query.focus]
        whole = (query_vectors(encoder, tags, contexts, focus) @ encoder.candidates(None).T)[0]
        whole = whole + linear_scores(encoder, tags, contexts, focus)[0]
        whole[exclude] = -np.inf
        np.testing.assert_array_equal(ranking.indices, np.argsort(-whole, kind="stable")[:3])
        np.testing.assert_allclose(ranking.scores, np.sort(whole)[::-1][:3], rtol=1e-4, atol=1e-5)


def test_the_protocols_scorer_agrees_with_search(encoder):
    contexts = [query.local_context for query in QUERIES[:5]]
    scores = EncoderScorer(encoder).score([query.tag for query in QUERIES[:5]], contexts)
    for row, ranking in zip(scores, TagSearch(encoder).search(QUERIES[:5], 5, [NOTHING] * 5), strict=True):
        np.testing.assert_allclose(row[ranking.indices], ranking.scores, rtol=1e-4, atol=1e-5)
    assert EncoderScorer(encoder).score([], []).shape == (0, N_TAGS)


def test_focus_one_is_the_default_and_more_of_it_leans_on_the_query():
    encoder = random_completion_encoder()
    context = np.array([3, 5, 9])
    plain, leaning = (
        encoder.query_term.weights(query, encoder.attend(query))
        for query in (Query(3, context), Query(3, context, 4.0))
    )
    assert leaning[0] / leaning.sum() > plain[0] / plain.sum()
    np.testing.assert_array_equal(
        query_vectors(encoder, [3], [context]), query_vectors(encoder, [3], [context], [1.0])
    )
    huge = query_vectors(encoder, [3], [context], [1e6])[0]
    root = np.sqrt(3).astype(np.float32)  # attention on the query alone, k = 3 tags
    attended, own = root * encoder.inputs[3], encoder.inputs[3]
    joined = np.concatenate([attended, own, attended * own])
    hidden = np.tanh(encoder.hidden_weights @ joined + encoder.hidden_biases)
    expected = attended + 0.3 * own + encoder.output_weights @ hidden + encoder.output_biases
    np.testing.assert_allclose(huge[:-1], expected, rtol=1e-3, atol=1e-3)


def test_a_tag_nothing_is_known_of_leaves_the_context_to_answer():
    encoder = random_completion_encoder()
    context = np.array([5, 9])
    unknown = query_vectors(encoder, [Usage.unknown()], [context])[0]
    turns = query_vectors(encoder, [5, 9], [context, context])
    np.testing.assert_allclose(unknown, turns.mean(axis=0), rtol=1e-5, atol=1e-6)
    nothing = query_vectors(encoder, [Usage.unknown()], [NOTHING])[0]
    np.testing.assert_array_equal(nothing, [0] * WIDTH + [1])
    assert not linear_scores(encoder, [Usage.unknown()], [NOTHING]).any()


def test_an_unseen_tag_answers_half_and_its_context_the_rest_more_or_less_with_focus():
    encoder = random_completion_encoder()
    context = np.array([5, 9])
    tokens = np.concatenate([encoder.inputs[context], encoder.unseen_input(USAGE)[None, :]])
    spoken = replace(encoder, inputs=np.concatenate([encoder.inputs, tokens[-1:]]))  # as if it were known
    own = query_vectors(spoken, [N_TAGS], [np.append(context, N_TAGS)])[0]
    others = query_vectors(encoder, [Usage.unknown()], [context])[0]
    found = query_vectors(encoder, [USAGE], [context])[0]
    np.testing.assert_allclose(found, (own + others) / 2, rtol=1e-4, atol=1e-5)
    leaning = query_vectors(encoder, [USAGE], [context], [50.0])[0]
    assert np.linalg.norm(leaning - others) > np.linalg.norm(found - others)


def test_an_unseen_tag_without_context_adds_what_it_was_met_with():
    encoder = random_completion_encoder()
    found = linear_scores(encoder, [USAGE], [NOTHING])[0]
    assert np.flatnonzero(found).tolist() == [2, 7, 30]
    weights = encoder.candidate_weights[[2, 7, 30]]
    np.testing.assert_allclose(found[[2, 7, 30]], weights * 1.5 * np.array([4, 2, 1]) / 9, rtol=1e-5)


@pytest.mark.parametrize("tag", [3, Usage.unknown()], ids=["query", "context"])
def test_a_tag_that_is_all_there_is_adds_its_company(encoder, tag):
    kept, shown = encoder.cooccurrence.values[9:12], np.array([3])
    found = linear_scores(encoder, [tag], [shown])[0]
    assert np.flatnonzero(found).tolist() == [4, 7, 12]
    np.testing.assert_allclose(found[[4, 7, 12]], kept)
    np.testing.assert_array_equal(encoder.added_parts(Query(tag, shown)), found[None, :])
    without = replace(encoder, cooccurrence=None)
    np.testing.assert_allclose(
        linear_scores(without, [tag], [shown])[0],
        encoder.candidate_weights * encoder.linear.combine(shown, np.ones(1, dtype=np.float32)),
        rtol=1e-5,
    )


def test_damping_divides_the_linear_term_by_a_power_of_a_candidates_documents(encoder):
    frequency = np.array([0.2, 1, 16, 625] * 10, dtype=np.float32)
    asked = [3, USAGE], [np.array([3, 5, 9]), NOTHING]
    plain, damped = (
        linear_scores(replace(encoder, frequency=frequency, damping=damping), *asked)
        for damping in (0.0, 0.25)
    )
    divisors = np.array([1, 1, 2, 5] * 10)  # a tag on less than one document counts as on one
    np.testing.assert_allclose(plain[0] / divisors, damped[0], rtol=1e-5)
    np.testing.assert_allclose(plain[1] / divisors, damped[1], rtol=1e-5)
    assert plain.any(axis=1).all()


def test_a_damping_that_cannot_be_is_refused_and_none_is_none(encoder):
    settings = encoder.settings()
    for wrong in (-0.1, float("nan"), float("inf")):
        settings["linear"]["damping"] = wrong
        with pytest.raises(BundleError, match="damping must be finite and at least 0"):
            CompletionEncoder.from_tensors(settings, encoder.tensors(), "nearest")
    del settings["linear"]["damping"]
    assert CompletionEncoder.from_tensors(settings, encoder.tensors(), "nearest").damping == 0


def test_company_stays_out_of_queries_with_more_to_go_by(encoder):
    without = replace(encoder, cooccurrence=None)
    for query in QUERIES:
        asked = [query.tag], [query.local_context], [query.focus]
        if len(query.local_context) != 1:
            np.testing.assert_array_equal(linear_scores(encoder, *asked), linear_scores(without, *asked))


def test_tensors_from_before_there_was_company_still_load(encoder):
    settings, tensors = encoder.settings(), encoder.tensors()
    del settings["company"]
    old = {name: tensor for name, tensor in tensors.items() if not name.startswith("company")}
    assert CompletionEncoder.specs(settings).keys() == old.keys()
    loaded = CompletionEncoder.from_tensors(settings, old, "nearest")
    assert loaded.cooccurrence is None
    assert linear_scores(loaded, [3], [np.array([3])]).any()


def test_a_bundle_keeps_it_whole(encoder, tmp_path: Path):
    vocabulary = Vocabulary([f"tag {i:02d}" for i in range(N_TAGS)], np.arange(N_TAGS) + 1)
    saved = save_bundle(tmp_path / "kept", encoder, vocabulary, DESCRIPTION)
    loaded = load_bundle(tmp_path / "kept").encoder
    assert saved.manifest.encoder["kind"] == "completion"
    for query in QUERIES:
        ours, theirs = (TagSearch(e).search([query], 7, [NOTHING])[0] for e in (encoder, loaded))
        np.testing.assert_array_equal(ours.scores, theirs.scores)


@pytest.mark.parametrize("name", ["l2", "dropout", "damping"])
@pytest.mark.parametrize("wrong", ["much", None, 10**400], ids=["text", "null", "huge"])
def test_settings_that_are_no_numbers_make_a_bad_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, wrong: object
):
    encoder = random_completion_encoder()
    settings = encoder.settings()
    settings["linear"][name] = wrong
    monkeypatch.setattr(CompletionEncoder, "settings", lambda self: settings)
    vocabulary = Vocabulary([f"tag {i:02d}" for i in range(N_TAGS)], np.arange(N_TAGS) + 1)

    def kept() -> None:
        save_bundle(tmp_path / "kept", encoder, vocabulary, DESCRIPTION)
        load_bundle(tmp_path / "kept")

    with pytest.raises(
        BundleError, match=r"settings do not fit a completion encoder|a number is larger than 1e\+300"
    ):
        kept()


def test_sparse_rows_out_of_range_are_refused():
    encoder = random_completion_encoder(stored=160)
    linear = encoder.linear
    assert linear.indptr is not None
    assert linear.indices is not None
    with pytest.raises(BundleError, match="linear_indices must be from 0 to 39"):
        replace(linear, indices=linear.indices + 1).validate()
    assert encoder.cooccurrence is not None
    with pytest.raises(BundleError, match="company_indices must be from 0 to 39"):
        replace(encoder.cooccurrence, indices=encoder.cooccurrence.indices - 10).validate()
    with pytest.raises(BundleError, match="linear_indptr must rise"):
        replace(linear, indptr=linear.indptr[::-1].copy()).validate()
    with pytest.raises(BundleError, match="must be positive"):
        replace(linear, diagonal=-linear.diagonal).validate()
    with pytest.raises(BundleError, match=r"in \[0, 1\); got 1"):
        replace(linear, dropout=1.0).validate()


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_an_explanation_adds_up(encoder, query):
    candidates = np.array([4, 8, 7, 39])
    explained = explain(encoder, query, candidates)
    ranking = TagSearch(encoder).search([query], N_TAGS, [NOTHING])[0]
    score_of = dict(zip(ranking.indices.tolist(), ranking.scores.tolist(), strict=True))
    np.testing.assert_allclose(
        explained.scores, [score_of[c] for c in candidates.tolist()], rtol=1e-4, atol=1e-4
    )
    whole = explained.linear.sum(axis=0) + explained.network.sum(axis=0)
    np.testing.assert_allclose(
        whole + explained.query_linear + explained.remainder, explained.scores, rtol=1e-4, atol=1e-4
    )
    assert query.tag not in explained.context.tolist()
    assert explained.linear.shape == explained.network.shape == (len(explained.context), 4)
    local = query.local_context
    np.testing.assert_allclose(
        encoder.added_parts(query).sum(axis=0),
        linear_scores(encoder, [query.tag], [local], [query.focus])[0],
        rtol=1e-3,
        atol=1e-4,
    )


def test_leave_one_out_is_what_the_towers_lose(encoder):
    explained = explain(encoder, QUERIES[0], np.array([1, 2]))
    offered = encoder.candidates(None)[[1, 2]]
    with_all, without = query_vectors(encoder, [3, 3], [np.array([3, 5, 9]), np.array([3, 9])])
    np.testing.assert_array_equal(explained.context, [5, 9])
    np.testing.assert_allclose(explained.network[0], offered @ (with_all - without), rtol=1e-4, atol=1e-4)
