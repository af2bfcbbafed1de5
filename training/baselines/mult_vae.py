"""Mult-VAE: a variational auto-encoder of bags of tags with a multinomial likelihood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn
from torch.nn import functional

from models.encoders import Tag
from training.baselines.method import Floats, Indices, Method
from training.corpus import TagCorpus


class MultVae(Method):
    """Reads the whole context as one bag and predicts what else is in it.

    Parameters
    ----------
    hidden, latent
        Widths: tags -> hidden -> latent -> hidden -> tags.
    dropout
        Share of a bag's tags that training hides.
    beta
        Weight that the KL divergence reaches, half-way through training.
    steps, epochs
        At least so many steps and passes.
    batch
        Documents a step.
    learning_rate
        Of Adam.

    References
    ----------
    D. Liang, R. G. Krishnan, M. D. Hoffman, T. Jebara, "Variational autoencoders for collaborative
    filtering", WWW 2018.
    """

    name: ClassVar[str] = "mult-vae"
    contextual: ClassVar[bool] = True
    self_first: ClassVar[bool] = False

    def __init__(
        self,
        hidden: int = 256,
        latent: int = 64,
        dropout: float = 0.5,
        beta: float = 0.2,
        steps: int = 1000,
        epochs: int = 30,
        batch: int = 128,
        learning_rate: float = 1e-3,
    ) -> None:
        self._hidden, self._latent, self._dropout, self._beta = hidden, latent, dropout, beta
        self._steps, self._epochs, self._batch, self._learning_rate = steps, epochs, batch, learning_rate

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Train on all documents that hold a tag."""
        self._n_tags = corpus.n_tags
        rows = np.flatnonzero(np.diff(corpus.matrix.indptr))
        random = np.random.default_rng(seed)
        batch = min(self._batch, len(rows))
        a_pass = math.ceil(len(rows) / batch)
        passes = max(self._epochs, math.ceil(self._steps / a_pass))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._network = _Network(self._n_tags, self._hidden, self._latent, self._dropout)
            optimiser = torch.optim.Adam(self._network.parameters(), lr=self._learning_rate)
            self._network.train()
            for step in range(passes * a_pass):
                if step % a_pass == 0:
                    random.shuffle(rows)
                start = (step % a_pass) * batch
                bags = torch.from_numpy(corpus.matrix[rows[start : start + batch]].toarray())
                logits, divergence = self._network(bags)
                likelihood = (logits.log_softmax(dim=1) * bags).sum(dim=1).mean()
                weight = self._beta * min(1.0, 2 * step / (passes * a_pass))
                loss = weight * divergence - likelihood
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
        self._network.eval()
        return self

    @torch.no_grad()
    def score(self, queries: Sequence[Tag], contexts: Sequence[Indices]) -> Floats:
        """Return the logits of each context's bag; see `Method.score`."""
        bounds = np.concatenate([[0], np.cumsum([len(context) for context in contexts])]).astype(np.int64)
        tags = np.concatenate([*contexts, np.empty(0, dtype=np.int64)]).astype(np.int64)
        bags = sparse.csr_array(
            (np.ones(len(tags), dtype=np.float32), tags, bounds), shape=(len(contexts), self._n_tags)
        )
        return np.asarray(self._network(torch.from_numpy(bags.toarray()))[0].numpy(), dtype=np.float32)


class _Network(nn.Module):
    def __init__(self, n_tags: int, hidden: int, latent: int, dropout: float) -> None:
        super().__init__()
        self.encoder = nn.Linear(n_tags, hidden)
        self.moments = nn.Linear(hidden, 2 * latent)
        self.decoder = nn.Linear(latent, hidden)
        self.output = nn.Linear(hidden, n_tags)
        self.dropout = nn.Dropout(dropout)

    def forward(self, bags: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (n, n_tags) and the mean KL divergence from the standard normal prior."""
        hidden = torch.tanh(self.encoder(self.dropout(functional.normalize(bags))))
        mean, log_variance = self.moments(hidden).chunk(2, dim=1)
        divergence = 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum(dim=1).mean()
        latent = mean
        if self.training:
            latent = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        return self.output(torch.tanh(self.decoder(latent))), divergence
