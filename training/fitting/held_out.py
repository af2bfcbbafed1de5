"""Hold out validation documents and choose options on them; test documents are never used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from models.errors import TrainingError
from models.protocols.completion import (
    CompletionQuery,
    Split,
    clean_queries,
    evaluate_completion,
    split_documents,
)
from models.protocols.scoring import Scorer
from models.types import IndexArray
from training.corpus import TagCorpus

T = TypeVar("T")

SHARE = 0.1
MAX_DOCUMENTS = 2_000
"""With this many validation documents the standard error of nDCG@10 is below .01; more only cost time."""


Measure = Callable[[Any, TagCorpus, TagCorpus, int], dict[str, Any]]
"""Measures (an encoder, its training documents, held-out documents, a seed); returns metrics by protocol."""


def hold_out(corpus: TagCorpus, seed: int) -> tuple[TagCorpus, TagCorpus]:
    """Hold out about a tenth of the documents, drawn by groups, at most about `MAX_DOCUMENTS`.

    Returns
    -------
    training, validation
        Over the same tags; no group is in both.

    Raises
    ------
    TrainingError
        If the corpus has fewer than two groups (or documents, where it has no groups).
    """
    groups = corpus.group_numbers()
    n_groups = int(groups.max()) + 1
    if n_groups < 2:
        raise TrainingError(f"corpus {corpus.name} has {n_groups} group of documents; validation needs 2")
    size = np.bincount(groups, minlength=n_groups)
    order = np.random.RandomState(seed).permutation(n_groups)
    wanted = min(SHARE * corpus.n_documents, MAX_DOCUMENTS)
    n_held_out = min(1 + int(np.searchsorted(np.cumsum(size[order]), wanted)), n_groups - 1)
    return _separate(corpus, groups, order[:n_held_out])


def hold_out_groups(corpus: TagCorpus, share: float, seed: int) -> tuple[TagCorpus, TagCorpus]:
    """Hold out `share` of the groups, or of the documents where there are no groups.

    Returns
    -------
    training, validation
        Over the same tags; no group is in both. `validation` may be empty.
    """
    labels = np.asarray(corpus.groups if corpus.groups is not None else corpus.document_ids, dtype=object)
    names, groups = np.unique(labels.astype(str), return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(names))
    return _separate(corpus, groups, order[: round(share * len(names))])


def hold_out_documents(corpus: TagCorpus, share: float, seed: int) -> tuple[TagCorpus, TagCorpus]:
    """Hold out `share` of the documents, regardless of groups: at least one, and never all.

    The paper's experiments do not group documents; their options are chosen on documents held out like this.

    Returns
    -------
    training, validation
        Over the same tags.
    """
    n_documents = corpus.n_documents
    order = np.random.RandomState(seed).permutation(n_documents)
    n_held_out = min(max(1, round(share * n_documents)), n_documents - 1)
    return _separate(corpus, np.arange(n_documents), order[:n_held_out])


def _separate(corpus: TagCorpus, groups: IndexArray, held_out: IndexArray) -> tuple[TagCorpus, TagCorpus]:
    """Return the documents of all other groups, and those of the groups `held_out`; rows in corpus order."""
    held = np.isin(groups, held_out)
    return corpus.select(np.flatnonzero(~held)), corpus.select(np.flatnonzero(held))


def validation_splits(held_out: TagCorpus, seed: int) -> list[Split]:
    """Hide half of the tags of each validation document of four tags or more.

    Where no document has four tags, those of three are taken, and then those of two.

    Raises
    ------
    TrainingError
        If no document has two tags.
    """
    documents = held_out.documents()
    for min_tags in (4, 3, 2):
        splits = split_documents(documents, seed, min_tags)
        if splits:
            return splits
    raise TrainingError(f"no validation document of {held_out.name} has the 2 tags that validation needs")


def validation_queries(held_out: TagCorpus, seed: int) -> list[CompletionQuery]:
    """Return the completion queries of validation documents with clean contexts; see `validation_splits`."""
    return clean_queries(validation_splits(held_out, seed))


def with_permuted_contexts(queries: Sequence[CompletionQuery], seed: int) -> list[CompletionQuery]:
    """Return the same queries with the context of a randomly drawn query added to each.

    A few queries draw their own document and get no distractor. The mix of the published completion
    encoders was chosen on this draw, and on small collections another draw can lead to another mix; quality
    is measured with
    `models.protocols.completion_conditions.distractor_queries`, which always draws another document.
    """
    other = np.random.RandomState(seed).permutation(len(queries))
    noisy = []
    for query, partner in zip(queries, other.tolist(), strict=True):
        context = np.setdiff1d(np.union1d(query.context, queries[partner].context), query.hidden)
        noisy.append(replace(query, context=context, seen=context))
    return noisy


def select(
    candidates: Sequence[T],
    fit: Callable[[T], Scorer],
    conditions: Sequence[Sequence[CompletionQuery]],
    popularity: IndexArray,
    errors: float = 1.0,
) -> T:
    """Return the candidate of the best mean nDCG@10 over conditions, if it is clearly ahead of the first.

    Parameters
    ----------
    candidates
        Options to choose from; the first is the default.
    fit
        Returns the scorer of a candidate.
    conditions
        The validation queries under each condition; a condition may be given twice to count twice.
    popularity : array of shape (n_tags,)
        Number of training documents of each tag, which decides between equal scores.
    errors
        Number of standard errors of the paired difference over documents by which a candidate must exceed the
        default. Without this margin, the choice on few validation documents would be random.
    """
    asked = {id(queries): queries for queries in conditions}  # a condition that counts twice is measured once
    reached = []
    for candidate in candidates:
        scorer = fit(candidate)
        found = {
            name: evaluate_completion(scorer, queries, popularity).by_document["nDCG@10"]
            for name, queries in asked.items()
        }
        reached.append(np.mean([found[id(queries)] for queries in conditions], axis=0))
    gains = np.stack(reached)[:, ~np.isnan(reached[0])] - reached[0][~np.isnan(reached[0])]
    n_documents = gains.shape[1]
    if n_documents < 2:
        return candidates[0]
    error = gains.std(axis=1, ddof=1) / np.sqrt(n_documents)
    mean = np.where(gains.mean(axis=1) > errors * error, gains.mean(axis=1), 0.0)
    return candidates[int(np.argmax(mean))]
