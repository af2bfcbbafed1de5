"""A cell of an evaluation: one method on one fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from models.errors import EvaluationError
from models.protocols.completion import MIN_TAGS
from training.baselines.method import Method
from training.corpus import TagCorpus


@dataclass(frozen=True)
class EvaluationSettings:
    """The options of an evaluation.

    Attributes
    ----------
    folds
        Number of folds of the cross-validation, or of reservations in the OOV protocol.
    seed
        Seed of the splits and of every method.
    m
        Depth of the paper's MAP.
    reserved
        Number of tags reserved in the OOV protocol.
    training_documents
        Whether the training documents are queried too ("train " metrics).
    completion_min_tags
        Fewest tags of a document that the completion protocol queries.
    unseen_tags
        Whether the completion protocol trains a second time, without some tags, to query them as OOV tags.
    """

    folds: int = 3
    seed: int = 0
    m: int = 25
    reserved: int = 10
    training_documents: bool = True
    completion_min_tags: int = MIN_TAGS
    unseen_tags: bool = True


@dataclass(frozen=True)
class Cell:
    """The metrics of one method on one fold.

    Attributes
    ----------
    metrics
        By name, in the protocol's unit.
    curves
        Mean interpolated precision at the 11 recall levels, by part (``test``, ``train``); fractions.
    by_document
        Metrics of every test document, for paired tests, by name; fractions, NaN where a document gave
        no query.
    documents
        Rows of the corpus that `by_document` refers to.
    counts
        Numbers of training documents, test documents and queries.
    notes
        The method's notes on its fit.
    """

    metrics: Mapping[str, float]
    curves: Mapping[str, list[float]] = field(default_factory=dict)
    by_document: Mapping[str, list[float]] = field(default_factory=dict)
    documents: list[int] = field(default_factory=list)
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain dictionaries and lists."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Rebuild it from the content of `to_json`; EvaluationError if a field is missing or unknown."""
        try:
            return cls(**content)
        except TypeError as error:
            raise EvaluationError(f"the file is not the result of an evaluation: {error}") from None


EvaluateFold = Callable[[TagCorpus, Method, int, EvaluationSettings], Cell]
"""A protocol: trains a method on one fold of a corpus and measures it there."""


def percent(metrics: Mapping[str, float], prefix: str = "") -> dict[str, float]:
    """Return fractions as percentages, as the paper prints them, under prefixed names."""
    return {f"{prefix}{name}": 100.0 * value for name, value in metrics.items()}
