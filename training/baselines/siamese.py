"""The paper's model as a method: embeddings (CE) and predictions, after stage 1 and after stage 2."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np
import torch

from models.encoders.contract import OovRule, Query, Tag
from models.encoders.siamese import SiameseEncoder
from models.errors import EvaluationError
from models.features import Usage
from models.types import Float32Array, IndexArray
from training.baselines.embedding import nearness
from training.baselines.method import Method
from training.baselines.shared_fits import shared, topic_model
from training.corpus import TagCorpus
from training.fitting.run import Run
from training.recipe import load_recipe_of
from training.siamese.export import siamese_encoder
from training.siamese.fit import make_trainer
from training.siamese.network import ComponentNetwork
from training.siamese.recipe import SiameseRecipe, with_scaled_steps

Stage = Literal["single", "siamese"]


@dataclass(frozen=True)
class Stages:
    """The networks of one training run after its first and after its second stage.

    Attributes
    ----------
    networks
        The network by stage.
    encoders
        Its NumPy encoder by stage.
    losses
        Loss of every step, by phase.
    """

    networks: dict[Stage, ComponentNetwork]
    encoders: dict[Stage, SiameseEncoder]
    losses: dict[str, list[float]]


def train_stages(corpus: TagCorpus, recipe: SiameseRecipe, seed: int) -> Stages:
    """Train by a recipe and return the networks of both stages; cached in the process for other methods."""
    return shared(
        ("siamese", corpus.fingerprint, recipe.model_dump_json(), seed), lambda: _train(corpus, recipe, seed)
    )


def _train(corpus: TagCorpus, recipe: SiameseRecipe, seed: int) -> Stages:
    topics = recipe.topics
    if topics.n_topics == "hdp":
        raise EvaluationError(
            "an evaluated recipe needs a number of topics; 'hdp' estimates another number on each fold"
        )
    model = topic_model(corpus, topics.n_topics, seed, topics.passes, topics.iterations, topics.chunksize)
    trainer = make_trainer(corpus, model, recipe, seed)
    networks: dict[Stage, ComponentNetwork] = {}

    def keep(phase: str, step: int, steps: int, loss: float) -> None:
        if phase == "stage 1" and step == steps:
            networks["single"] = copy.deepcopy(trainer.network).eval()

    trained = trainer.train(Run(on_step=keep))
    networks["siamese"] = trained.network
    encoders = {
        stage: siamese_encoder(network, trainer.features, model, trainer.contexts, "nearest")
        for stage, network in networks.items()
    }
    return Stages(networks, encoders, trained.losses)


class Siamese(Method):
    """Contextual embedding, or prediction, of the paper's network.

    Tags on no training document are not in the network's vocabulary: as candidates they rank last, and as
    queries they are represented by their context alone.

    Parameters
    ----------
    recipe
        A recipe's name.
    stage
        ``single`` (after stage 1) or ``siamese`` (after stage 2).
    reading
        ``embedding`` (CE: negated Euclidean distances) or ``prediction`` (the output layer).
    n_topics
        Number of topics; by default the recipe's.
    shorten
        Factor of the network's steps, for short trials and tests.
    """

    name: ClassVar[str] = "siamese"
    contextual: ClassVar[bool] = True

    def __init__(
        self,
        recipe: str | SiameseRecipe = "lit",
        stage: Stage = "siamese",
        reading: Literal["embedding", "prediction"] = "embedding",
        n_topics: int | None = None,
        oov_rule: OovRule = "nearest",
        shorten: float = 1.0,
    ) -> None:
        chosen = load_recipe_of(SiameseRecipe, recipe) if isinstance(recipe, str) else recipe
        if n_topics is not None:
            topics = chosen.topics.model_copy(update={"n_topics": n_topics})
            chosen = chosen.model_copy(update={"topics": topics})
        self.recipe = with_scaled_steps(chosen, shorten)
        self.stage: Stage = stage
        self.reading = reading
        self.oov_rule = oov_rule
        self.self_first = reading == "embedding"  # type: ignore[misc]
        self.supports_oov = reading == "embedding"  # type: ignore[misc]

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Train on the documents, or use the networks that another method trained on them."""
        self._known = np.flatnonzero(corpus.document_frequency)
        self._n_tags = corpus.n_tags
        self._position = np.full(corpus.n_tags, -1, dtype=np.int64)
        self._position[self._known] = np.arange(len(self._known))
        held = corpus.with_tags(self._known)
        stages = train_stages(held.select(np.flatnonzero(np.diff(held.matrix.indptr))), self.recipe, seed)
        self.encoder = stages.encoders[self.stage]
        self.losses = stages.losses
        self._network = stages.networks[self.stage]
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Score by nearness in each query's context, or by the network's output; see `Method.score`."""
        scores = np.empty((len(queries), len(self._known)), dtype=np.float32)
        by_context: dict[bytes, list[int]] = {}
        for row, context in enumerate(contexts):
            by_context.setdefault(np.asarray(context, dtype=np.int64).tobytes(), []).append(row)
        for rows in by_context.values():
            context = self._position[contexts[rows[0]]]
            context = context[context >= 0]
            tags = [self._translated(queries[row], context) for row in rows]
            embedded = self.encoder.encode([Query(tag, context) for tag in tags]).vectors
            scores[rows] = self._read(embedded, context)
        return self._spread(scores)

    def embed(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Return the contextual embeddings of queries, shape (n, dim)."""
        rows = [self._position[context] for context in contexts]
        known = [row[row >= 0] for row in rows]
        tags = [self._translated(query, row) for query, row in zip(queries, known, strict=True)]
        return self.encoder.encode(
            [Query(tag, context) for tag, context in zip(tags, known, strict=True)]
        ).vectors

    def in_context(self, context: IndexArray) -> Float32Array:
        """Return the embeddings of all tags of the vocabulary in one context, shape (n_tags, dim)."""
        n_tags = len(self._position)
        vectors = self.embed(range(n_tags), [context] * n_tags)
        known = np.flatnonzero(self._position >= 0)
        position = self._position[context]
        # Unlike a query tag, a candidate is not added to the context.
        vectors[known] = self.encoder.candidates(position[position >= 0])[self._position[known]]
        return vectors

    def _read(self, embedded: Float32Array, context: IndexArray) -> Float32Array:
        if self.reading == "prediction":
            with torch.no_grad():
                return np.asarray(self._network.output(torch.from_numpy(embedded)).numpy())
        return nearness(embedded, self.encoder.candidates(context), "euclidean")

    def _translated(self, query: Tag, context: IndexArray) -> Tag:
        """Return the query with the positions of the network's vocabulary."""
        if not isinstance(query, Usage):
            position = int(self._position[query])
            return position if position >= 0 else Usage.of_context(context)
        positions = self._position[query.indices]
        kept = positions >= 0
        return Usage(query.n_documents, positions[kept], query.counts[kept])

    def _spread(self, scores: Float32Array) -> Float32Array:
        """Return scores over the whole vocabulary, with tags outside the network's vocabulary last."""
        if len(self._known) == self._n_tags or not len(scores):
            return scores if len(scores) else np.empty((0, self._n_tags), dtype=np.float32)
        spread = np.tile(scores.min(axis=1, keepdims=True) - 1.0, (1, self._n_tags))
        spread[:, self._known] = scores
        return np.asarray(spread, dtype=np.float32)
