"""The completion protocol: what it hides, what it shows, and known answers."""

from collections.abc import Sequence

import numpy as np
import pytest

from models.errors import EvaluationError
from models.features import Usage
from models.protocols.completion import clean_queries, evaluate_completion, split_documents
from models.protocols.completion_conditions import (
    context_only,
    distractor_queries,
    draw_held_out,
    held_out_queries,
    query_only,
)

N_TAGS = 12
DOCUMENTS = [np.array(tags) for tags in ([0, 1, 2, 3, 4], [0, 1], [5, 6, 7, 8], [4, 9, 10, 11, 3, 2])]


class Constant:
    """Ranks tags by falling index, whatever is asked."""

    def score(self, queries: Sequence, contexts: Sequence[np.ndarray]) -> np.ndarray:
        return np.tile(np.arange(N_TAGS, dtype=np.float32), (len(queries), 1))


def test_half_of_every_large_document_is_hidden_by_the_published_draw():
    splits = split_documents(DOCUMENTS, seed=100)
    assert [split.document for split in splits] == [0, 2, 3]
    random = np.random.RandomState(100)
    for split in splits:
        drawn = random.permutation(DOCUMENTS[split.document])
        np.testing.assert_array_equal(np.concatenate([split.hidden, split.visible]), drawn)
        assert len(split.hidden) == len(drawn) // 2


def test_the_first_two_visible_tags_are_asked_among_the_visible_ones():
    splits = split_documents(DOCUMENTS, seed=1)
    queries = clean_queries(splits)
    assert [query.tag for query in queries] == [int(t) for split in splits for t in split.visible[:2]]
    for query in queries:
        assert query.tag in query.context
        assert not np.intersect1d(query.context, query.hidden).size
        assert set(query.context) | set(query.hidden) == set(DOCUMENTS[query.document])


def test_distractors_come_from_another_document_and_give_no_answer_away():
    splits = split_documents(DOCUMENTS, seed=1)
    clean, noisy = clean_queries(splits), distractor_queries(splits, seed=2)
    for a, b in zip(clean, noisy, strict=True):
        assert (a.tag, a.document) == (b.tag, b.document)
        np.testing.assert_array_equal(a.hidden, b.hidden)
        assert set(a.context) < set(b.context)
        assert not np.intersect1d(b.context, b.hidden).size
        np.testing.assert_array_equal(b.seen, b.context)
    with pytest.raises(EvaluationError, match="got 1 documents"):
        distractor_queries(splits[:1], seed=0)


def test_query_only_keeps_what_is_relevant_and_not_ranked():
    clean = clean_queries(split_documents(DOCUMENTS, seed=1))
    for a, b in zip(clean, query_only(clean), strict=True):
        assert b.context.tolist() == [a.tag]
        np.testing.assert_array_equal(a.seen, b.seen)
        np.testing.assert_array_equal(a.hidden, b.hidden)


def test_held_out_tags_are_drawn_among_the_used_ones():
    frequency = np.array([0, 2, 3, 9, 50, 4, 3, 3, 3, 3, 3, 3, 3])
    drawn = draw_held_out(frequency, seed=3, share=0.25)
    assert len(drawn) == 2
    assert (frequency[drawn] >= 3).all()
    np.testing.assert_array_equal(drawn, draw_held_out(frequency, seed=3, share=0.25))
    with pytest.raises(EvaluationError, match="at least 3"):
        draw_held_out(np.array([2, 1]), seed=0)


def test_held_out_queries_know_their_usage_alone():
    used = Usage(3, np.array([0, 1]), np.array([3, 1], dtype=np.float32))
    never = Usage(0, np.array([], dtype=np.int64), np.array([], dtype=np.float32))
    known = [np.array([0, 1, 2]), np.array([3]), np.array([0, 2, 4, 5])]
    held_out = [np.array([0, 1]), np.array([0]), np.array([1, 0])]
    queries = held_out_queries(known, held_out, [used, never], seed=0)
    assert [(query.tag is used, query.document) for query in queries] == [(True, 0), (True, 2)]
    assert all(query.tag == Usage.unknown() or query.tag.n_documents == 3 for query in queries)
    assert [len(query.hidden) for query in queries] == [1, 2]
    alone = query_only(queries)
    assert all(query.context.size == 0 and query.tag is used for query in alone)
    withheld = context_only(queries)
    assert all(isinstance(query.tag, Usage) and query.tag.n_documents == 0 for query in withheld)
    np.testing.assert_array_equal(withheld[1].context, queries[1].context)


def test_known_figures_and_batches():
    queries = clean_queries(split_documents(DOCUMENTS, seed=100))
    whole = evaluate_completion(Constant(), queries, np.ones(N_TAGS))
    pieces = evaluate_completion(Constant(), queries, np.ones(N_TAGS), batch_size=1)
    assert whole.metrics == pieces.metrics
    expected = []
    for query in queries:
        ranked = [tag for tag in range(N_TAGS - 1, -1, -1) if tag not in query.seen]
        expected.append(len(set(ranked[:10]) & set(query.hidden)) / len(query.hidden))
    assert whole.metrics["Recall@10"] == pytest.approx(np.mean(expected))
    assert set(whole.metrics) == {"P@1", "P@5", "Recall@10", "nDCG@10", "MRR"}


def test_ties_go_to_the_popular_tag():
    class Flat:
        def score(self, queries: Sequence, contexts: Sequence[np.ndarray]) -> np.ndarray:
            return np.zeros((len(queries), N_TAGS), dtype=np.float32)

    queries = [query for query in clean_queries(split_documents(DOCUMENTS, seed=1)) if query.document == 2]
    popularity = np.zeros(N_TAGS)
    popularity[queries[0].hidden] = 5
    assert evaluate_completion(Flat(), queries, popularity).metrics["nDCG@10"] == 1.0


def test_a_document_to_complete_needs_two_tags():
    with pytest.raises(EvaluationError, match="min_tags = 1"):
        split_documents(DOCUMENTS, seed=0, min_tags=1)


def test_the_curve_is_that_of_whole_rankings_of_unseen_tags():
    queries = [query for query in clean_queries(split_documents(DOCUMENTS, seed=1)) if query.document == 2]
    drawn = evaluate_completion(Constant(), queries, np.zeros(N_TAGS), draws_curve=True)
    hidden = sorted(queries[0].hidden.tolist(), reverse=True)  # two of 5, 6, 7, 8
    unseen = [tag for tag in range(N_TAGS - 1, -1, -1) if tag not in queries[0].seen]
    first, second = (unseen.index(tag) + 1 for tag in hidden)
    late = 2 / second  # the first half of the recall may be reached at the better of the two precisions
    np.testing.assert_allclose(drawn.curve, [max(1 / first, late)] * 6 + [late] * 5)
    assert not evaluate_completion(Constant(), queries, np.zeros(N_TAGS)).curve.any()
