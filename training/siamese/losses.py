"""The paper's losses (Eqs. 3-5) and the terms that recipe EXT adds.

Conventions
-----------
Targets are +1 (the tag is in the document) and -1. ``u`` is the logit before the last tanh.
An *example* is a (tag, document) pair: positive if the document holds the tag. ``kl`` is the symmetric
Kullback-Leibler divergence of two examples' documents, >= 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

Kappa = Literal["corrected", "printed"]


def prediction_loss(u: Tensor, target: Tensor, kappa: Kappa = "corrected") -> Tensor:
    """Return Eq. 3, the weighted cross-entropy of tanh outputs; it may be negative.

    Computed on logits: log(1 +/- tanh u) = ln 2 - softplus(-/+ 2u), so nothing overflows.

    Parameters
    ----------
    u : tensor of shape (n, n_tags)
        Logits before the last tanh.
    target : tensor of shape (n, n_tags)
        +1 or -1.
    kappa
        ``corrected`` weighs positives by 1 - kappa, which is what the text intends (highlight the cost
        of a false negative); ``printed`` is Eq. 3 to the letter, which does the opposite.

    References
    ----------
    Sandouk and Chen, Eq. 3.
    """
    share = (target > 0).to(u.dtype).mean(dim=1, keepdim=True)  # kappa_k, (n, 1)
    positive_weight = 1 - share if kappa == "corrected" else share
    log_one_plus = math.log(2) - functional.softplus(-2 * u)
    log_one_minus = math.log(2) - functional.softplus(2 * u)
    terms = positive_weight * (1 + target) * log_one_plus
    terms = terms + (1 - positive_weight) * (1 - target) * log_one_minus
    return -0.5 * terms.mean()


def context_divergence(posterior: Tensor) -> Tensor:
    """Return the symmetric KL divergence of all pairs of topic posteriors, shape (n, n), >= 0.

    Parameters
    ----------
    posterior : tensor of shape (n, n_topics)
        Positive rows that sum to 1.

    References
    ----------
    Sandouk and Chen, section 4.2.
    """
    log_posterior = posterior.log()
    own = (posterior * log_posterior).sum(dim=1)  # (n,)
    cross = posterior @ log_posterior.T  # (n, n): sum_c p_i log p_j
    return (own[:, None] + own[None, :] - cross - cross.T).clamp_min(0)


def pairwise_distance(embeddings: Tensor) -> Tensor:
    """Return sqrt(max(d^2, 0) + 1e-6) of all pairs, shape (n, n); finite gradient at d = 0."""
    squares = (embeddings * embeddings).sum(dim=1)
    squared = squares[:, None] + squares[None, :] - 2 * embeddings @ embeddings.T
    return torch.sqrt(squared.clamp_min(0) + 1e-6)


@dataclass(frozen=True)
class SiameseTerms:
    """The weights of Eq. 4 and of the terms that replace or extend it.

    Attributes
    ----------
    beta
        Scale of the distances, about sqrt(dim).
    sensitivity
        The paper's lambda: how fast distance grows with the contexts' divergence.
    rho
        Weight of the negative-negative term I2, in [0, 1].
    cross_document
        Weight of pairs from different documents beside those from the same one.
    negative_hinge
        None for I2 as printed; else I2 only pushes negatives closer than ``negative_hinge * beta`` apart.
    contrast
        Weight of the InfoNCE term over same-document pairs; 0 for the paper's loss.
    temperature
        Temperature of the InfoNCE term.
    """

    beta: float
    sensitivity: float
    rho: float
    cross_document: float = 1.0
    negative_hinge: float | None = None
    contrast: float = 0.0
    temperature: float = 0.3


def siamese_loss(
    embeddings: Tensor, positive: Tensor, document: Tensor, posterior: Tensor, terms: SiameseTerms
) -> Tensor:
    """Return Eq. 4 over all pairs of a batch, same-document and cross-document pairs averaged apart.

    Parameters
    ----------
    embeddings : tensor of shape (n, dim)
        Contextual embeddings of the examples.
    positive : tensor of shape (n,), bool
        Whether the example's tag is in its document.
    document : tensor of shape (n,), int64
        Row of `posterior` of each example.
    posterior : tensor of shape (n_documents, n_topics)
        Topic posteriors of the batch's documents.
    terms
        Weights; with the defaults, the paper's loss.

    References
    ----------
    Sandouk and Chen, Eq. 4 and supplement A.3 (which prints rho).
    """
    distance = pairwise_distance(embeddings)
    divergence = context_divergence(posterior)[document][:, document]
    closeness = torch.exp(-0.5 * terms.sensitivity * divergence)  # 1 within a document
    trend = (distance - terms.beta * (1 - closeness)) ** 2
    both_positive = positive[:, None] & positive[None, :]
    both_negative = ~positive[:, None] & ~positive[None, :]
    apart = (distance - terms.beta) ** 2 * closeness
    if terms.negative_hinge is None:
        negatives = terms.rho * trend
    else:
        negatives = torch.relu(terms.negative_hinge * terms.beta - distance) ** 2 * closeness
    pairs = torch.where(both_positive, trend, torch.where(both_negative, negatives, apart))
    same = document[:, None] == document[None, :]
    others = ~torch.eye(len(document), dtype=torch.bool, device=document.device)
    loss = _masked_mean(pairs, same & others) + terms.cross_document * _masked_mean(pairs, ~same)
    if terms.contrast:
        loss = loss + terms.contrast * _info_nce(
            distance, both_positive & same & others, same & ~positive[None, :], terms.temperature
        )
    return loss


def _masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    return (values * mask).sum() / mask.sum().clamp_min(1)


def _info_nce(distance: Tensor, attract: Tensor, repel: Tensor, temperature: float) -> Tensor:
    """Return the mean of -log(e^-E_ij/t / (e^-E_ij/t + sum_n e^-E_in/t)) over the pairs to attract."""
    similarity = -distance / temperature
    repelled = similarity.masked_fill(~repel, -torch.inf).logsumexp(dim=1, keepdim=True)  # (n, 1)
    return _masked_mean(torch.logaddexp(similarity, repelled) - similarity, attract)


def autoencoder_loss(reconstruction: Tensor, inputs: Tensor, hidden: Tensor, sparsity: float) -> Tensor:
    """Return the sparse auto-encoder's loss: squared error plus `sparsity` times squared activations.

    References
    ----------
    Sandouk and Chen, supplement A.1.
    """
    error = ((reconstruction - inputs) ** 2).sum(dim=1).mean()
    return error + sparsity * (hidden**2).sum(dim=1).mean()
