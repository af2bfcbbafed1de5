"""Held-out splits: what is drawn, by document or by group, and that nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from models.catalogues.document import Document
from models.errors import TrainingError
from training.corpus import Provenance, TagCorpus
from training.fitting.held_out import (
    hold_out,
    hold_out_documents,
    hold_out_groups,
    validation_queries,
    with_permuted_contexts,
)
from training.fitting.usage import count_usages

Split = Callable[[TagCorpus, int], tuple[TagCorpus, TagCorpus]]


def corpus(grouped: bool = True) -> TagCorpus:
    documents = [
        Document(f"d{i:03d}", (f"t{i % 5}", "u"), group=f"artist {i // 5}" if grouped else None)
        for i in range(100)
    ]
    return TagCorpus.from_documents("hundred", documents, Provenance("made here", "", ""))


SPLITS: dict[str, Split] = {
    "a tenth of the documents": lambda corpus, seed: hold_out(corpus, seed),
    "a share of the groups": lambda corpus, seed: hold_out_groups(corpus, 0.2, seed),
    "a share of the documents": lambda corpus, seed: hold_out_documents(corpus, 0.2, seed),
}


@pytest.mark.parametrize("name", SPLITS)
@pytest.mark.parametrize("grouped", [True, False])
def test_every_document_is_on_one_side_in_corpus_order(name: str, grouped: bool) -> None:
    whole = corpus(grouped)
    training, validation = SPLITS[name](whole, 3)
    assert sorted([*training.document_ids, *validation.document_ids]) == list(whole.document_ids)
    for part in (training, validation):
        assert list(part.document_ids) == sorted(part.document_ids)
    assert 5 <= validation.n_documents <= 25
    assert SPLITS[name](whole, 3)[1].document_ids == validation.document_ids
    assert SPLITS[name](whole, 4)[1].document_ids != validation.document_ids


@pytest.mark.parametrize("split", [hold_out, partial(hold_out_groups, share=0.2)])
def test_no_group_is_on_both_sides(split: Split) -> None:
    training, validation = split(corpus(), seed=1)  # type: ignore[call-arg]
    assert training.groups is not None
    assert validation.groups is not None
    assert not set(training.groups) & set(validation.groups)


def test_the_drawn_documents_are_the_published_ones() -> None:
    """Figures in the documentation rest on these draws."""
    whole = corpus(grouped=False)
    assert hold_out(whole, 0)[1].document_ids[:4] == ("d002", "d016", "d026", "d054")
    assert hold_out_groups(whole, 0.05, 0)[1].document_ids == ("d005", "d020", "d036", "d082", "d093")
    assert hold_out_documents(whole, 0.05, 0)[1].document_ids == ("d002", "d026", "d055", "d075", "d086")


def test_one_group_cannot_be_parted() -> None:
    documents = [Document(f"d{i}", ("a",), group="one artist") for i in range(4)]
    with pytest.raises(TrainingError, match="has 1 group of documents; validation needs 2"):
        hold_out(TagCorpus.from_documents("one", documents, Provenance("made here", "", "")), 0)


def test_a_permuted_context_joins_what_is_not_hidden() -> None:
    documents = [Document(f"d{i}", tuple(f"t{j:02d}" for j in range(4 * i, 4 * i + 4))) for i in range(6)]
    whole = TagCorpus.from_documents("six", documents, Provenance("made here", "", ""))
    queries = validation_queries(whole, 0)
    for query, noisy in zip(queries, with_permuted_contexts(queries, 0), strict=True):
        assert (noisy.tag, noisy.document) == (query.tag, query.document)
        assert set(query.context) <= set(noisy.context)
        assert not set(noisy.context) & set(query.hidden)
        np.testing.assert_array_equal(noisy.seen, noisy.context)


def test_usages_are_counted_over_the_vocabularys_own_numbering() -> None:
    documents = [Document("1", ("a", "b", "x")), Document("2", ("b", "x")), Document("3", ("a", "c"))]
    whole = TagCorpus.from_documents(
        "three", documents, Provenance("made here", "", ""), ["a", "b", "c", "x", "y"]
    )
    of_x, of_y = count_usages(whole, np.array([3, 4]), np.array([0, 1, 2]))
    assert (of_x.n_documents, of_x.indices.tolist(), of_x.counts.tolist()) == (2, [0, 1], [1.0, 2.0])
    assert (of_y.n_documents, of_y.indices.tolist()) == (0, [])
