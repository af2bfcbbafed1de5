"""Count the usage of out-of-vocabulary tags in the training documents."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from models.features import Usage
from models.types import IndexArray
from training.corpus import TagCorpus


def count_usages(training: TagCorpus, tags: IndexArray, known: IndexArray) -> list[Usage]:
    """Count, for each of `tags`, its documents and how many of them hold each tag of the vocabulary.

    Parameters
    ----------
    training
        Training documents over all tags.
    tags : array of shape (n,), int64
        Positions of the tags to count.
    known : array of shape (n_known,), int64
        Positions of the vocabulary's tags; usages number the tags by their place in this array.

    Returns
    -------
    list of n Usage
        Zero documents, and no tags, for a tag on no training document.
    """
    columns = sparse.csc_array(training.matrix[:, tags])
    together = sparse.csr_array(columns.T @ training.matrix[:, known])
    together.sort_indices()
    usages = []
    for position in range(len(tags)):
        row = slice(together.indptr[position], together.indptr[position + 1])
        usages.append(
            Usage(
                n_documents=int(columns.indptr[position + 1] - columns.indptr[position]),
                indices=together.indices[row].astype(np.int64),
                counts=together.data[row].astype(np.float32),
            )
        )
    return usages
