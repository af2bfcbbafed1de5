"""Count how many of the demo corpus's hand-written expectations a bundle meets.

    python benchmarks/expectations.py [--bundle DIR]

Prints each expected tag that is not among the first ten answers, each forbidden tag among the first five,
and the share met. What an expectation is stands at the head of training/corpora/demo/expectations.toml.
"""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.bundle import Bundle, load_bundle
from models.encoders.contract import Query
from models.index import TagSearch

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "models" / "artifacts" / "demo"
EXPECTATIONS = ROOT / "training" / "corpora" / "demo" / "expectations.toml"

FIRST_ANSWERS = 10
"""An expected tag must be among so many."""
TOP_ANSWERS = 5
"""A forbidden tag must not be among so many."""


@dataclass(frozen=True)
class Block:
    """One query, with the tags that belong and those that do not belong to its first answers."""

    tag: str
    context: tuple[str, ...]
    expected: tuple[str, ...]
    forbidden: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.tag} | {', '.join(self.context)}"


@dataclass(frozen=True)
class Outcome:
    """The first answers to a block's query; none where the bundle does not know the query or its context."""

    block: Block
    answers: tuple[str, ...]

    @property
    def missing(self) -> list[str]:
        return [tag for tag in self.block.expected if tag not in self.answers]

    @property
    def intruding(self) -> list[str]:
        return [tag for tag in self.block.forbidden if tag in self.answers[:TOP_ANSWERS]]


@dataclass(frozen=True)
class Outcomes:
    """The outcome of every block."""

    of_blocks: list[Outcome]

    @property
    def n_expected(self) -> int:
        return sum(len(outcome.block.expected) for outcome in self.of_blocks)

    @property
    def n_met(self) -> int:
        return self.n_expected - sum(len(outcome.missing) for outcome in self.of_blocks)

    @property
    def share_met(self) -> float:
        return self.n_met / self.n_expected

    @property
    def n_forbidden(self) -> int:
        return sum(len(outcome.intruding) for outcome in self.of_blocks)

    def __str__(self) -> str:
        lines = [
            f"{outcome.block}: {', '.join(_faults(outcome))}\n    {', '.join(outcome.answers) or 'no answer'}"
            for outcome in self.of_blocks
            if outcome.missing or outcome.intruding
        ]
        whole = sum(not outcome.missing for outcome in self.of_blocks)
        n_tags = len({outcome.block.tag for outcome in self.of_blocks})
        return "\n".join(
            [
                *lines,
                f"{self.n_met} of {self.n_expected} expectations are met ({self.share_met:.1%}), "
                f"for {n_tags} tags in {len(self.of_blocks)} contexts; every one in {whole} contexts",
                f"forbidden tags among the first {TOP_ANSWERS}: {self.n_forbidden}",
            ]
        )


def read_expectations() -> list[Block]:
    """Return every block, in file order."""
    tables = tomllib.loads(EXPECTATIONS.read_text(encoding="utf-8"))
    return [
        Block(tag, _tags(block["context"]), _tags(block["expected"]), _tags(block["forbidden"]))
        for tag, blocks in tables.items()
        for block in blocks
    ]


def answer(bundle: Bundle, blocks: Iterable[Block]) -> Outcomes:
    """Ask a bundle every block's query, as `/prime` does: the query and its context are no answers."""
    search, vocabulary = TagSearch(bundle.encoder), bundle.vocabulary
    outcomes = []
    for block in blocks:
        answers: tuple[str, ...] = ()
        if all(tag in vocabulary for tag in (block.tag, *block.context)):
            (tag,), context = vocabulary.indices([block.tag]), vocabulary.indices(block.context)
            seen = np.append(context, tag)
            ranking = search.search([Query(int(tag), context)], FIRST_ANSWERS, [seen])[0]
            answers = tuple(vocabulary.index_to_key[index] for index in ranking.indices)
        outcomes.append(Outcome(block, answers))
    return Outcomes(outcomes)


def _faults(outcome: Outcome) -> list[str]:
    return [
        *(f"no {tag}" for tag in outcome.missing),
        *(f"{tag} is forbidden" for tag in outcome.intruding),
    ]


def _tags(text: str) -> tuple[str, ...]:
    return tuple(tag.strip() for tag in text.split(","))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, default=DEMO)
    print(answer(load_bundle(parser.parse_args().bundle), read_expectations()))


if __name__ == "__main__":
    main()
