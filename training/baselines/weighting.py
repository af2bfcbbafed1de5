"""Re-weightings of the document-tag matrix (the paper's section 3 and Supplement D.1), sparse."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from scipy import sparse

from models.errors import TrainingError
from models.features import idf
from training.corpus import TagCorpus

Weighting = Literal["tf", "tfidf", "pmi"]
WEIGHTINGS: tuple[Weighting, ...] = get_args(Weighting)


def reweight(corpus: TagCorpus, weighting: Weighting) -> sparse.csr_array:
    """Return the re-weighted document-tag matrix.

    Parameters
    ----------
    corpus
        The documents.
    weighting
        ``tf``: 1 where a document holds a tag. ``tfidf``: the tag's idf there. ``pmi``: the pointwise
        mutual information of document and tag there, log(N / (tags of the document x documents of the
        tag)) with N assignments in total, which emphasises rare tags and short documents.

    Returns
    -------
    sparse array of shape (n_documents, n_tags), float64
        Zero where a document does not hold a tag.

    Raises
    ------
    TrainingError
        If the weighting is unknown.

    References
    ----------
    Sandouk and Chen, Supplement D.1.
    """
    matrix = corpus.matrix.astype(np.float64)
    if weighting == "tf":
        return matrix
    if weighting == "tfidf":
        weights = idf(corpus.n_documents, corpus.document_frequency)[matrix.indices]
    elif weighting == "pmi":
        lengths = np.diff(matrix.indptr)
        of_document = np.repeat(lengths, lengths)
        weights = np.log(matrix.nnz / (of_document * corpus.document_frequency[matrix.indices]))
    else:
        raise TrainingError(f"weighting {weighting!r} is unknown; known: {', '.join(WEIGHTINGS)}")
    return sparse.csr_array((weights, matrix.indices, matrix.indptr), shape=matrix.shape)
