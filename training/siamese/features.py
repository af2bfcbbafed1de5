"""Tag features of a training corpus (Eq. 1), sparse, with the statistics that standardise them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models.features import idf
from models.types import Float32Array, Float64Array, IndexArray
from training.corpus import TagCorpus

# Columns of a smaller standard deviation are constant up to rounding, which a division would amplify.
MIN_STD = 1e-6


@dataclass(frozen=True)
class TagFeatures:
    """Cosine-normalised tf-idf dot products between all tags.

    Attributes
    ----------
    cosine : sparse array of shape (n_tags, n_tags), float64
        T_ij / sqrt(T_ii T_jj), in [-1, 1]; row i holds the features of tag i.
    mean, std : arrays of shape (n_tags,), float64
        Column statistics over the training tags, for z-scores; `std` holds the balancing factor.
    document_frequency : array of shape (n_tags,), float64
        Training documents that hold each tag.
    idf_sign : array of shape (n_tags,), float64
        -1, 0 or 1.
    """

    cosine: sparse.csr_array
    mean: Float64Array
    std: Float64Array
    document_frequency: Float64Array
    idf_sign: Float64Array

    def standardised(self, tags: IndexArray) -> Float32Array:
        """Return the z-scored features of `tags`, shape (len(tags), n_tags); dense for these rows only."""
        rows = self.cosine[tags].toarray()
        return np.asarray((rows - self.mean) / self.std, dtype=np.float32)


def tag_features(corpus: TagCorpus, balanced_width: int | None = None) -> TagFeatures:
    """Compute T = U'U from the tf-idf of the corpus and normalise it.

    Nothing of size documents x tags or tags x tags is made dense.

    Parameters
    ----------
    corpus
        Training documents only: test documents must not reach these statistics.
    balanced_width
        None for unscaled z-scores. Otherwise, with more tags than this, z-scores are scaled by
        sqrt(balanced_width / n_tags), so that the weight of a tag's features beside its context's does not
        grow with the vocabulary.

    Returns
    -------
    TagFeatures

    References
    ----------
    Sandouk and Chen, section 3, Eq. 1. The normalisation was chosen by this project among ten
    scalings, because T itself spans two orders of magnitude.
    """
    weights = idf(corpus.n_documents, corpus.document_frequency)
    usage = sparse.csr_array(corpus.matrix.astype(np.float64) @ sparse.diags_array(weights))  # U
    relatedness = sparse.csr_array(usage.T @ usage)  # T, (n_tags, n_tags)
    norms = np.sqrt(relatedness.diagonal())
    # idf is 0 for a tag on all documents but one: such a tag has no features.
    inverse = np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > 0)
    scale = sparse.diags_array(inverse)
    cosine = sparse.csr_array(scale @ relatedness @ scale)
    cosine.sort_indices()
    n_tags = corpus.n_tags
    mean = np.asarray(cosine.sum(axis=0)).ravel() / n_tags
    mean_of_squares = np.asarray(cosine.multiply(cosine).sum(axis=0)).ravel() / n_tags
    std = np.sqrt(np.maximum(mean_of_squares - mean**2, 0.0))
    widening = 1.0 if balanced_width is None else max(1.0, np.sqrt(n_tags / balanced_width))
    return TagFeatures(
        cosine=cosine,
        mean=mean,
        std=np.where(std < MIN_STD, 1.0, std) * widening,
        document_frequency=corpus.document_frequency.astype(np.float64),
        idf_sign=np.sign(weights),
    )
