"""The completion protocol on the published collections: every method, every fold, one table.

    python benchmarks/completion.py --data DIR --out DIR [--corpora cal500,mtat] [--methods completion,edlae]

DIR of the data holds a folder a collection (cal500, mtat, lastfm-hetrec), each in its publisher's layout.
Prints Markdown and writes it to OUT/completion.md, with every metric of every fold in OUT/completion.json. A
result is kept in OUT/cells as soon as it is known, and a run that was ended goes on from there.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from training.corpora import load_corpus
from training.evaluation import cross_validation as evaluation
from training.evaluation.cell import Cell

OURS, RIVAL = "completion", "edlae"
# Collection: (least documents of a tag, least tags of a document), then what "ease" and "edlae" stand for:
# the penalties that were published for it.
CORPORA: dict[str, tuple[tuple[int, int], dict[str, str]]] = {
    "cal500": ((1, 1), {"ease": "ease-300", "edlae": "edlae-30-.7"}),
    "mtat": ((1, 1), {"ease": "ease-10", "edlae": "edlae-30-.5"}),
    "lastfm-hetrec": ((5, 3), {"ease": "ease-30", "edlae": "edlae-30-.7"}),
}
TAG_METHODS = (
    *("popularity", "conditional", "cosine", "lsa", "lsa-context", "item-knn", "naive-bayes"),
    *("word2vec-in-out", "mult-vae", "ease", "edlae", "completion-a", "completion"),
)
# Left out of the OOV conditions: most of them do not support unseen tags, and the siamese ones are slow to
# train.
PEERS = ("single-lit", "siamese-lit", "siamese-prediction", "siamese-ext")
NAMES_ONLY = ("text-embedding", "text-embedding-context")
# Where a peer is slow to train: the folds it is run on.
FOLDS: dict[tuple[str, str], Sequence[int]] = {("lastfm-hetrec", name): (0,) for name in PEERS}
ALL = (*TAG_METHODS, *PEERS, *NAMES_ONLY)
CONDITIONS = ("clean", "distractor", "query-only")
UNSEEN = ("OOV", "OOV context-only", "OOV alone")

Found = dict[str, dict[int, Cell]]


def run(
    corpus_name: str, data: Path, out: Path, wanted: Sequence[str], folds: Sequence[int], jobs: int
) -> Found:
    """Return the cells of every wanted method on one collection, by its name here."""
    filtered, stands_for = CORPORA[corpus_name]
    corpus = load_corpus(corpus_name, data / corpus_name).filter(*filtered)
    found: Found = {}
    for name in wanted:
        settings = evaluation.default_settings(corpus, unseen_tags=name in TAG_METHODS)
        method = stands_for.get(name, name)
        asked = [fold for fold in folds if fold in FOLDS.get((corpus_name, name), folds)]
        cells = evaluation.evaluate(
            corpus, "completion", [method], settings, jobs, out / "cells", folds=asked
        )
        if cells[method]:
            found[name] = cells[method]
            clean = ", ".join(f"{cell.metrics['clean nDCG@10']:.3f}" for cell in found[name].values())
            print(f"{corpus_name}: {name} {clean}", flush=True)
    return found


def table(found: dict[str, Found], conditions: Sequence[str]) -> str:
    """Return nDCG@10 as Markdown: a row per method, a column per collection."""
    names = [
        name for name in (*TAG_METHODS, *PEERS, *NAMES_ONLY) if any(name in one for one in found.values())
    ]
    rows = [
        f"| method | {' | '.join(found)} |",
        "| --- |" + " --- |" * len(found),
    ]
    for name in names:
        cells = [_figures(one.get(name, {}), conditions) for one in found.values()]
        if any(cells):
            rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _figures(cells: dict[int, Cell], conditions: Sequence[str]) -> str:
    metrics = [f"{condition} nDCG@10" for condition in conditions]
    if not cells or not all(metrics[0] in cell.metrics for cell in cells.values()):
        return ""
    means = [np.mean([cell.metrics[metric] for cell in cells.values()]) for metric in metrics]
    few = "" if len(cells) == 3 else f" (folds {', '.join(str(fold) for fold in cells)})"
    return " / ".join(f"{mean:.3f}" for mean in means) + few


def verdict(found: dict[str, Found]) -> list[str]:
    """Return sentences that compare `OURS` with `RIVAL` by fold, and with every other method by mean."""
    lines, ahead, n_cells = [], 0, 0
    for corpus, methods in found.items():
        if OURS not in methods:
            continue
        ours = {fold: cell.metrics["clean nDCG@10"] for fold, cell in methods[OURS].items()}
        if RIVAL in methods:
            theirs = methods[RIVAL]
            gains = [ours[fold] - theirs[fold].metrics["clean nDCG@10"] for fold in ours if fold in theirs]
            ahead, n_cells = ahead + sum(gain > 0 for gain in gains), n_cells + len(gains)
            each = ", ".join(f"{gain:+.4f}" for gain in gains)
            lines.append(f"{corpus}: {OURS} less {RIVAL}, fold by fold: {each}")
        for name, cells in methods.items():
            reached = {fold: cell.metrics["clean nDCG@10"] for fold, cell in cells.items()}
            shared = sorted(ours.keys() & reached.keys())
            if name not in (OURS, "completion-a") and _mean(reached, shared) >= _mean(ours, shared):
                lines.append(f"{corpus}: {name} is not behind: {_mean(reached, shared):.4f}")
    lines.append(f"{OURS} is ahead of {RIVAL} in {ahead} of {n_cells} cells")
    return lines


def _mean(values: dict[int, float], folds: Sequence[int]) -> float:
    return float(np.mean([values[fold] for fold in folds]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--corpora", default=",".join(CORPORA))
    parser.add_argument("--methods", default=",".join(ALL))
    parser.add_argument("--folds", default="0,1,2")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    wanted, folds = options.methods.split(","), [int(fold) for fold in options.folds.split(",")]
    found = {
        corpus: run(corpus, options.data, options.out, wanted, folds, options.jobs)
        for corpus in options.corpora.split(",")
    }
    heading = "nDCG@10, means of three grouped folds"
    text = "\n\n".join(
        [
            f"{heading}: {', '.join(CONDITIONS)}\n\n{table(found, CONDITIONS)}",
            f"{heading}: {', '.join(UNSEEN)}\n\n{table(found, UNSEEN)}",
            "\n".join(verdict(found)),
        ]
    )
    everything = {
        corpus: {
            name: {fold: dict(cell.metrics) for fold, cell in cells.items()}
            for name, cells in methods.items()
        }
        for corpus, methods in found.items()
    }
    (options.out / "completion.md").write_text(text + "\n", encoding="utf-8")
    (options.out / "completion.json").write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
    print(f"\n{text}")


if __name__ == "__main__":
    main()
