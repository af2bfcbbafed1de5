"""The priming and OOV protocols on collections with known answers."""

from collections.abc import Sequence

import numpy as np
import pytest

from models.errors import EvaluationError
from models.features import Usage
from models.protocols.oov import evaluate_oov, oov_queries
from models.protocols.priming import evaluate_priming

N_TAGS = 8
DOCUMENTS = [np.array(tags, dtype=np.int64) for tags in ([0, 1, 2], [], [3, 4, 5, 6], [7])]


class Echo:
    """Returns the context, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, list[int]]] = []

    def score(self, queries: Sequence, contexts: Sequence[np.ndarray]) -> np.ndarray:
        scores = np.zeros((len(queries), N_TAGS), dtype=np.float32)
        for i, (query, context) in enumerate(zip(queries, contexts, strict=True)):
            self.asked.append((query, context.tolist()))
            scores[i, context] = 1
        return scores


class Constant:
    def score(self, queries: Sequence, contexts: Sequence[np.ndarray]) -> np.ndarray:
        return np.tile(-np.arange(N_TAGS, dtype=np.float32), (len(queries), 1))


def test_every_tag_of_every_document_is_asked_once_in_its_whole_document():
    echo = Echo()
    evaluation = evaluate_priming(echo, DOCUMENTS, m=3, batch_size=2)
    assert evaluation.n_queries == 8
    assert echo.asked == [(tag, d.tolist()) for d in DOCUMENTS for tag in d.tolist()]
    assert evaluation.metrics["AP"] == evaluation.metrics["AUC"] == evaluation.metrics["P@1"] == 1.0
    assert evaluation.metrics["P@5"] == pytest.approx((3 * 3 + 4 * 4 + 1) / 8 / 5)


def test_the_query_is_put_first_only_where_the_method_says_so():
    documents = [np.array([6, 7])]
    forced = evaluate_priming(Constant(), documents, m=2)
    assert forced.metrics["P@1"] == 1.0
    assert forced.metrics["AP"] == pytest.approx(((1 + 2 / 8) / 2 + (1 + 2 / 8) / 2) / 2)
    free = evaluate_priming(Constant(), documents, m=2, self_first=False)
    assert free.metrics["P@1"] == 0.0
    assert free.metrics["AP"] == pytest.approx((1 / 7 + 2 / 8) / 2)


def test_metrics_by_document_and_batch_size_do_not_change_the_mean():
    small = evaluate_priming(Constant(), DOCUMENTS, m=3, batch_size=1)
    large = evaluate_priming(Constant(), DOCUMENTS, m=3, batch_size=100)
    assert small.metrics == large.metrics
    per_document = small.by_document["AP"]
    assert np.isnan(per_document).tolist() == [False, True, False, False]
    weights = np.array([3, 0, 4, 1])
    assert np.nansum(per_document * weights) / 8 == pytest.approx(small.metrics["AP"])
    np.testing.assert_allclose(small.curve, large.curve)


def test_progress_is_told_and_may_stop_the_run():
    seen: list[tuple[int, int]] = []
    evaluate_priming(Echo(), DOCUMENTS, batch_size=3, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(3, 8), (7, 8), (8, 8)]

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate_priming(Echo(), DOCUMENTS, progress=stop)


def test_no_query_and_misshapen_scores_are_refused():
    with pytest.raises(EvaluationError, match="1 documents gave no query"):
        evaluate_priming(Echo(), [np.array([], dtype=np.int64)])

    class OneRow:
        def score(self, queries: Sequence, contexts: Sequence[np.ndarray]) -> np.ndarray:
            return np.zeros((1, N_TAGS), dtype=np.float32)

    with pytest.raises(EvaluationError, match=r"3 queries were answered with scores of shape \(1, 8\)"):
        evaluate_priming(OneRow(), DOCUMENTS[:1])


KNOWN = [np.array(tags, dtype=np.int64) for tags in ([0, 1], [1, 2], [], [3])]
RESERVED = [np.array(tags, dtype=np.int64) for tags in ([20], [20, 21], [21], [22])]


def test_an_oov_tag_is_known_by_the_documents_that_hold_it():
    queries = oov_queries(KNOWN, RESERVED)
    assert [(q.document, q.context.tolist()) for q in queries] == [
        (0, [0, 1]),
        (1, [1, 2]),
        (1, [1, 2]),
        (3, [3]),
    ]
    usage = queries[0].usage
    assert (usage.n_documents, usage.indices.tolist(), usage.counts.tolist()) == (2, [0, 1, 2], [1, 2, 1])
    assert queries[2].usage.n_documents == 2
    assert queries[2].usage.indices.tolist() == [1, 2]


def test_both_rules_are_measured():
    class ByUsage:
        def score(self, queries: Sequence[Usage], contexts: Sequence[np.ndarray]) -> np.ndarray:
            scores = np.zeros((len(queries), 5), dtype=np.float32)
            for i, usage in enumerate(queries):
                scores[i, usage.indices] = usage.counts
            return scores

    class Reversed(ByUsage):
        def score(self, queries: Sequence[Usage], contexts: Sequence[np.ndarray]) -> np.ndarray:
            return -super().score(queries, contexts)

    queries = oov_queries(KNOWN, RESERVED)
    forward = evaluate_oov(ByUsage(), queries, batch_size=3)
    backward = evaluate_oov(Reversed(), queries, batch_size=3)
    assert forward["nearest"].metrics["P@1"] == 1.0
    assert forward["furthest"].metrics["P@1"] == 0.0
    assert backward["furthest"].metrics == forward["nearest"].metrics
    assert forward["nearest"].n_queries == 4


def test_reserved_tags_without_any_known_tag_give_no_query():
    with pytest.raises(EvaluationError, match="no query"):
        evaluate_oov(Echo(), oov_queries([np.array([], dtype=np.int64)], [np.array([1])]))
