"""Measure the search for spellings of the same tag: seconds and number of candidates.

The tags are those of a collection; up to the requested numbers, more are generated from their words, some
with a missing letter.

    python benchmarks/variants.py --corpus lastfm-hetrec --path lastfm/
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from time import perf_counter

from app.services.explorer.spelling_pairs import find_spelling_pairs
from training.corpora import load_corpus


def main() -> None:
    """Print seconds and candidates for growing numbers of tags."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", default="demo")
    parser.add_argument("--path")
    parser.add_argument("--tags", type=int, nargs="+", default=[5_000, 20_000, 100_000])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    corpus = load_corpus(options.corpus, options.path)
    uses = dict(zip(corpus.index_to_key, corpus.document_frequency.tolist(), strict=True))
    report(f"{options.corpus}", uses)
    draw = random.Random(options.seed)
    words = sorted({word for tag in uses for word in tag.split()})
    for n_tags in options.tags:
        while len(uses) < n_tags:
            uses.setdefault(made_up(words, draw), draw.randint(1, 50))
        report("with generated tags", uses)


def made_up(words: list[str], draw: random.Random) -> str:
    """Return a tag of one to three words, a letter of one in ten lost."""
    tag = " ".join(draw.choices(words, k=draw.choice([1, 2, 2, 3])))
    if draw.random() < 0.1:
        place = draw.randrange(len(tag))
        tag = (tag[:place] + tag[place + 1 :]).strip() or tag
    return tag


def report(name: str, uses: dict[str, int]) -> None:
    """Search for spellings and print seconds and candidates."""
    started = perf_counter()
    found = find_spelling_pairs(uses)
    seconds = perf_counter() - started
    kinds = ", ".join(f"{n} {kind}" for kind, n in Counter(variant.kind for variant in found).most_common())
    print(f"{name}: {len(uses)} tags, {seconds:.2f} s, {len(found)} candidates ({kinds})")


if __name__ == "__main__":
    main()
