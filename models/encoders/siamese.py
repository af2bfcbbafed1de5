"""The siamese encoder: the paper's component network up to its contextual embedding, in NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from models.encoders.contract import Encoded, Metric, OovRule, Query, Tag, TensorSpec
from models.encoders.topics import closed_form_log_posterior, standardise_log_posterior
from models.features import Usage, oov_features
from models.types import AnyArray, Float32Array, IndexArray, NamedArrays


@dataclass(frozen=True)
class SiameseEncoder:
    """The paper's component network up to its contextual embedding (CE), in NumPy.

    The first layer is linear in its two inputs, W_t t(tag) + W_l l(context) + b, so the part of every
    vocabulary tag is known before any request; a new context costs one small product and one
    (n_tags x width) tanh.

    Attributes
    ----------
    tag_projections : array of shape (n_tags, width), float32
        W_t t(tag) of every vocabulary tag, standardisation folded in.
    tag_weights : array of shape (n_tags, width), float32
        W_t with the standardisation's scale folded in, for OOV tags.
    tag_offset : array of shape (width,), float32
        What the standardisation's mean adds to every projection.
    document_frequency : array of shape (n_tags,), float32
        Training documents per tag, for the cosine of OOV tags.
    idf_sign : array of shape (n_tags,), float32
        Sign of each tag's idf (Eq. 1's idf is negative for a tag on every document).
    context_weights : array of shape (n_topics, width), float32
        W_l.
    biases, weights
        The layers: ``biases[0]`` is the first layer's; ``weights[i]`` (out, in) and ``biases[i + 1]``
        are those that follow, the last of them the CE layer.
    log_prior : array of shape (n_topics,), float32
        Log of the topics' prior.
    log_topics : array of shape (n_topics, n_tags), float32
        log p(tag | topic).
    context_mean, context_std : arrays of shape (n_topics,), float32
        Training statistics of the context features.
    oov_rule
        Chosen on validation documents at training.
    context_length
        Tags that every local context counts for, or None (see `closed_form_log_posterior`).

    References
    ----------
    Sandouk and Chen, sections 3 and 4; Eqs. 1 and 2.
    """

    kind: ClassVar[str] = "siamese"
    metric: ClassVar[Metric] = "l2"
    contextual_candidates: ClassVar[bool] = True
    supports_focus: ClassVar[bool] = False
    _ARRAY_NAMES: ClassVar[tuple[str, ...]] = (
        "tag_projections",
        "tag_weights",
        "tag_offset",
        "document_frequency",
        "idf_sign",
        "context_weights",
        "log_prior",
        "log_topics",
        "context_mean",
        "context_std",
    )

    tag_projections: Float32Array
    tag_weights: Float32Array
    tag_offset: Float32Array
    document_frequency: Float32Array
    idf_sign: Float32Array
    context_weights: Float32Array
    biases: tuple[Float32Array, ...]
    weights: tuple[Float32Array, ...]
    log_prior: Float32Array
    log_topics: Float32Array
    context_mean: Float32Array
    context_std: Float32Array
    oov_rule: OovRule
    context_length: float | None = None

    @property
    def dim(self) -> int:
        """Width of the contextual embedding."""
        return int(self.biases[-1].shape[0])

    def context_features(self, contexts: Sequence[IndexArray]) -> Float32Array:
        """Return the standardised log posterior of each local context, shape (n, n_topics)."""
        raw = closed_form_log_posterior(contexts, self.log_prior, self.log_topics, self.context_length)
        return standardise_log_posterior(raw, self.context_mean, self.context_std)

    def _project(self, tag: Tag) -> Float32Array:
        if isinstance(tag, Usage):
            cosine = oov_features(tag, self.document_frequency, self.idf_sign)
            return np.asarray(cosine @ self.tag_weights[tag.indices] + self.tag_offset, dtype=np.float32)
        return np.asarray(self.tag_projections[tag])

    def _embed(self, tag_part: Float32Array, context_part: Float32Array) -> Float32Array:
        hidden: Float32Array = np.tanh(tag_part + context_part)  # (n, width)
        for weight, bias in zip(self.weights, self.biases[1:], strict=True):
            hidden = np.tanh(hidden @ weight.T + bias)
        return hidden

    def encode(self, queries: Sequence[Query], with_added: bool = True) -> Encoded:
        """Return the contextual embeddings of `queries`, shape (n, dim); nothing is added to distances.

        A tag that nothing is known of is taken to be used as its context says: as if on one document.
        """
        contexts = [query.local_context for query in queries]
        tag_part = np.stack([self._project(_known_tag(query)) for query in queries])
        context_part = self.context_features(contexts) @ self.context_weights + self.biases[0]
        return Encoded(self._embed(tag_part, context_part))

    def added_parts(self, query: Query) -> None:
        """Return None: distances are all of the score."""
        return None

    def similarity_vectors(self) -> Float32Array:
        """Return the contextual embeddings of all tags in an empty context."""
        return self.candidates(None)

    def candidates(self, context: IndexArray | None) -> Float32Array:
        """Return the contextual embeddings of all vocabulary tags in one local context."""
        features = self.context_features([np.empty(0, dtype=np.int64) if context is None else context])
        return self._embed(self.tag_projections, features @ self.context_weights + self.biases[0])

    def settings(self) -> dict[str, Any]:
        """Return what a manifest says of the encoder besides its tensors."""
        return {
            "n_tags": int(self.tag_projections.shape[0]),
            "n_topics": int(self.log_topics.shape[0]),
            "widths": [int(bias.shape[0]) for bias in self.biases],
            "context_length": self.context_length,
        }

    def tensors(self) -> dict[str, AnyArray]:
        """Return the arrays a bundle keeps, by name."""
        named: dict[str, AnyArray] = {name: getattr(self, name) for name in self._ARRAY_NAMES}
        named |= {f"bias_{i}": bias for i, bias in enumerate(self.biases)}
        named |= {f"weight_{i}": weight for i, weight in enumerate(self.weights, start=1)}
        return named

    @staticmethod
    def specs(settings: Mapping[str, Any]) -> dict[str, TensorSpec]:
        """Return the tensors that `settings` call for."""
        n_tags, n_topics, widths = settings["n_tags"], settings["n_topics"], settings["widths"]
        first = widths[0]
        shapes: dict[str, tuple[int, ...]] = {
            "tag_projections": (n_tags, first),
            "tag_weights": (n_tags, first),
            "tag_offset": (first,),
            "document_frequency": (n_tags,),
            "idf_sign": (n_tags,),
            "context_weights": (n_topics, first),
            "log_prior": (n_topics,),
            "log_topics": (n_topics, n_tags),
            "context_mean": (n_topics,),
            "context_std": (n_topics,),
        }
        shapes |= {f"bias_{i}": (width,) for i, width in enumerate(widths)}
        shapes |= {f"weight_{i}": (widths[i], widths[i - 1]) for i in range(1, len(widths))}
        return {name: TensorSpec(shape) for name, shape in shapes.items()}

    @staticmethod
    def width(settings: Mapping[str, Any]) -> int:
        """Return the width of the contextual embedding that `settings` call for."""
        return int(settings["widths"][-1])

    @classmethod
    def from_tensors(
        cls, settings: Mapping[str, Any], tensors: NamedArrays, oov_rule: OovRule
    ) -> SiameseEncoder:
        """Rebuild the encoder from a manifest's settings and checked tensors."""
        n_layers = len(settings["widths"])
        return cls(
            **{name: tensors[name] for name in cls._ARRAY_NAMES},
            biases=tuple(tensors[f"bias_{i}"] for i in range(n_layers)),
            weights=tuple(tensors[f"weight_{i}"] for i in range(1, n_layers)),
            oov_rule=oov_rule,
            context_length=settings["context_length"],
        )


def _known_tag(query: Query) -> Tag:
    if isinstance(query.tag, Usage) and not query.tag.n_documents:
        return Usage.of_context(query.local_context)
    return query.tag
