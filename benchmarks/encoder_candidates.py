"""Compare candidate encoders with the recipe's own on validation documents of the completion protocol.

    python benchmarks/encoder_candidates.py cal500 --path cal500/ --out candidates/
    python benchmarks/encoder_candidates.py mtat --path mtat/ --out candidates/ --candidates "InfoNCE,turns"

Test folds are never used: the training documents of each fold are divided into five parts, and the first
`--parts` of them serve as validation documents in turn. Every candidate has the linear term and, unless it
says otherwise, the mix of the recipe's defaults without damping and without co-occurrence shares for a lone
tag, as before the recipe adopted "damped linear term" and "shares of a lone tag".

The table shows mean differences to "recipe" in nDCG@10, the standard error over documents, and the number of
folds in which the candidate is ahead. Results are stored in `--out`; a stopped run continues from them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from encoder_mixes import RULES, Blend, as_recipe, log_odds
from encoder_networks import Towers
from encoder_trainings import TRAININGS, Training
from torch import Tensor

from models.encoders.linear_term import LinearTerm
from models.protocols.completion import CompletionQuery, clean_queries, evaluate_completion, split_documents
from models.protocols.completion_conditions import distractor_queries, query_only
from training.baselines.completion import CompletionMethod
from training.completion.cooccurrence_shares import cooccurrence_shares
from training.completion.features import count_features
from training.completion.mixing import choose_linear
from training.corpora import load_corpus
from training.corpus import TagCorpus
from training.evaluation.completion import FOLD_SEED
from training.evaluation.cross_validation import default_settings
from training.fitting.counts import cooccurrence, duplicate_weights
from training.fitting.held_out import validation_queries
from training.fitting.linear_solver import solve_dense
from training.fitting.run import Run

PARTS, PART_SEED, QUERY_SEED = 5, 1234, 500
DAMPING = 0.1
FILTERS = {"lastfm-hetrec": (5, 3)}


@dataclass(frozen=True)
class ValidationPart:
    """A fold's training documents without one of their parts, and queries from that part."""

    rest: TagCorpus
    linear: LinearTerm
    evidence: Tensor
    shares: Tensor
    queries: dict[str, list[CompletionQuery]]
    steps: int | None

    @classmethod
    def make(cls, corpus: TagCorpus, fold: int, part: int, steps: int | None) -> ValidationPart:
        training = corpus.select(corpus.grouped_folds(3, FOLD_SEED)[fold][0])
        rest_rows, held_rows = training.grouped_folds(PARTS, PART_SEED + fold)[part]
        rest, held_out = training.select(rest_rows), training.select(held_rows)
        splits = split_documents(
            held_out.documents(), QUERY_SEED + fold, default_settings(corpus).completion_min_tags
        )
        clean = clean_queries(splits)
        queries = {
            "clean": clean,
            "distractor": distractor_queries(splits, QUERY_SEED + fold),
            "query-only": query_only(clean),
        }
        recipe = CompletionMethod().recipe
        chosen = choose_linear(rest, recipe, validation_queries(held_out, fold))
        weights = duplicate_weights(rest.matrix)
        counts = cooccurrence(rest.matrix, weights)
        evidence = torch.from_numpy(log_odds(counts.toarray(), float(weights.sum())))
        kept = cooccurrence_shares(rest.matrix, weights, recipe.linear.neighbours)
        rows = torch.from_numpy(np.stack([kept.row(tag) for tag in range(rest.n_tags)]))
        return cls(rest, solve_dense(counts, *chosen), evidence, rows, queries, steps)

    def train(self, training: Training, seed: int) -> Towers:
        changes = dict(training.changes)
        if self.steps is not None:
            fewer = {"steps": self.steps, "epochs": 1, "max_steps": self.steps}
            changes["training"] = {**changes.get("training", {}), **fewer}
        recipe = CompletionMethod(**changes).recipe
        counts = cooccurrence(self.rest.matrix, duplicate_weights(self.rest.matrix))
        features = count_features(counts, recipe.towers.features, seed)
        torch.manual_seed(seed)
        towers = training.towers(features, counts.diagonal(), recipe.towers)
        trainer = training.trainer(towers, self.rest, self.linear, recipe, seed)
        return trainer.train("towers", Run()).towers

    def measure(self, network: Towers, rule: Callable[..., Tensor]) -> dict[str, list[float]]:
        """Return nDCG@10 of every document, by condition."""
        linear = torch.from_numpy(self.linear.values)
        frequent = torch.from_numpy(np.maximum(self.rest.document_frequency, 1)).float()
        damped = linear * frequent**-DAMPING  # by columns: the candidates
        blend = Blend(network, linear, damped, self.evidence, self.shares, rule)
        blend.calibrate(self.queries["clean"][:1_000])
        found = {}
        for condition, queries in self.queries.items():
            values = evaluate_completion(blend, queries, self.rest.document_frequency).by_document["nDCG@10"]
            found[condition] = values[~np.isnan(values)].tolist()
        return found


def run(
    corpus: TagCorpus, names: Sequence[str], fold: int, part: int, steps: int | None, file: Path
) -> dict[str, dict]:
    """Measure the candidates that `file` does not hold yet, and return the results of all."""
    known = json.loads(file.read_text()) if file.exists() else {}
    missing = [name for name in names if name not in known]
    if not missing:
        return known
    part_of_fold, networks = ValidationPart.make(corpus, fold, part, steps), {}
    for name in missing:
        started, trained = time.process_time(), name if name in TRAININGS else "recipe"
        if trained not in networks:
            networks[trained] = part_of_fold.train(TRAININGS[trained], fold)
        spent = time.process_time() - started
        known[name] = {
            "seconds": spent,
            **part_of_fold.measure(networks[trained], RULES.get(name, as_recipe)),
        }
        file.write_text(json.dumps(known))
        print(f"{file.stem} {name}: {spent:.0f} s of CPU", flush=True)
    return known


def table(cells: dict[tuple[int, int], dict[str, dict]], names: Sequence[str]) -> str:
    """Return a Markdown table of differences to the first of `names`."""
    conditions = ("clean", "distractor", "query-only")
    lines = [f"| candidate | {' | '.join(conditions)} | CPU |", "|---" * (len(conditions) + 2) + "|"]
    base = names[0]
    for name in names:
        row = []
        for condition in conditions:
            gains = {
                key: np.subtract(cell[name][condition], cell[base][condition]) for key, cell in cells.items()
            }
            pooled = np.concatenate(list(gains.values()))
            folds = sorted({fold for fold, _ in gains})
            by_fold = [
                np.mean([gain.mean() for (f, _), gain in gains.items() if f == fold]) for fold in folds
            ]
            if name == base:
                row.append(f"{np.mean([np.mean(cell[name][condition]) for cell in cells.values()]):.4f}")
                continue
            error = pooled.std(ddof=1) / np.sqrt(len(pooled))
            ahead = sum(gain > 0 for gain in by_fold)
            row.append(f"{np.mean(by_fold):+.4f} ± {error:.4f} [{ahead}/{len(folds)}]")
        cost = np.mean([cell[name]["seconds"] for cell in cells.values()])
        lines.append(f"| {name} | {' | '.join(row)} | {cost:.0f} s |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", help="cal500, mtat, lastfm-hetrec, jsonl, ...")
    parser.add_argument("--path", type=Path, help="the collection's folder or file")
    parser.add_argument("--out", type=Path, required=True, help="folder for what was measured")
    parser.add_argument("--candidates", help=f"comma-separated, of: {', '.join((*TRAININGS, *RULES))}")
    parser.add_argument("--folds", default="0,1,2", help="folds of the completion protocol, from 0 to 2")
    parser.add_argument("--parts", type=int, default=2, help=f"parts that take turns, at most {PARTS}")
    parser.add_argument("--steps", type=int, help="train for so many steps only, to try this script out")
    options = parser.parse_args(arguments)
    everything = [*TRAININGS, *RULES]
    wanted = everything if options.candidates is None else [c.strip() for c in options.candidates.split(",")]
    for name in wanted:
        if name not in everything:
            parser.error(f"candidate {name!r} is unknown; known: {', '.join(everything)}")
    names = ["recipe", *(name for name in wanted if name != "recipe")]
    corpus = load_corpus(options.corpus, options.path)
    if options.corpus in FILTERS:
        corpus = corpus.filter(*FILTERS[options.corpus])
    options.out.mkdir(parents=True, exist_ok=True)
    cells = {}
    for part in range(options.parts):
        for fold in map(int, options.folds.split(",")):
            file = options.out / f"{options.corpus}-{fold}-{part}.json"
            cells[fold, part] = run(corpus, names, fold, part, options.steps, file)
    print(table(cells, names))


if __name__ == "__main__":
    main()
