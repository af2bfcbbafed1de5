"""The paper's component network: predicts a document's tags from features of a tag and of its context."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class ComponentNetwork(nn.Module):
    """One of the two identical networks of Figure 1: tanh layers, the last hidden one the embedding.

    The first layer is kept in two parts, one for the tag features and one for the context, so that a
    tag in many contexts of a batch is projected once.

    Parameters
    ----------
    n_tags
        Width of the tag features and of the output.
    n_topics
        Width of the context features.
    hidden
        Widths of the hidden layers; the last is the contextual embedding (CE).

    References
    ----------
    Sandouk and Chen, section 4.1.
    """

    def __init__(self, n_tags: int, n_topics: int, hidden: Sequence[int]) -> None:
        super().__init__()
        self.first = nn.Linear(n_tags + n_topics, hidden[0])
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(hidden))
        self.output = nn.Linear(hidden[-1], n_tags)
        self.n_tags = n_tags
        for layer in self.layers():
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)

    def layers(self) -> list[nn.Linear]:
        """Return every layer, from input to output."""
        hidden = [layer for layer in self.hidden if isinstance(layer, nn.Linear)]
        return [self.first, *hidden, self.output]

    def embed(self, tags: Tensor, which: Tensor, contexts: Tensor, whose: Tensor) -> Tensor:
        """Return contextual embeddings.

        Parameters
        ----------
        tags : tensor of shape (n_distinct_tags, n_tags)
            Standardised features of the distinct tags of the batch.
        which : tensor of shape (n,), int64
            Row of `tags` of each example.
        contexts : tensor of shape (n_documents, n_topics)
            Standardised context features of the documents of the batch.
        whose : tensor of shape (n,), int64
            Row of `contexts` of each example.

        Returns
        -------
        tensor of shape (n, dim)
            In (-1, 1).
        """
        tag_weight, context_weight = self.first.weight[:, : self.n_tags], self.first.weight[:, self.n_tags :]
        tag_part = tags @ tag_weight.T  # (n_distinct_tags, width)
        context_part = contexts @ context_weight.T + self.first.bias  # (n_documents, width)
        state = torch.tanh(tag_part[which] + context_part[whose])
        for layer in self.hidden:
            state = torch.tanh(layer(state))
        return state

    def predict(self, embeddings: Tensor) -> Tensor:
        """Return the logits u of the predicted tags, shape (n, n_tags); the prediction is tanh(u)."""
        logits: Tensor = self.output(embeddings)
        return logits
