"""What a bundle says of its own quality: both protocols on held-out documents, simpler methods beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from models.protocols.completion import CompletionQuery, evaluate_completion
from models.protocols.priming import DEFAULT_M, evaluate_priming
from models.protocols.scoring import Evaluation, Indices, Scorer


def measured_priming(scorers: Mapping[str, Scorer], documents: Sequence[Indices]) -> dict[str, Any]:
    """Measure the paper's protocol.

    Parameters
    ----------
    scorers
        Methods by name.
    documents
        Tag indices of held-out documents; empty ones are not counted.

    Returns
    -------
    dict
        ``{"protocol", "documents", "unit", "methods": {name: {metric: percent}}, "curves"}``, rounded to
        0.01; curves are fractions (`_curves`).
    """
    asked = [tags for tags in documents if len(tags)]
    found = {name: evaluate_priming(scorer, asked, DEFAULT_M) for name, scorer in scorers.items()}
    return {
        "protocol": "priming",
        "documents": len(asked),
        "unit": "percent",
        "methods": {
            name: {metric: round(100 * value, 2) for metric, value in one.metrics.items()}
            for name, one in found.items()
        },
        "curves": _curves(found),
    }


def measured_completion(
    scorers: Mapping[str, Scorer],
    variants: Mapping[str, Sequence[CompletionQuery]],
    popularity: npt.NDArray[np.int64],
) -> dict[str, Any]:
    """Measure completion in several variants of the same queries; curves are those of the first.

    Returns
    -------
    dict
        ``{"protocol", "documents", "queries", "unit", "methods": {name: {"variant metric": fraction}},
        "curves"}``, rounded to .0001.
    """
    first, *_ = variants
    found = {
        name: {
            variant: evaluate_completion(scorer, asked, popularity, draws_curve=variant == first)
            for variant, asked in variants.items()
        }
        for name, scorer in scorers.items()
    }
    return {
        "protocol": "completion",
        "documents": len({query.document for query in variants[first]}),
        "queries": len(variants[first]),
        "unit": "fraction",
        "methods": {
            name: {
                f"{variant} {metric}": round(value, 4)
                for variant, one in measured.items()
                for metric, value in one.metrics.items()
            }
            for name, measured in found.items()
        },
        "curves": _curves({name: measured[first] for name, measured in found.items()}),
    }


def _curves(found: Mapping[str, Evaluation]) -> dict[str, list[float]]:
    """Return each method's interpolated precision at recall 0, 0.1, ..., 1, fractions."""
    return {name: [round(float(p), 4) for p in one.curve] for name, one in found.items()}
