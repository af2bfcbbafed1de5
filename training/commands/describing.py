"""A collection in figures: for a terminal, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.corpus import TagCorpus

SHOWN = 10


def described(corpus: TagCorpus) -> dict[str, Any]:
    """Return a collection's figures and where it comes from, as JSON has them."""
    import numpy as np

    sizes = np.diff(corpus.matrix.indptr)
    n_cells = max(1, corpus.n_documents * corpus.n_tags)
    weights = None
    if corpus.weights is not None:
        weights = {"least": float(corpus.weights.data.min()), "most": float(corpus.weights.data.max())}
    return {
        "name": corpus.name,
        "documents": corpus.n_documents,
        "without_tags": int(np.count_nonzero(sizes == 0)),
        "tags": corpus.n_tags,
        "unused_tags": int(np.count_nonzero(corpus.document_frequency == 0)),
        "assignments": int(corpus.matrix.nnz),
        "density": corpus.matrix.nnz / n_cells,
        "tags_per_document": {
            "mean": float(sizes.mean()),
            "median": float(np.median(sizes)),
            "most": int(sizes.max()),
        },
        "groups": None if corpus.groups is None else len(set(corpus.groups)),
        "weights": weights,
        "commonest": [{"tag": tag, "documents": n} for tag, n in _commonest(corpus)],
        "source": corpus.provenance.source,
        "citation": corpus.provenance.citation,
        "licence": corpus.provenance.licence,
        "files": dict(corpus.provenance.files),
        "notes": list(corpus.provenance.notes),
    }


def counted(corpus: TagCorpus) -> Iterator[tuple[str, str]]:
    """Yield a collection's figures, a label and a text a line."""
    found = described(corpus)
    yield "documents", f"{found['documents']:,}"
    if found["without_tags"]:
        yield "", f"{found['without_tags']:,} of them without a tag"
    yield "tags", f"{found['tags']:,}"
    if found["unused_tags"]:
        yield "", f"{found['unused_tags']:,} of them on no document"
    yield "assignments", f"{found['assignments']:,}"
    yield "density", f"{found['density']:.4%}"
    a_document = found["tags_per_document"]
    yield (
        "tags a document",
        f"mean {a_document['mean']:.1f}, median {a_document['median']:.0f}, most {a_document['most']}",
    )
    if found["groups"] is not None:
        yield "groups", f"{found['groups']:,}"
    if found["weights"] is not None:
        yield "weights", f"{found['weights']['least']:g} to {found['weights']['most']:g}"
    yield "commonest tags", ", ".join(f"{use['tag']} ({use['documents']:,})" for use in found["commonest"])


def _commonest(corpus: TagCorpus) -> list[tuple[str, int]]:
    import numpy as np

    order = np.argsort(-corpus.document_frequency, kind="stable")[:SHOWN]
    return [(corpus.index_to_key[tag], int(corpus.document_frequency[tag])) for tag in order]


def origin(corpus: TagCorpus, recorded: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    """Yield where a collection comes from; `recorded` holds the SHA-256 on record, by file."""
    for note in corpus.provenance.notes:
        yield "note", note
    for file, digest in corpus.provenance.files.items():
        on_record = recorded.get(file)
        verdict = "none on record" if on_record is None else "as on record"
        if on_record not in (None, digest):
            verdict = "NOT the one on record"
        yield file, f"SHA-256 {digest} ({verdict})"
    yield "source", corpus.provenance.source
    yield "citation", corpus.provenance.citation
    yield "licence", corpus.provenance.licence
