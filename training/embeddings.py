"""Fit a bundle's embeddings and measure, for several widths, how well they preserve the ranking."""

from __future__ import annotations

import numpy as np

from models.embeddings import EmbeddingBasis, mean_overlap, score_rows
from models.encoders.contract import Encoder, Query
from training.corpus import TagCorpus
from training.fitting.held_out import hold_out

WIDTHS = (32, 64, 128, 192, 256, 384, 512, 768, 1024)
"""Widths at which overlap is measured."""

WANTED_OVERLAP = 0.95
"""Mean overlap that the default width must reach."""

FITTED_ON, MEASURED_ON = 3_000, 500
"""Largest numbers of queries that the basis is fitted on and that its overlap is measured on."""

MOST_CONTEXT = 4


def fit_embeddings(
    encoder: Encoder, fitted_on: TagCorpus, measured_on: TagCorpus, seed: int
) -> EmbeddingBasis | None:
    """Return the basis of an inner-product encoder's embeddings; None where there is nothing to fit.

    Parameters
    ----------
    encoder
        The encoder as it will be served.
    fitted_on, measured_on
        Documents whose tags form the queries for the fit, and for the measured overlap.
    seed
        Seed of the drawn queries.

    Returns
    -------
    EmbeddingBasis or None
        With columns up to the default width, or 512 where that is less; None for encoders whose score is a
        distance, and where no width below the vocabulary's size reaches `WANTED_OVERLAP`.
    """
    if encoder.metric == "l2" or not measured_on.n_documents:
        return None
    n_tags, rng = fitted_on.n_tags, np.random.default_rng(seed)
    queries = drawn_queries(fitted_on, FITTED_ON, rng)
    asked = drawn_queries(measured_on, MEASURED_ON, rng)
    if not queries or not asked:
        return None
    rows = score_rows(encoder, queries)
    _, _, basis = np.linalg.svd(rows, full_matrices=False)  # (min(n, n_tags), n_tags)
    exact = score_rows(encoder, asked)
    overlap: dict[int, float] = {}
    for width in (width for width in WIDTHS if width < n_tags and width <= len(basis)):
        approximate = (exact @ basis[:width].T) @ basis[:width]
        overlap[width] = round(mean_overlap(exact, approximate, asked), 4)
        if overlap[width] >= WANTED_OVERLAP and width >= 512:
            break
    enough = [width for width, share in overlap.items() if share >= WANTED_OVERLAP]
    if not enough:
        return None
    return EmbeddingBasis(
        np.ascontiguousarray(basis[: max(overlap)].T, dtype=np.float32), min(enough), overlap
    )


def embedding_documents(corpus: TagCorpus, seed: int) -> tuple[TagCorpus, TagCorpus]:
    """Return documents to fit on and held-out ones to measure on; of a single group, all of them twice."""
    if int(corpus.group_numbers().max(initial=0)) < 1:
        return corpus, corpus
    return hold_out(corpus, seed)


def drawn_queries(corpus: TagCorpus, most: int, rng: np.random.Generator) -> list[Query]:
    """Return seeded queries: half of them a tag among up to four others of a document, half a tag alone.

    No two queries of a single tag are the same.
    """
    documents = [document for document in corpus.documents() if len(document)]
    if not documents:
        return []
    queries = []
    for row in rng.choice(len(documents), min(most // 2, len(documents)), replace=False):
        drawn = rng.permutation(documents[row])[: 2 + rng.integers(MOST_CONTEXT)]
        queries.append(Query(int(drawn[0]), drawn[1:].astype(np.int64)))
    used = np.flatnonzero(corpus.document_frequency)
    nothing = np.empty(0, dtype=np.int64)
    alone = rng.choice(used, min(most // 2, len(used)), replace=False)
    return queries + [Query(int(tag), nothing) for tag in alone]
