"""Fit the siamese model on training documents: features, topics, contexts, network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from models.encoders.contract import OovRule
from models.encoders.siamese import SiameseEncoder
from models.errors import TrainingError
from training.corpus import TagCorpus
from training.fitting.run import Run
from training.siamese.contexts import DocumentContexts
from training.siamese.export import siamese_encoder
from training.siamese.features import TagFeatures, tag_features
from training.siamese.lda import TopicModel, fit_lda, seek_n_topics
from training.siamese.recipe import SiameseRecipe
from training.siamese.trainer import Trained, Trainer

MIN_DOCUMENTS = 10
MIN_TAGS = 5


@dataclass(frozen=True)
class SiameseModel:
    """A fitted model with everything its encoder is made from.

    Attributes
    ----------
    features, topics, contexts
        Statistics of the training documents.
    trained
        The network and its losses.
    """

    features: TagFeatures
    topics: TopicModel
    contexts: DocumentContexts
    trained: Trained

    def encoder(self, oov_rule: OovRule = "nearest") -> SiameseEncoder:
        """Return the NumPy encoder."""
        return siamese_encoder(self.trained.network, self.features, self.topics, self.contexts, oov_rule)


def fit_siamese(
    corpus: TagCorpus,
    recipe: SiameseRecipe,
    seed: int = 0,
    device: str = "cpu",
    run: Run | None = None,
    on_lda_pass: Callable[[int], None] | None = None,
) -> SiameseModel:
    """Fit a siamese model.

    Parameters
    ----------
    corpus
        Training documents only; each tag must be on at least one of them.
    recipe
        Architecture, steps and losses.
    seed
        Seed of the topic model, the initial weights and every random draw.
    device
        ``cpu`` or ``cuda``.
    run
        Progress callback, checkpoints and early stop of the network's training.
    on_lda_pass
        Called after each pass of the topic model, with the total number of passes.

    Raises
    ------
    TrainingError
        If the corpus is too small to train on, or the loss stops being finite.
    """
    check_trainable(corpus)
    run = run or Run()
    n_topics = recipe.topics.n_topics
    topics = fit_lda(
        corpus,
        seek_n_topics(corpus, seed) if n_topics == "hdp" else n_topics,
        seed,
        recipe.topics.passes,
        recipe.topics.iterations,
        recipe.topics.chunksize,
        on_pass=None if on_lda_pass is None else lambda: on_lda_pass(recipe.topics.passes),
    )
    trainer = make_trainer(corpus, topics, recipe, seed, device)
    return SiameseModel(trainer.features, topics, trainer.contexts, trainer.train(run))


def make_trainer(
    corpus: TagCorpus, topics: TopicModel, recipe: SiameseRecipe, seed: int, device: str = "cpu"
) -> Trainer:
    """Return the trainer of a recipe's network, with the features of its tags and contexts computed."""
    features = tag_features(corpus, recipe.network.balanced_width)
    contexts = DocumentContexts(corpus, topics, recipe.context.likelihood)
    return Trainer(corpus, features, contexts, recipe, seed, device)


def check_trainable(corpus: TagCorpus) -> None:
    """Raise TrainingError if a corpus is too small, or no document holds some but not all of its tags."""
    if corpus.n_documents < MIN_DOCUMENTS or corpus.n_tags < MIN_TAGS:
        raise TrainingError(
            f"corpus {corpus.name} has {corpus.n_documents} documents and {corpus.n_tags} tags; "
            f"training needs at least {MIN_DOCUMENTS} and {MIN_TAGS}"
        )
    lengths = set(corpus.matrix.indptr[1:] - corpus.matrix.indptr[:-1])
    if lengths <= {0, corpus.n_tags}:
        raise TrainingError(f"corpus {corpus.name}: no document holds some of the tags but not all of them")
