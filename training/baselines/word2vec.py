"""C-BoW and SG: word2vec over documents read as sentences (Mikolov et al., 2013), with gensim."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal, Self

import numpy as np
from gensim.models import Word2Vec as GensimWord2Vec

from models.types import Float32Array, IndexArray
from training.baselines.embedding import Distance, TagEmbedding
from training.corpus import TagCorpus

Order = Literal["random", "pseudo"]


class Word2Vec(TagEmbedding):
    """Word2vec with tags as words; the tags of a document have no order of their own.

    Parameters
    ----------
    architecture
        ``cbow`` (C-BoW) or ``sg`` (skip-gram).
    window
        Number of tags on each side of a tag that are its context.
    order
        ``random`` shuffles each document in every epoch (setting S1); ``pseudo`` sorts all documents
        by one random numbering of the tags (setting S2).
    distance
        Distance between tags: ``cosine`` or ``euclidean``.
    dim
        Width of the vectors; 10, as for the other embeddings of the paper's tables.
    epochs
        Passes over the documents.

    Attributes
    ----------
    output_vectors : array of shape (n_tags, dim), float32
        The model's output vectors, for products with input vectors.

    References
    ----------
    T. Mikolov et al., "Efficient estimation of word representations in vector space", ICLR 2013.
    Sandouk and Chen, Supplement D.1 and E.
    """

    name: ClassVar[str] = "word2vec"
    output_vectors: Float32Array

    def __init__(
        self,
        architecture: Literal["cbow", "sg"] = "sg",
        window: int = 2,
        order: Order = "random",
        distance: Distance = "cosine",
        dim: int = 10,
        epochs: int = 200,
    ) -> None:
        self.architecture = architecture
        self.window = window
        self.order = order
        self.distance = distance
        self.dim = dim
        self.epochs = epochs

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Train on the documents; a tag on none of them keeps its random initial vector."""
        rng = np.random.default_rng(seed)
        number = rng.permutation(corpus.n_tags)
        sentences = _Sentences(corpus, number if self.order == "pseudo" else None, rng)
        # Several workers would update in varying order, and results would not be reproducible.
        model = GensimWord2Vec(
            vector_size=self.dim,
            window=self.window,
            sg=int(self.architecture == "sg"),
            negative=5,
            sample=1e-3,
            min_count=1,
            workers=1,
            seed=seed + 1,
        )
        model.build_vocab_from_freq(
            {str(tag): max(int(count), 1) for tag, count in enumerate(corpus.document_frequency)}
        )
        model.train(
            sentences,
            total_examples=corpus.n_documents,
            total_words=corpus.matrix.nnz,
            epochs=self.epochs,
        )
        rows = [model.wv.key_to_index[str(tag)] for tag in range(corpus.n_tags)]
        self.vectors = model.wv.vectors[rows]
        self.output_vectors = model.syn1neg[rows]
        return self


class _Sentences:
    """The documents as sentences; gensim iterates once per epoch, so each epoch draws a new random order."""

    def __init__(self, corpus: TagCorpus, number: IndexArray | None, rng: np.random.Generator) -> None:
        self._documents = corpus.documents()
        self._number = number
        self._rng = rng

    def __iter__(self) -> Iterator[list[str]]:
        for document in self._documents:
            if self._number is None:
                ordered = self._rng.permutation(document)
            else:
                ordered = document[np.argsort(self._number[document])]
            yield [str(tag) for tag in ordered]
