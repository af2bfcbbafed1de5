"""Export of trained towers to the NumPy encoder that a bundle holds."""

from __future__ import annotations

import numpy as np
import torch

from models.encoders.completion import CompletionEncoder
from models.encoders.contract import Encoder, Query
from models.encoders.linear_term import LinearTerm
from models.errors import BundleError
from models.types import Float32Array, Float64Array
from training.completion.features import CountFeatures
from training.completion.towers import TwoTowers
from training.corpus import TagCorpus

TOLERANCE = 1e-4
"""Largest difference of exported and trained vectors that counts as rounding; entries are of order 10."""


@torch.no_grad()
def to_encoder(
    towers: TwoTowers,
    features: CountFeatures,
    frequency: Float64Array,
    linear: LinearTerm,
    linear_attention: float,
) -> CompletionEncoder:
    """Return the encoder of towers in evaluation mode, with an unweighted linear term (kappa 1)."""
    variant = towers.recipe.variant
    mix = linear_attention if variant == "b" else 0.0
    scales = [float(towers.context_scale), float(towers.query_scale), 1.0, mix]
    return CompletionEncoder(
        variant=variant,
        inputs=_array(towers.inputs()),
        outputs=_array(towers.outputs()),
        biases=_array(towers.biases),
        attention=_array(towers.attention()),
        hidden_weights=_array(towers.first.weight),
        hidden_biases=_array(towers.first.bias),
        output_weights=_array(towers.last.weight),
        output_biases=_array(towers.last.bias),
        scales=np.asarray(scales, dtype=np.float32),
        frequency=frequency.astype(np.float32),
        unseen_weights=features.projection @ _array(towers.input_weights.weight).T,
        linear=linear,
    )


@torch.no_grad()
def check_towers(encoder: Encoder, towers: TwoTowers, corpus: TagCorpus) -> None:
    """Compare an encoder's vectors with the towers' own, on some training documents.

    Raises
    ------
    BundleError
        If they differ by more than `TOLERANCE`.
    """
    documents = [document for document in corpus.documents() if len(document)]
    for document in documents[:: max(1, len(documents) // 20)]:
        context = torch.from_numpy(document[None, :])
        mask = torch.ones_like(context, dtype=torch.bool)
        expected = towers.encode(torch.from_numpy(document[:1]), context, mask).numpy()[0]
        got = encoder.encode([Query(int(document[0]), document)]).vectors[0, :-1]
        worst = float(np.abs(got - expected).max(initial=0.0))
        if worst > TOLERANCE:
            raise BundleError(
                f"exported vectors differ from the network's by {worst:.2e}; "
                f"at most {TOLERANCE:.0e} is rounding"
            )


def _array(tensor: torch.Tensor) -> Float32Array:
    return np.ascontiguousarray(tensor.detach().cpu().numpy(), dtype=np.float32)
