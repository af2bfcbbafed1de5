"""Measure how much of the ranking the served map preserves, and simpler maps.

    python benchmarks/projection.py [--bundle DIR] [--queries 300]

For queries drawn from the demo corpus (one tag, up to four of context), the part of the ten best tags that
are among the ten, and the thirty, closest to the query on the map; means over queries. Needs the training
extra, and a bundle with a map over the demo corpus.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA

from models.bundle import Bundle, load_bundle
from models.encoders.contract import Query
from models.index import TagSearch
from training.corpora import load_corpus

DEMO = Path(__file__).resolve().parent.parent / "models" / "artifacts" / "demo"

Drawn = tuple[np.ndarray, np.ndarray]
"""Places of all tags, (n_tags, 2), and of the query, (2,)."""


def contextual(bundle: Bundle, query: Query) -> np.ndarray:
    """Return every tag's vector in the query's context: as a candidate, or where those stay, as a query."""
    encoder, context = bundle.encoder, query.local_context
    if encoder.contextual_candidates:
        return encoder.candidates(context)
    tags = list(range(len(bundle.vocabulary)))
    return encoder.encode([Query(tag, context) for tag in tags], with_added=False).vectors


def shown(drawn: Drawn, best: np.ndarray, seen: np.ndarray, among: int) -> float:
    places, query = drawn
    apart = np.linalg.norm(places - query, axis=1)
    apart[seen] = np.inf
    return float(np.isin(best, np.argsort(apart)[:among]).mean())


def draw_queries(bundle: Bundle, n: int) -> list[np.ndarray]:
    """Return tags of demo documents, the query first."""
    rng, corpus, known = np.random.default_rng(5), load_corpus("demo"), bundle.vocabulary.key_to_index
    column = np.asarray([known.get(key, -1) for key in corpus.index_to_key])
    bags = [column[tags][column[tags] >= 0] for tags in corpus.documents()]
    bags = [bag for bag in bags if len(bag) > 1]
    return [rng.permutation(bags[row])[: 1 + rng.integers(5)] for row in rng.choice(len(bags), n)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, default=DEMO)
    parser.add_argument("--queries", type=int, default=300)
    options = parser.parse_args()
    bundle = load_bundle(options.bundle)
    projection = bundle.projection
    if projection is None:
        raise SystemExit(f"{options.bundle} has no map")
    drawn = draw_queries(bundle, options.queries)
    queries = [Query(int(tags[0]), tags[1:]) for tags in drawn]
    axes = PCA(2, random_state=0).fit(np.concatenate([contextual(bundle, query) for query in queries[:40]]))
    held = axes.explained_variance_ratio_.sum()
    print(f"two principal axes of contextual vectors hold {held:.0%} of their variance")
    search, n_tags = TagSearch(bundle.encoder), len(bundle.vocabulary)
    spent, found = 0.0, {}
    for query, seen in zip(queries, drawn, strict=True):
        ranking = search.search([query], n_tags, [seen])[0]
        started = time.perf_counter()
        placed = projection.place(ranking.indices, ranking.scores)
        spent += time.perf_counter() - started
        flat = axes.transform(contextual(bundle, query))
        maps = {
            "served": (placed.places, placed.query),
            "positions alone": (projection.positions, projection.positions[query.tag]),
            "two principal axes": (flat, flat[query.tag]),
        }
        for name, one in maps.items():
            found.setdefault(name, []).append(
                [shown(one, ranking.indices[:10], seen, among) for among in (10, 30)]
            )
    for name, parts in found.items():
        ten, thirty = np.mean(parts, axis=0)
        print(f"{name}: {ten:.3f} of the best ten are among the ten closest, {thirty:.3f} among the thirty")
    print(f"placing {n_tags} tags: {1000 * spent / len(queries):.2f} ms a query")


if __name__ == "__main__":
    main()
