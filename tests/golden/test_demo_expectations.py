"""The shipped demo bundle answers ambiguous tags as people who know the music expect."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from benchmarks.expectations import DEMO, Block, answer, read_expectations
from models.bundle import load_bundle
from models.normalizer import normalize_tag

SHARE_MET = 0.9


@pytest.fixture(scope="module")
def blocks() -> list[Block]:
    return read_expectations()


def test_the_bundle_meets_nine_tenths_and_no_forbidden_tag_leads(
    blocks: list[Block], capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = answer(load_bundle(DEMO), blocks)
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(str(outcomes).splitlines()[-2:]) + "\n")
    assert outcomes.share_met >= SHARE_MET, outcomes
    assert outcomes.n_forbidden == 0, outcomes


def test_a_bundle_that_knows_none_of_the_tags_meets_nothing(blocks: list[Block]) -> None:
    """An unknown tag is not left out of the count."""
    unknown = [Block("no such tag", block.context, block.expected, block.forbidden) for block in blocks]
    outcomes = answer(load_bundle(DEMO), unknown)
    assert (outcomes.n_met, outcomes.n_expected) == (0, sum(len(block.expected) for block in blocks))


def test_the_expectations_are_many_and_of_tags_that_mean_several_things(blocks: list[Block]) -> None:
    contexts = Counter(block.tag for block in blocks)
    assert len(contexts) >= 40
    assert min(contexts.values()) >= 2
    assert len({(block.tag, block.context) for block in blocks}) == len(blocks)
    assert sum(len(block.expected) for block in blocks) >= 120


def test_no_expectation_contradicts_itself(blocks: list[Block]) -> None:
    for block in blocks:
        named = [block.tag, *block.context, *block.expected, *block.forbidden]
        assert Counter(named).most_common(1)[0][1] == 1, block
        assert all((block.expected, block.forbidden)), block
        assert [tag for tag in named if normalize_tag(tag) != tag] == [], block
