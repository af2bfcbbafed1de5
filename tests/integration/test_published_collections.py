"""The loaders over the published collections themselves, where a copy stands beside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.corpora import load_corpus


def test_cal500_has_the_papers_documents_and_tags(
    shared_data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    corpus = load_corpus("cal500", shared_data / "cal500")
    assert corpus.matrix.shape == (502, 158)
    assert corpus.matrix.nnz == 12753
    assert load_corpus("cal500", shared_data / "cal500", all_tags=True).n_tags == 174
    assert corpus.index_to_key[0] == "emotion-angry-agressive"
    assert corpus.document_ids[29] == "song_029"
    assert not caplog.records, "these are the files whose checksums are on record"


def test_mtat_has_its_clips_by_artist(shared_data: Path, caplog: pytest.LogCaptureFixture) -> None:
    corpus = load_corpus("mtat", shared_data / "mtat")
    assert corpus.matrix.shape == (5861, 50)
    assert corpus.groups is not None
    assert len(set(corpus.groups)) == 113
    assert corpus.groups[0] == "d/ambient_teknology"
    assert round(corpus.matrix.nnz / corpus.n_documents, 1) == 3.3
    assert not caplog.records


def test_lastfm_has_the_published_counts_before_and_after_filters(
    shared_data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    corpus = load_corpus("lastfm-hetrec", shared_data / "lastfm-hetrec")
    assert corpus.matrix.shape == (12523, 11940)
    filtered = corpus.filter(min_documents=5, min_tags=3)
    assert (filtered.n_tags, filtered.n_documents) == (2216, 8814)
    assert [int(name) for name in filtered.document_ids] == sorted(map(int, filtered.document_ids))
    assert {"lo-fi", "4ad", "90s", "r'n'b"} <= set(filtered.index_to_key)
    assert not caplog.records


def test_lastfm_counts_are_the_users_behind_each_assignment(shared_data: Path) -> None:
    counted = load_corpus("lastfm-hetrec", shared_data / "lastfm-hetrec", counts=True)
    assert counted.weights is not None
    assert (counted.weights.data.min(), counted.weights.data.max()) == (1, 108)
    lines = (shared_data / "lastfm-hetrec" / "user_taggedartists.dat").read_text().split("\n")[1:]
    left_out = int(counted.provenance.notes[0].partition("(assignments: ")[2].rstrip(")"))
    assert counted.weights.data.sum() == sum(bool(line.strip()) for line in lines) - left_out
    binary = load_corpus("lastfm-hetrec", shared_data / "lastfm-hetrec")
    assert binary.weights is None
    assert (binary.matrix != counted.matrix).nnz == 0


def test_lastfm_merged_spellings_add_one_tag_and_one_artist(shared_data: Path) -> None:
    apart = load_corpus("lastfm-hetrec", shared_data / "lastfm-hetrec").filter(5, 3)
    with_merged = load_corpus("lastfm-hetrec", shared_data / "lastfm-hetrec", merge_spellings=True).filter(
        5, 3
    )
    assert set(with_merged.index_to_key) - set(apart.index_to_key) == {"1st vine"}
    assert with_merged.n_documents == apart.n_documents + 1
