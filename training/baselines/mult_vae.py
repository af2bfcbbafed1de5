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

LOOKS = (50, 75, 110, 160, 240, 350, 500, 750, 1100, 1600, 2400)
"""Steps after which a training is looked at on validation documents. Short bags are learnt by heart soon."""


class MultVae(Method):
    """Reads the whole context as one bag and predicts what else is in it.

    It is trained with a tenth of the documents held off, which say with which dropout and for how long;
    then so on all of them.

    Parameters
    ----------
    hidden, latent
        Widths: tags -> hidden -> latent -> hidden -> tags.
    dropouts
        Shares of a bag's tags that training may hide; validation documents say which.
    beta
        Weight that the KL divergence reaches, half-way through the longest training.
    looks
        Steps after which a training may end.
    min_batch, max_batch
        Bounds of the documents a step; between them a thirtieth of all.
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
        hidden: int = 600,
        latent: int = 200,
        dropouts: Sequence[float] = (0.5, 0.3),
        beta: float = 0.2,
        looks: Sequence[int] = LOOKS,
        min_batch: int = 32,
        max_batch: int = 512,
        learning_rate: float = 1e-3,
    ) -> None:
        self._hidden, self._latent, self._dropouts, self._beta = hidden, latent, dropouts, beta
        self._looks, self._learning_rate = looks, learning_rate
        self._min_batch, self._max_batch = min_batch, max_batch

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Train on all documents that hold a tag, for as long as validation documents gained."""
        rest, held_out = hold_out(corpus, seed)
        queries = validation_queries(held_out, seed)
        reached: dict[tuple[float, int], float] = {}
        for dropout in self._dropouts:
            found: list[float] = []
            for step in self._training(rest, dropout, seed):
                found.append(evaluate_completion(self, queries, rest.document_frequency).metrics["nDCG@10"])
                reached[dropout, step] = found[-1]
                if max(found) > max(found[-3:]):  # no gain in the last three looks
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
        """Train anew, yielding the step at each look, with the network in evaluation mode."""
        self._n_tags = corpus.n_tags
        rows = np.flatnonzero(np.diff(corpus.matrix.indptr))
        random = np.random.default_rng(seed)
        batch = int(np.clip(2 ** round(math.log2(max(len(rows) / 30, 1))), self._min_batch, self._max_batch))
        a_pass = math.ceil(len(rows) / batch)
        longest = max(self._looks)
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
            if step + 1 in self._looks:
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

        In training `generator` draws what is dropped and the latent noise.
        """
        heard = functional.normalize(bags)
        if self.training:
            kept = torch.rand(bags.shape, generator=generator) >= self.dropout
            heard = heard * kept / (1.0 - self.dropout)
        hidden = torch.tanh(self.encoder(heard))
        mean, log_variance = self.moments(hidden).chunk(2, dim=1)
        divergence = 0.5 * (log_variance.exp() + mean**2 - 1 - log_variance).sum(dim=1).mean()
        latent = mean
        if self.training:
            latent = mean + torch.randn(mean.shape, generator=generator) * (0.5 * log_variance).exp()
        return self.output(torch.tanh(self.decoder(latent))), divergence
