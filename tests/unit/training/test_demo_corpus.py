"""The demo corpus: what it promises, and that its ambiguous tags are ambiguous."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.errors import CorpusError
from models.normalizer import normalize_tag
from training.corpora import load_corpus
from training.corpora.demo.knowledge import read_folksonomy, read_scenes
from training.corpus import TagCorpus

# SHA-256 of the default documents; a change of the scenes or of the generator changes it on purpose,
# and then the shipped bundle has to be trained again.
DIGEST = "f71d384b6cc7e9e7675b51512dfb52c1f49ae6239018a3b924554b8f6a50eee1"

FOLKSONOMY = read_folksonomy()

# A tag, and two contexts that it means different things in.
AMBIGUOUS = [
    ("lo-fi", ["hip hop"], ["indie rock", "garage rock"]),
    ("lo-fi", ["hip hop"], ["black metal"]),
    ("hardcore", ["punk"], ["gabber", "rave", "techno"]),
    ("hardcore", ["punk"], ["hip hop"]),
    ("hardcore", ["gabber", "rave"], ["hip hop"]),
    ("garage", ["garage rock"], ["uk garage", "house"]),
    ("trance", ["electronic"], ["gnawa", "qawwali", "african"]),
    ("classical", ["indian classical"], ["romantic", "baroque", "symphony"]),
    ("acoustic", ["singer-songwriter"], ["blues", "country blues"]),
    ("acoustic", ["classical guitar", "flamenco"], ["singer-songwriter"]),
    ("progressive", ["prog rock"], ["house"]),
    ("industrial", ["techno"], ["industrial metal"]),
    ("swing", ["jazz"], ["r&b"]),
    ("drone", ["ambient"], ["doom metal"]),
    ("house", ["amapiano", "kwaito"], ["trance", "progressive house"]),
    ("bass", ["drum and bass", "dubstep"], ["funk", "rock"]),
    ("soul", ["house"], ["motown", "southern soul"]),
    ("minimal", ["techno"], ["coldwave", "minimal wave"]),
    ("minimal", ["techno"], ["classical", "modern classical"]),
    ("jungle", ["drum and bass"], ["footwork", "gabber", "breakcore"]),
    ("dub", ["techno"], ["reggae"]),
    ("folk", ["metal"], ["singer-songwriter"]),
    ("folk", ["punk"], ["world"]),
    ("noise", ["industrial"], ["indie rock", "noise rock"]),
    ("ambient", ["electronic"], ["black metal", "metal"]),
    ("fusion", ["jazz fusion"], ["turkish"]),
    ("electro", ["detroit techno", "old school hip hop"], ["electro house", "electroclash"]),
    ("emo", ["rap"], ["punk", "post-hardcore"]),
    ("acid", ["trance", "psytrance"], ["acid house"]),
    ("funk", ["funk carioca", "baile funk", "brazilian funk"], ["soul"]),
    ("opera", ["chinese", "peking opera", "chinese opera"], ["classical"]),
]


@pytest.fixture(scope="module")
def corpus() -> TagCorpus:
    return load_corpus("demo")


@pytest.fixture(scope="module")
def large() -> TagCorpus:
    """Enough documents that two rare tags meet often enough to be measured."""
    return load_corpus("demo", n_documents=40_000)


def _written(corpus: TagCorpus) -> list[str]:
    return [
        "|".join([name, group, *(corpus.index_to_key[tag] for tag in tags)])
        for name, group, tags in zip(
            corpus.document_ids, corpus.groups or (), corpus.documents(), strict=True
        )
    ]


def _all_spellings(tags: Sequence[str]) -> list[str]:
    spellings = FOLKSONOMY.spellings
    return [*tags, *chain.from_iterable(spellings.get(tag, ()) for tag in tags)]


def _columns(corpus: TagCorpus, tags: Sequence[str]) -> npt.NDArray[np.int64]:
    return corpus.vocabulary.indices(tag for tag in _all_spellings(tags) if tag in corpus.vocabulary)


def _rows_with(corpus: TagCorpus, tags: Sequence[str]) -> npt.NDArray[np.bool_]:
    return np.asarray(corpus.matrix[:, _columns(corpus, tags)].sum(axis=1) > 0)


def _neighbours(corpus: TagCorpus, rows: npt.ArrayLike, without: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return how the tags beside `without` are distributed over `rows`."""
    counts = np.asarray(corpus.matrix[np.flatnonzero(rows)].sum(axis=0), np.float64)
    counts[_columns(corpus, without)] = 0.0
    return counts / counts.sum()


def _divergence(p: npt.NDArray[np.float64], q: npt.NDArray[np.float64]) -> float:
    """Return the Jensen-Shannon divergence in bits: 0 for equal, 1 for disjoint distributions."""
    middle = (p + q) / 2

    def relative_entropy(a: npt.NDArray[np.float64]) -> float:
        held = a > 0
        return float(np.sum(a[held] * np.log2(a[held] / middle[held])))

    return (relative_entropy(p) + relative_entropy(q)) / 2


def _split_divergence(
    corpus: TagCorpus, one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_], hidden: Sequence[str]
) -> float:
    return _divergence(_neighbours(corpus, one, hidden), _neighbours(corpus, other, hidden))


def test_it_is_as_large_and_as_varied_as_it_says(corpus: TagCorpus) -> None:
    sizes = np.diff(corpus.matrix.indptr)
    assert corpus.n_documents == 10_000
    assert int(np.sum(corpus.document_frequency >= 10)) >= 300
    assert 3 <= sizes.min() <= sizes.max() <= 21
    assert 5 <= np.median(sizes) <= 9
    assert np.mean(sizes > 14) > 0.02


def test_its_tags_are_long_tailed(corpus: TagCorpus) -> None:
    falling = np.sort(corpus.document_frequency)[::-1]
    assert falling[: len(falling) // 10].sum() > 0.5 * falling.sum()
    assert np.mean(falling <= 3) > 0.2
    assert falling[0] < 0.35 * corpus.n_documents


def test_the_same_seed_gives_the_same_documents_and_another_seed_others(corpus: TagCorpus) -> None:
    written = _written(corpus)
    assert _written(load_corpus("demo", seed=0)) == written
    assert _written(load_corpus("demo", seed=1)) != written
    assert hashlib.sha256("\n".join(written).encode()).hexdigest() == DIGEST


def test_fewer_documents_are_the_first_of_more(corpus: TagCorpus) -> None:
    few = load_corpus("demo", n_documents=50)
    assert _written(few) == _written(corpus)[:50]


def test_names_are_invented_distinct_and_the_same_every_time() -> None:
    numbered = load_corpus("demo", n_documents=3000, seed=5)
    named = load_corpus("demo", n_documents=3000, seed=5, names=True)
    assert named.document_ids == load_corpus("demo", n_documents=3000, seed=5, names=True).document_ids
    assert len(set(named.document_ids)) == 3000
    assert named.groups is not None
    assert numbered.groups is not None
    assert len(set(named.groups)) == len(set(numbered.groups))
    for track, artist in zip(named.document_ids, named.groups, strict=True):
        assert track.startswith(f"{artist} - ")
    assert (named.matrix != numbered.matrix).nnz == 0


def test_artists_hold_several_tracks_of_one_scene(corpus: TagCorpus) -> None:
    assert corpus.groups is not None
    tracks = np.unique(corpus.groups, return_counts=True)[1]
    assert 2 <= tracks.mean() <= 6
    assert tracks.max() <= 12
    scenes = read_scenes()
    assert {group.rsplit("-", 1)[0] for group in corpus.groups} <= set(scenes)


def test_every_scene_has_artists(large: TagCorpus) -> None:
    assert large.groups is not None
    assert {group.rsplit("-", 1)[0] for group in large.groups} == set(read_scenes())


@pytest.mark.parametrize(("tag", "here", "there"), AMBIGUOUS)
def test_an_ambiguous_tag_has_other_neighbours_in_another_context(
    large: TagCorpus, tag: str, here: list[str], there: list[str]
) -> None:
    hidden = [tag, *here, *there]
    holds = _rows_with(large, [tag])
    here_rows = holds & _rows_with(large, here) & ~_rows_with(large, there)
    there_rows = holds & _rows_with(large, there) & ~_rows_with(large, here)
    assert here_rows.sum() >= 8
    assert there_rows.sum() >= 8
    # Small samples differ by chance: the same documents, dealt at random, say by how much.
    both = np.flatnonzero(here_rows | there_rows)
    by_chance = []
    for seed in range(10):
        dealt = np.zeros_like(here_rows)
        dealt[np.random.default_rng(seed).permutation(both)[: here_rows.sum()]] = True
        by_chance.append(_split_divergence(large, dealt, (here_rows | there_rows) & ~dealt, hidden))
    observed = _split_divergence(large, here_rows, there_rows, hidden)
    assert observed > max(by_chance) + 0.04
    assert observed > 0.5


def test_a_tag_that_means_one_thing_keeps_its_neighbours(large: TagCorpus) -> None:
    """Not every tag passes the test above: a straight kick drum means the same with and without "dance"."""
    holds = _rows_with(large, ["four on the floor"])
    here = holds & _rows_with(large, ["dance"])
    assert _split_divergence(large, here, holds & ~here, ["four on the floor", "dance"]) < 0.2


def test_people_spell_tags_in_several_ways(corpus: TagCorpus) -> None:
    for tag, others in [
        ("hip hop", ("hip-hop", "hiphop")),
        ("r&b", ("rnb", "r'n'b")),
        ("drum and bass", ("dnb", "drum n bass")),
        ("female vocals", ("female vocalists",)),
        ("80s", ("1980s", "eighties")),
        ("lo-fi", ("lofi",)),
    ]:
        frequency = {t: int(corpus.document_frequency[_one(corpus, t)]) for t in (tag, *others)}
        assert all(frequency.values()), frequency
        assert frequency[tag] == max(frequency.values()), frequency


def _one(corpus: TagCorpus, tag: str) -> int:
    return corpus.vocabulary.key_to_index[tag]


def test_junk_is_there_but_rare(corpus: TagCorpus) -> None:
    rows = _rows_with(corpus, read_folksonomy().junk)
    assert 0.02 < rows.mean() < 0.08


def test_every_tag_is_normalised() -> None:
    folksonomy = read_folksonomy()
    tags = [*folksonomy.junk, *folksonomy.spellings, *chain.from_iterable(folksonomy.spellings.values())]
    for scene in read_scenes().values():
        tags += [tag for field in scene.fields.values() for tag in chain.from_iterable(field)]
    assert [tag for tag in tags if not tag or normalize_tag(tag) != tag] == []


def test_every_scene_is_well_formed() -> None:
    scenes = read_scenes()
    for scene in scenes.values():
        assert scene.weight > 0, scene.name
        assert scene.near, scene.name
        assert len(set(scene.near)) == len(scene.near), scene.name
        assert [near for near in scene.near if near not in scenes or near == scene.name] == [], scene.name
        for field, alternatives in scene.fields.items():
            for tags in alternatives:
                assert len(set(tags)) == len(tags), (scene.name, field)


def test_every_spelling_belongs_to_a_tag_of_a_scene() -> None:
    used = {
        tag
        for scene in read_scenes().values()
        for field in scene.fields.values()
        for tag in chain.from_iterable(field)
    }
    assert [tag for tag in read_folksonomy().spellings if tag not in used] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"path": "somewhere"}, "no path.*somewhere"),
        ({"seed": -1}, "0 or more; got -1"),
        ({"n_documents": 0}, "1 to 1000000 documents; got 0"),
    ],
)
def test_what_it_cannot_be_given_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        load_corpus("demo", **options)
