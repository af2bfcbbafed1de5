"""Comparing answers finds what changed, and takes neither ties nor new fields for a change."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.answer_differences import Comparison, compare_answers, compare_figures

Body = dict[str, Any]


def body() -> Body:
    scores = {"rap": 3.0, "samples": 2.0, "vinyl": 2.0, "usa": 1.0}
    explanation = {
        "query": 0.5,
        "context": [
            {"tag": "chill", "linear": 0.25, "network": 0.125},
            {"tag": "hip hop", "linear": 0.0, "network": 0.0},
        ],
        "remainder": 0.125,
    }
    return {
        "resolved": {"tag": "lo-fi", "step": "exact"},
        "context_used": ["chill", "hip hop"],
        "context_ignored": [],
        "model": {"name": "demo", "version": "1"},
        "results": [
            {"rank": rank, "tag": tag, "score": score, "explanation": copy.deepcopy(explanation)}
            for rank, (tag, score) in enumerate(scores.items(), start=1)
        ],
        "total": 4,
    }


def compared(change: Callable[[Body], object], status: int = 200) -> Comparison:
    changed = body()
    change(changed)
    return compare_answers([(200, body()), (200, body())], [(200, body()), (status, changed)], 1e-6)


def swap(results: list[Body], first: int, second: int) -> None:
    results[first], results[second] = results[second], results[first]


def differing(found: Comparison) -> set[str]:
    return {what for what, row in found.rows.items() if row.differing}


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: None,
        lambda answer: answer["results"][0].update(score=3.0 + 9e-7),
        lambda answer: swap(answer["results"], 1, 2),  # these two are tied
        lambda answer: answer["results"][0]["explanation"]["context"].reverse(),
        lambda answer: answer["model"].update(version="2"),
    ],
)
def test_equal_answers_are_equal(change):
    found = compared(change)
    assert found.equal
    assert not found.gained
    assert found.rows["results.score"].n_values == 8
    assert found.rows["order of results"].n_values == 8


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        (lambda answer: answer["results"][0].update(score=3.0 + 2e-6), {"results.score"}),
        (lambda answer: answer["results"][0].update(score=math.nan), {"results.score"}),
        (lambda answer: answer["results"][3].pop("score"), {"results.score"}),
        (lambda answer: swap(answer["results"], 0, 1), {"order of results"}),
        (lambda answer: answer["results"].pop(), {"results", "results.score", "results.explanation"}),
        (
            lambda answer: answer["results"][3]["explanation"]["context"][0].update(linear=0.3),
            {"results.explanation"},
        ),
        (lambda answer: answer.update(total=5), {"total"}),
        (lambda answer: answer["resolved"].update(step="separator"), {"resolved"}),
        (lambda answer: answer["context_used"].reverse(), {"context_used"}),
        (
            lambda answer: answer["context_ignored"].append({"tag": "x", "reason": "junk"}),
            {"context_ignored"},
        ),
        (lambda answer: answer.update(reason="why there is none"), {"has_reason"}),
    ],
)
def test_each_kind_of_change_is_found(change, rows):
    found = compared(change)
    assert differing(found) == rows
    assert "no, " in str(found)


def test_another_result_in_place_of_one_is_a_change_of_order():
    found = compared(lambda answer: answer["results"][3].update(tag="pop"))
    assert {"order of results", "results.score"} <= differing(found)
    assert found.rows["order of results"].largest == math.inf


def test_a_refusal_in_place_of_an_answer_is_a_change():
    assert "status" in differing(compared(lambda answer: None, status=422))


def test_a_field_that_no_answer_had_before_is_listed_and_not_compared():
    found = compared(lambda answer: answer["results"][0].update(kind={"name": "genre"}))
    assert found.equal
    assert found.gained == {"results.kind.name"}
    assert "results.kind.name" in str(found)


def test_every_fold_of_every_metric_is_compared():
    before = {"priming lit": {"P@1": [50.0, 51.0]}, "completion edlae": {"MRR": [0.5, math.nan]}}
    after = copy.deepcopy(before)
    after["priming lit"]["P@2"] = [40.0, 41.0]
    found = compare_figures(before, after, 1e-6)
    assert found.equal
    assert found.gained == {"priming lit.P@2"}
    after["priming lit"]["P@1"][1] += 1e-5
    del after["completion edlae"]
    found = compare_figures(before, after, 1e-6)
    assert differing(found) == {"priming lit", "completion edlae"}
    assert found.rows["priming lit"].largest == pytest.approx(1e-5)
