"""What a bundle keeps of a completion encoder: its arrays, their shapes, and how its parts come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.encoders.contract import TensorSpec
from models.encoders.cooccurrence_share import CooccurrenceShare
from models.encoders.linear_term import LinearTerm
from models.errors import BundleError
from models.types import NamedArrays

# The scalars of the tower and of the mix, in the order of the tensor that keeps them.
SCALES = ("context_scale", "query_scale", "kappa", "linear_attention")

ARRAY_NAMES = (
    "inputs",
    "outputs",
    "biases",
    "attention",
    "hidden_weights",
    "hidden_biases",
    "output_weights",
    "output_biases",
    "scales",
    "frequency",
    "unseen_weights",
)

CSR_FIELDS = ("indptr", "indices", "values")


def tensor_specs(settings: Mapping[str, Any]) -> dict[str, TensorSpec]:
    """Return the tensors that `settings` call for."""
    n_tags, width, hidden = settings["n_tags"], settings["width"], settings["hidden"]
    for name in ("l2", "dropout"):
        float(settings["linear"][name])
    float(settings["linear"].get("damping", 0.0))
    stored, joined = settings["linear"]["stored"], {"a": width, "b": 3 * width}[settings["variant"]]
    specs = {
        "inputs": TensorSpec((n_tags, width)),
        "outputs": TensorSpec((n_tags, width)),
        "biases": TensorSpec((n_tags,)),
        "attention": TensorSpec((width, width)),
        "hidden_weights": TensorSpec((hidden, joined)),
        "hidden_biases": TensorSpec((hidden,)),
        "output_weights": TensorSpec((width, hidden)),
        "output_biases": TensorSpec((width,)),
        "scales": TensorSpec((len(SCALES),)),
        "frequency": TensorSpec((n_tags,)),
        "unseen_weights": TensorSpec((n_tags, width)),
        "linear_diagonal": TensorSpec((n_tags,)),
    }
    if settings.get("company") is not None:
        specs |= _sparse("company", n_tags, settings["company"])
    if stored is None:
        return {**specs, "linear_values": TensorSpec((n_tags, n_tags))}
    return {**specs, **_sparse("linear", n_tags, stored)}


def linear_of(settings: Mapping[str, Any], tensors: NamedArrays) -> LinearTerm:
    """Rebuild B from checked tensors.

    Raises
    ------
    BundleError
        If the bounds or columns of a sparse B are out of range.
    """
    linear = LinearTerm(
        tensors.get("linear_indptr"),
        tensors.get("linear_indices"),
        tensors["linear_values"],
        tensors["linear_diagonal"],
        float(settings["linear"]["l2"]),
        float(settings["linear"]["dropout"]),
    )
    linear.validate()
    return linear


def damping_of(settings: Mapping[str, Any]) -> float:
    """Return the damping of the linear term; 0 in bundles made before there was such a thing.

    Raises
    ------
    BundleError
        If it is negative or not finite.
    """
    damping = float(settings["linear"].get("damping", 0.0))
    if not 0 <= damping < float("inf"):
        raise BundleError(f"the linear term's damping must be finite and at least 0; got {damping}")
    return damping


def cooccurrence_of(settings: Mapping[str, Any], tensors: NamedArrays) -> CooccurrenceShare | None:
    """Rebuild the cooccurrence shares ("company" in the file format); None where the bundle has none.

    Raises
    ------
    BundleError
        If its bounds or columns are out of range.
    """
    if settings.get("company") is None:
        return None
    shares = CooccurrenceShare(*(tensors[f"company_{name}"] for name in CSR_FIELDS))
    shares.validate()
    return shares


def _sparse(name: str, n_tags: int, stored: int) -> dict[str, TensorSpec]:
    return {
        f"{name}_indptr": TensorSpec((n_tags + 1,), "int64"),
        f"{name}_indices": TensorSpec((stored,), "int32"),
        f"{name}_values": TensorSpec((stored,)),
    }
