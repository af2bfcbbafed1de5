"""Mult-VAE: a variational auto-encoder of bags of tags with a multinomial likelihood."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn
from torch.nn import functional

from models.encoders.contract import Tag
from models.protocols.completion import evaluate_completion
from models.types import Float32Array, IndexArray
from training.baselines.method import Method
from training.corpus import TagCorpus
from training.fitting.held_out import hold_out, validation_queries

CHECKPOINTS = (50, 75, 110, 160, 240, 350, 500, 750, 1100, 1600, 2400)
"""Steps after which a training is validated; the first are close, as short bags overfit after few steps."""


class MultVae(Method):
    """Encodes the whole context as one bag of tags and predicts the other tags of the document.

    Dropout and number of steps are chosen on a held-out tenth of the documents; the network is then trained
    with them on all documents.

    Parameters
    ----------
    hidden, latent
        Widths: tags -> hidden -> latent -> hidden -> tags.
    dropouts
        Dropouts of a bag's tags to choose from on validation documents.
    beta
        Weight of the KL divergence, which it reaches half-way through the longest training.
    checkpoints
        Numbers of steps to choose from on validation documents.
    min_batch, max_batch
        Smallest and largest batch; between them a thirtieth of the documents.
    learning_rate
        Learning rate of Adam.

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
        hidden: int = 600,
        latent: int = 200,
        dropouts: Sequence[float] = (0.5, 0.3),
        beta: float = 0.2,
        checkpoints: Sequence[int] = CHECKPOINTS,
        min_batch: int = 32,
        max_batch: int = 512,
        learning_rate: float = 1e-3,
    ) -> None:
        self._hidden, self._latent, self._dropouts, self._beta = hidden, latent, dropouts, beta
        self._checkpoints, self._learning_rate = checkpoints, learning_rate
        self._min_batch, self._max_batch = min_batch, max_batch

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Train on all documents that hold a tag, for the best number of steps on validation documents."""
        rest, held_out = hold_out(corpus, seed)
        queries = validation_queries(held_out, seed)
        reached: dict[tuple[float, int], float] = {}
        for dropout in self._dropouts:
            found: list[float] = []
            for step in self._training(rest, dropout, seed):
                found.append(evaluate_completion(self, queries, rest.document_frequency).metrics["nDCG@10"])
                reached[dropout, step] = found[-1]
                if max(found) > max(found[-3:]):  # no improvement at the last three checkpoints
                    break
        dropout, steps = max(reached, key=reached.__getitem__)
        self.notes = {"settings": f"dropout {dropout}, {steps} steps"}
        for step in self._training(corpus, dropout, seed):
            if step == steps:
                break
        return self

    @torch.no_grad()
    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Return the logits of each context's bag; see `Method.score`."""
        bounds = np.concatenate([[0], np.cumsum([len(context) for context in contexts])]).astype(np.int64)
        tags = np.concatenate([*contexts, np.empty(0, dtype=np.int64)]).astype(np.int64)
        bags = sparse.csr_array(
            (np.ones(len(tags), dtype=np.float32), tags, bounds), shape=(len(contexts), self._n_tags)
        )
        return np.asarray(self._network(torch.from_numpy(bags.toarray()))[0].numpy(), dtype=np.float32)

    def _training(self, corpus: TagCorpus, dropout: float, seed: int) -> Iterator[int]:
        """Train a new network; yield the step at each checkpoint, with the network in evaluation mode."""
        self._n_tags = corpus.n_tags
        rows = np.flatnonzero(np.diff(corpus.matrix.indptr))
        random = np.random.default_rng(seed)
        batch = int(np.clip(2 ** round(math.log2(max(len(rows) / 30, 1))), self._min_batch, self._max_batch))
        a_pass = math.ceil(len(rows) / batch)
        longest = max(self._checkpoints)
        generator = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._network = _Network(self._n_tags, self._hidden, self._latent, dropout)
        optimiser = torch.optim.Adam(self._network.parameters(), lr=self._learning_rate)
        self._network.train()
        for step in range(longest):
            if step % a_pass == 0:
                random.shuffle(rows)
            start = (step % a_pass) * batch
            bags = torch.from_numpy(corpus.matrix[rows[start : start + batch]].toarray())
            logits, divergence = self._network(bags, generator)
            likelihood = (logits.log_softmax(dim=1) * bags).sum(dim=1).mean()
            weight = self._beta * min(1.0, 2 * step / longest)
            loss = weight * divergence - likelihood
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if step + 1 in self._checkpoints:
                self._network.eval()
                yield step + 1
                self._network.train()


class _Network(nn.Module):
    def __init__(self, n_tags: int, hidden: int, latent: int, dropout: float) -> None:
        super().__init__()
        self.encoder = nn.Linear(n_tags, hidden)
        self.moments = nn.Linear(hidden, 2 * latent)
        self.decoder = nn.Linear(latent, hidden)
        self.output = nn.Linear(hidden, n_tags)
        self.dropout = dropout

    def forward(self, bags: Tensor, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """Return logits (n, n_tags) and the mean KL divergence from the standard normal prior.

        In training, `generator` draws the dropped tags and the latent noise.
        """
        inputs = functional.normalize(bags)
        if self.training:
            kept = torch.rand(bags.shape, generator=generator) >= self.dropout
            inputs = inputs * kept / (1.0 - self.dropout)
        hidden = torch.tanh(self.encoder(inputs))
        mean, log_variance = self.moments(hidden).chunk(2, dim=1)
        divergence = 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum(dim=1).mean()
        latent = mean
        if self.training:
            latent = mean + torch.randn(mean.shape, generator=generator) * (0.5 * log_variance).exp()
        return self.output(torch.tanh(self.decoder(latent))), divergence
