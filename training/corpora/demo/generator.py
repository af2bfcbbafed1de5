"""Invented artists and their tracks, drawn from the scenes.

An artist belongs to one scene and may lean towards one near it; home, era and voice are the artist's,
mood and the rest vary from track to track. A track's tags are a weighted draw without replacement, in
which the earlier a scene lists a tag the likelier it is. Only uniform doubles are taken from PCG64, so
that a seed means the same documents under every NumPy release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np

from models.catalogues.document import Document
from training.corpora.demo.knowledge import PER_ARTIST, Folksonomy, Scene

# How much of a bag each field of a scene claims: people name the genre first.
SHARES = {
    "genres": 6.0,
    "moods": 0.9,
    "instruments": 0.9,
    "sound": 0.9,
    "places": 0.4,
    "vocals": 0.35,
    "eras": 0.4,
    "uses": 0.35,
    "tempo": 0.2,
    "rare": 0.15,
}
# How many times the share of a field that a scene lists as frequent is.
FREQUENT = 3.0
LEANING_FIELDS = ("genres", "moods", "instruments", "sound", "uses")
P_LEANS = 0.25
LEANING_SHARE = 0.3
P_OTHER_SPELLING = 0.2
P_RARE_SPELLING = 0.02
P_JUNK = 0.05
MAX_TRACKS = 12
P_ANOTHER_TRACK = 0.72
SMALLEST_BAG, LARGEST_BAG = 3, 20

# A gamma-like hump: most bags hold 4 to 8 tags, few hold 20.
BAG_WEIGHTS = [(n - 2) * 0.75 ** (n - 3) for n in range(SMALLEST_BAG, LARGEST_BAG + 1)]


def generate(
    scenes: Mapping[str, Scene], folksonomy: Folksonomy, seed: int, n_documents: int
) -> list[Document]:
    """Invent `n_documents` tracks, artist by artist."""
    rng = np.random.Generator(np.random.PCG64(seed))
    names = list(scenes)
    weights = [scenes[name].weight for name in names]
    documents: list[Document] = []
    artist = 0
    while len(documents) < n_documents:
        artist += 1
        scene = scenes[names[_pick(rng, weights)]]
        group = f"{scene.name}-{artist:05d}"
        pool = _artist_pool(rng, scene, scenes)
        for track in range(1, MAX_TRACKS + 1):
            tags = _spelled(rng, _bag(rng, pool), folksonomy)
            documents.append(Document.of(f"{group}-{track:02d}", tags, group))
            if rng.random() >= P_ANOTHER_TRACK:
                break
    return documents[:n_documents]


def _artist_pool(rng: np.random.Generator, scene: Scene, scenes: Mapping[str, Scene]) -> dict[str, float]:
    """Return the weight of every tag a track of one new artist may get."""
    pool: dict[str, float] = {}
    _pour(rng, pool, scene, tuple(SHARES), 1.0)
    if scene.near and rng.random() < P_LEANS:
        other = scenes[scene.near[_pick(rng, _zipf(len(scene.near)))]]
        _pour(rng, pool, other, LEANING_FIELDS, LEANING_SHARE)
    return pool


def _pour(
    rng: np.random.Generator, pool: dict[str, float], scene: Scene, fields: Sequence[str], share: float
) -> None:
    for field in fields:
        alternatives = scene.fields[field]
        tags = alternatives[_pick(rng, _zipf(len(alternatives))) if field in PER_ARTIST else 0]
        if not tags:
            continue
        ranks = _zipf(len(tags))
        claimed = SHARES[field] * (FREQUENT if field in scene.frequent else 1.0)
        for tag, weight in zip(tags, ranks, strict=True):
            pool[tag] = pool.get(tag, 0.0) + share * claimed * weight / sum(ranks)


def _bag(rng: np.random.Generator, pool: Mapping[str, float]) -> list[str]:
    """Draw a track's tags without replacement, likelier tags first on average."""
    size = SMALLEST_BAG + _pick(rng, BAG_WEIGHTS)
    tags = list(pool)
    # The smallest of exponential waiting times are a weighted sample without replacement
    # (Efraimidis and Spirakis 2006). 1 - u is never 0.
    waits = -np.log(1.0 - rng.random(len(tags))) / np.fromiter(pool.values(), np.float64)
    return [tags[i] for i in np.argsort(waits, kind="stable")[:size]]


def _spelled(rng: np.random.Generator, tags: Sequence[str], folksonomy: Folksonomy) -> list[str]:
    """Write each tag as this document's tagger does, and now and then add one that is about no music."""
    written = []
    for tag in tags:
        others = folksonomy.spellings.get(tag, ())
        share = P_RARE_SPELLING if tag in folksonomy.rarely_varied else P_OTHER_SPELLING
        if others and rng.random() < share:
            written.append(others[_pick(rng, _zipf(len(others)))])
        else:
            written.append(tag)
    if rng.random() < P_JUNK:
        written.append(folksonomy.junk[_pick(rng, _zipf(len(folksonomy.junk)))])
    return written


def _zipf(n: int) -> list[float]:
    return [1.0 / rank for rank in range(1, n + 1)]


def _pick(rng: np.random.Generator, weights: Sequence[float]) -> int:
    """Return a position with probability in proportion to its weight."""
    bounds = list(accumulate(weights))
    place = rng.random() * bounds[-1]
    return next((i for i, bound in enumerate(bounds) if place < bound), len(bounds) - 1)
