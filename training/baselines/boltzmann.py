"""A restricted Boltzmann machine over tags, with or without a condition, trained by contrastive divergence.

scikit-learn's BernoulliRBM is not used, because it trains by persistent chains and supports no condition; the
paper's machines are trained by contrastive divergence, and one of them is conditional.

References
----------
G. Hinton, "A practical guide to training restricted Boltzmann machines", 2010.
M. Mandel et al., "Contextual tag inference", ACM TOMM 7S(1), 2011.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.types import Float32Array, IndexArray


@dataclass(frozen=True)
class BoltzmannSettings:
    """Options of the training; the defaults are Hinton's recommendations for small binary data.

    Attributes
    ----------
    n_hidden
        Number of hidden units.
    epochs, batch_size
        Passes over the documents, and documents per step.
    learning_rate, momentum, weight_decay
        Learning rate, momentum and weight decay; the biases are not decayed.
    """

    n_hidden: int = 100
    epochs: int = 150
    batch_size: int = 20
    learning_rate: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 2e-3


class BoltzmannMachine:
    """Visible tags, hidden units, and optionally hidden biases for each training document.

    Attributes
    ----------
    weights : array of shape (n_tags, n_hidden), float32
    visible_bias : array of shape (n_tags,), float32
    hidden_bias : array of shape (n_hidden,), float32
    condition : array of shape (n_documents or 0, n_hidden), float32
        What each document adds to the hidden biases (its one-hot condition's weights).
    """

    def __init__(
        self, documents: Float32Array, conditional: bool, settings: BoltzmannSettings, seed: int
    ) -> None:
        rng = np.random.default_rng(seed)
        n_documents, n_tags = documents.shape
        n_hidden = settings.n_hidden
        share = np.clip(documents.mean(axis=0), 1 / (n_documents + 1), n_documents / (n_documents + 1))
        self.weights = rng.normal(0, 0.01, (n_tags, n_hidden)).astype(np.float32)
        self.visible_bias: Float32Array = np.log(share / (1 - share)).astype(np.float32)
        self.hidden_bias = np.zeros(n_hidden, dtype=np.float32)
        self.condition = np.zeros((n_documents if conditional else 0, n_hidden), dtype=np.float32)
        self._train(documents, conditional, settings, rng)

    def _train(
        self,
        documents: Float32Array,
        conditional: bool,
        settings: BoltzmannSettings,
        rng: np.random.Generator,
    ) -> None:
        velocity = np.zeros_like(self.weights)
        rate, decay = np.float32(settings.learning_rate), np.float32(settings.weight_decay)
        momentum = np.float32(settings.momentum)
        for _ in range(settings.epochs):
            order = rng.permutation(len(documents))
            for start in range(0, len(order), settings.batch_size):
                rows = order[start : start + settings.batch_size]
                data = documents[rows]
                extra = self.condition[rows] if conditional else np.float32(0)
                hidden = self.hidden(data, extra)
                sampled = (rng.random(hidden.shape, dtype=np.float32) < hidden).astype(np.float32)
                model: Float32Array = self.visible(sampled)
                model_hidden = self.hidden(model, extra)
                gradient = np.asarray(
                    (data.T @ hidden - model.T @ model_hidden) / len(rows), dtype=np.float32
                )
                velocity *= momentum
                velocity += rate * (gradient - decay * self.weights)
                self.weights = self.weights + velocity
                self.visible_bias = self.visible_bias + rate * (data - model).mean(axis=0)
                self.hidden_bias = self.hidden_bias + rate * (hidden - model_hidden).mean(axis=0)
                if conditional:
                    self.condition[rows] += rate * (hidden - model_hidden - decay * extra)

    def hidden(self, visible: Float32Array, extra: Float32Array | np.float32) -> Float32Array:
        """Return the probability of each hidden unit, shape (..., n_hidden)."""
        return _sigmoid(visible @ self.weights + self.hidden_bias + extra)

    def visible(self, hidden: Float32Array) -> Float32Array:
        """Return the probability of each tag, shape (..., n_tags)."""
        return _sigmoid(hidden @ self.weights.T + self.visible_bias)

    def clamped_activation(
        self, tags: IndexArray, rows: IndexArray | None, noise: Float32Array, burn_in: int
    ) -> Float32Array:
        """Clamp one tag on, run Gibbs chains and average the probability of every tag.

        Parameters
        ----------
        tags : array of shape (n,), int64
            The clamped tag of each query.
        rows : array of shape (n,), int64, optional
            The training document each query is conditioned on.
        noise : array of shape (n_chains, n_steps, n_tags + n_hidden), float32
            Uniform random numbers of the chains, the same for every query, so that its scores do not
            depend on the other queries.
        burn_in
            Number of first steps that are not averaged.

        Returns
        -------
        array of shape (n, n_tags), float32
            The clamped tag's own entry is its probability, not 1.
        """
        n_tags = len(self.visible_bias)
        every = np.arange(len(tags))
        extra: Float32Array | np.float32 = np.float32(0) if rows is None else self.condition[rows]
        total = np.zeros((len(tags), n_tags), dtype=np.float32)
        for chain in noise:
            state = np.zeros((len(tags), n_tags), dtype=np.float32)
            state[every, tags] = 1.0
            for step, uniform in enumerate(chain):
                hidden = (uniform[n_tags:] < self.hidden(state, extra)).astype(np.float32)
                activation = self.visible(hidden)
                if step >= burn_in:
                    total += activation
                state = (uniform[:n_tags] < activation).astype(np.float32)
                state[every, tags] = 1.0
        mean: Float32Array = total / np.float32(len(noise) * (noise.shape[1] - burn_in))
        return mean


def _sigmoid(values: Float32Array) -> Float32Array:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * values)), dtype=np.float32)
