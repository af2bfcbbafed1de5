"""Export of a trained network to the NumPy encoder that a bundle holds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from models.encoders.contract import Encoder, OovRule, Query
from models.encoders.siamese import SiameseEncoder
from models.errors import BundleError
from models.types import Float32Array
from training.corpus import TagCorpus
from training.siamese.contexts import DocumentContexts
from training.siamese.features import TagFeatures
from training.siamese.lda import TopicModel
from training.siamese.network import ComponentNetwork

TOLERANCE = 1e-5
"""Largest difference of exported and trained embeddings that counts as rounding."""


def siamese_encoder(
    network: ComponentNetwork,
    features: TagFeatures,
    topics: TopicModel,
    contexts: DocumentContexts,
    oov_rule: OovRule,
) -> SiameseEncoder:
    """Return the encoder of a network, with the standardisation folded into the first layer; float32.

    W_t z = W_t ((t - mean) / std) = (W_t / std) t - (W_t / std) mean: the first factor is
    multiplied with sparse features, and the second is one vector for all tags. Computed in float64 and
    rounded once at the end.
    """

    def array(tensor: npt.ArrayLike) -> Float32Array:
        return np.ascontiguousarray(tensor, dtype=np.float32)

    first = network.first.weight.detach().numpy().astype(np.float64)
    tag_weights = (first[:, : network.n_tags] / features.std).T  # (n_tags, width)
    tag_offset = -(features.mean @ tag_weights)
    hidden = network.layers()[1:-1]
    return SiameseEncoder(
        tag_projections=array(features.cosine @ tag_weights + tag_offset),
        tag_weights=array(tag_weights),
        tag_offset=array(tag_offset),
        document_frequency=array(features.document_frequency),
        idf_sign=array(features.idf_sign),
        context_weights=array(first[:, network.n_tags :].T),
        biases=tuple(array(layer.bias.detach().numpy()) for layer in [network.first, *hidden]),
        weights=tuple(array(layer.weight.detach().numpy()) for layer in hidden),
        log_prior=array(topics.log_prior),
        log_topics=array(topics.log_topics),
        context_mean=array(contexts.mean),
        context_std=array(contexts.std),
        oov_rule=oov_rule,
        context_length=contexts.length,
    )


def check_network(
    encoder: Encoder,
    network: ComponentNetwork,
    features: TagFeatures,
    contexts: DocumentContexts,
    training: TagCorpus,
) -> None:
    """Compare an encoder's embeddings with the network's own, on some training documents.

    Raises
    ------
    BundleError
        If they differ by more than `TOLERANCE`.
    """
    documents = training.documents()
    for row in range(0, len(documents), max(1, len(documents) // 10)):
        tags = documents[row][:50]
        with torch.no_grad():
            expected = network.embed(
                torch.from_numpy(features.standardised(tags)),
                torch.arange(len(tags)),
                torch.from_numpy(contexts.features[[row]]),
                torch.zeros(len(tags), dtype=torch.int64),
            ).numpy()
        got = encoder.encode([Query(int(tag), documents[row]) for tag in tags]).vectors
        worst = float(np.abs(got - expected).max(initial=0.0))
        if worst > TOLERANCE:
            raise BundleError(
                f"exported embeddings differ from the network's by {worst:.2e}; "
                f"at most {TOLERANCE:.0e} is rounding"
            )
