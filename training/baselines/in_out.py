"""Word2vec in-out: skip-gram over whole documents, input vectors against output vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
from gensim.models import Word2Vec

from models.encoders.contract import Tag
from models.types import Float32Array, IndexArray
from training.baselines.method import Method
from training.corpus import TagCorpus


class InOut(Method):
    """Scores a tag by its output vector's product with the mean input vector of the context.

    Skip-gram with negative sampling is trained to make that product large for tags of one document;
    the usual cosine of input vectors ranks tags of similar use, this product tags that are used together.

    Parameters
    ----------
    dim, epochs, negative
        Options of gensim's word2vec; the window is the whole document.

    References
    ----------
    E. Nalisnick, B. Mitra, N. Craswell, R. Caruana, "Improving document ranking with dual word
    embeddings", WWW 2016 companion.
    """

    name: ClassVar[str] = "word2vec-in-out"
    contextual: ClassVar[bool] = True
    self_first: ClassVar[bool] = False

    def __init__(self, dim: int = 64, epochs: int = 50, negative: int = 10) -> None:
        self._dim, self._epochs, self._negative = dim, epochs, negative

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Train on documents of two tags and more."""
        documents = [document for document in corpus.documents() if len(document) > 1]
        model = Word2Vec(
            [[str(tag) for tag in document] for document in documents],
            vector_size=self._dim,
            window=max((len(document) for document in documents), default=1),
            min_count=1,
            sg=1,
            negative=self._negative,
            epochs=self._epochs,
            sample=0,
            shrink_windows=False,
            seed=seed + 1,
            workers=1,
        )
        self._inputs = np.zeros((corpus.n_tags, self._dim), dtype=np.float32)
        self._outputs = np.zeros((corpus.n_tags, self._dim), dtype=np.float32)
        for tag, position in model.wv.key_to_index.items():
            self._inputs[int(tag)] = model.wv.vectors[position]
            self._outputs[int(tag)] = model.syn1neg[position]
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Compare the context's mean input vector with all output vectors; see `Method.score`."""
        if not len(queries):
            return np.empty((0, len(self._outputs)), dtype=np.float32)
        nothing = np.zeros(self._dim, dtype=np.float32)
        means = np.stack([self._inputs[tags].mean(axis=0) if len(tags) else nothing for tags in contexts])
        return np.asarray(means @ self._outputs.T, dtype=np.float32)
