"""Would another encoder complete tracks better? Candidates against the recipe's own, on validation documents.

    python benchmarks/encoder_candidates.py cal500 --path cal500/ --out candidates/
    python benchmarks/encoder_candidates.py mtat --path mtat/ --out candidates/ --candidates "InfoNCE,turns"

Test folds are never looked at: the documents that each fold trains on are parted again in five, and the
first `--parts` of them take turns as validation documents. Every candidate has the linear term, and unless
it says otherwise the mix, of the recipe's defaults: not damped by how many documents hold a candidate, and
answering a tag asked alone too, as before the recipe kept "damped linear term" and "company of a lone tag".

Printed are mean differences to "recipe" in nDCG@10, with the standard error over documents and in how many
folds the candidate is ahead. What was measured is kept in `--out`, and a run goes on where it was stopped.
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
from encoder_variants import TRAININGS, Towers, Training, spread
from torch import Tensor

from models.encoders.linear_term import LinearTerm
from models.protocols.completion import (
    CompletionQuery,
    clean_queries,
    distractor_queries,
    evaluate_completion,
    query_only,
    split_documents,
)
from training.baselines.completion import CompletionMethod
from training.completion.company import company
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
KAPPA, ATTENTION, DAMPING = 0.7, 0.5, 0.1
FILTERS = {"lastfm-hetrec": (5, 3)}


def padded(contexts: Sequence[np.ndarray]) -> tuple[Tensor, Tensor]:
    mask = np.arange(max(map(len, contexts))) < np.asarray([len(context) for context in contexts])[:, None]
    context = np.zeros(mask.shape, dtype=np.int64)
    context[mask] = np.concatenate(contexts)
    return torch.from_numpy(context), torch.from_numpy(mask)


@dataclass
class Blend:
    """Towers and the linear term, mixed by a rule; a scorer of the completion protocol.

    `ratio` makes the linear term's scores as wide as the towers', `damped_ratio` the damped one's,
    `evidence_ratio` those of naive Bayes, `alone_ratio` the shares of a lone tag's company.
    """

    network: Towers
    linear: Tensor
    damped: Tensor
    evidence: Tensor
    company: Tensor
    rule: Callable[[Blend, Tensor, Tensor, Tensor], Tensor]
    ratio: float = 1.0
    damped_ratio: float = 1.0
    evidence_ratio: float = 1.0
    alone_ratio: float = 1.0

    def terms(
        self, queries: Tensor, context: Tensor, mask: Tensor, matrix: Tensor, attention: float = ATTENTION
    ) -> Tensor:
        """Return rows of a matrix summed over the context, partly by the towers' attention."""
        shares = self.network.shares(queries, context, mask)
        weights = (1 - attention) * mask + attention * shares * mask.sum(dim=1, keepdim=True)
        return spread(weights, context, mask, len(matrix)) @ matrix

    @torch.no_grad()
    def calibrate(self, queries: list[CompletionQuery]) -> None:
        asked = torch.tensor([query.tag for query in queries])
        context, mask = padded([query.context for query in queries])
        wide = self.network(asked, context, mask).std(dim=1).mean()
        self.ratio = float(wide / self.terms(asked, context, mask, self.linear).std(dim=1).mean())
        self.damped_ratio = float(wide / self.terms(asked, context, mask, self.damped).std(dim=1).mean())
        self.evidence_ratio = float(wide / self.terms(asked, context, mask, self.evidence).std(dim=1).mean())
        lone = self.network(asked, asked[:, None], torch.ones(len(asked), 1, dtype=torch.bool))
        self.alone_ratio = float(lone.std(dim=1).mean() / self.company[asked].std(dim=1).mean())

    @torch.no_grad()
    def score(self, queries: Sequence[int], contexts: Sequence[np.ndarray]) -> np.ndarray:
        return self.rule(self, torch.tensor(queries), *padded(contexts)).numpy()


def as_recipe(
    blend: Blend, *asked: Tensor, kappa: float | Tensor = KAPPA, attention: float = ATTENTION
) -> Tensor:
    linear = blend.terms(*asked, blend.linear, attention)
    return blend.network(*asked) + kappa * blend.ratio * linear


def damped(blend: Blend, *asked: Tensor, kappa: float = KAPPA) -> Tensor:
    """What was kept: the linear term makes less of candidates that many documents hold."""
    return blend.network(*asked) + kappa * blend.damped_ratio * blend.terms(*asked, blend.damped)


def turns(blend: Blend, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
    """Half of the towers' word is the query's, half that of each context tag asked in its turn."""
    network, size = blend.network, context.shape[1]
    found = network.encode(
        context.reshape(-1), context.repeat_interleave(size, 0), mask.repeat_interleave(size, 0)
    )
    found = (found.view(*context.shape, -1) * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
    mean = (network.encode(queries, context, mask) + found) / 2
    linear = blend.terms(queries, context, mask, blend.linear)
    return mean @ network.outputs().T + network.biases + KAPPA * blend.ratio * linear


def with_naive_bayes(blend: Blend, *asked: Tensor) -> Tensor:
    return as_recipe(blend, *asked) + 0.2 * blend.evidence_ratio * blend.terms(*asked, blend.evidence)


def by_size(blend: Blend, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
    """The linear term counts by the root of the context's size, as recipe has it at ten tags."""
    kappa = KAPPA * (mask.sum(dim=1, keepdim=True) / 10).sqrt()
    return as_recipe(blend, queries, context, mask, kappa=kappa)


def company_alone(blend: Blend, queries: Tensor, context: Tensor, mask: Tensor) -> Tensor:
    """What was kept: the company of a tag stands in for the linear term where nothing else is in sight."""
    company = blend.network(queries, context, mask) + blend.alone_ratio * blend.company[queries]
    alone = mask.sum(dim=1, keepdim=True) == 1
    return torch.where(alone, company, as_recipe(blend, queries, context, mask))


RULES: dict[str, Callable[..., Tensor]] = {
    "company of a lone tag": company_alone,
    "damped linear term": damped,
    "damped and lighter linear term": lambda blend, *asked: damped(blend, *asked, kappa=0.3),
    "turns": turns,
    "with naive Bayes": with_naive_bayes,
    "linear term by context size": by_size,
    "lighter linear term": lambda blend, *asked: as_recipe(blend, *asked, kappa=0.3),
    "attention alone weighs": lambda blend, *asked: as_recipe(blend, *asked, attention=1.0),
}
"""Ways to read the recipe's own towers."""


def log_odds(counts: np.ndarray, n_documents: float) -> np.ndarray:
    """Return naive Bayes' evidence log p(t given c) / p(t without c), (n_tags, n_tags), zero diagonal."""
    n = counts.diagonal()
    prior = n[:, None] / n_documents
    given = (counts + prior) / (n + 1)[None, :]
    without = (n[:, None] - counts + prior) / (n_documents - n + 1)[None, :]
    evidence = np.log(np.maximum(given, 1e-9) / np.maximum(without, 1e-9))
    np.fill_diagonal(evidence, 0)
    return evidence.astype(np.float32)


@dataclass(frozen=True)
class Cell:
    """A fold's training documents without one of their parts, and queries from that part."""

    rest: TagCorpus
    linear: LinearTerm
    evidence: Tensor
    company: Tensor
    queries: dict[str, list[CompletionQuery]]
    steps: int | None

    @classmethod
    def make(cls, corpus: TagCorpus, fold: int, part: int, steps: int | None) -> Cell:
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
        kept = company(rest.matrix, weights, recipe.linear.neighbours)
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
        """Return nDCG@10 of every document asked, by variant."""
        linear = torch.from_numpy(self.linear.values)
        frequent = torch.from_numpy(np.maximum(self.rest.document_frequency, 1)).float()
        damped = linear * frequent**-DAMPING  # by columns: the candidates
        blend = Blend(network, linear, damped, self.evidence, self.company, rule)
        blend.calibrate(self.queries["clean"][:1_000])
        found = {}
        for variant, queries in self.queries.items():
            values = evaluate_completion(blend, queries, self.rest.document_frequency).by_document["nDCG@10"]
            found[variant] = values[~np.isnan(values)].tolist()
        return found


def run(
    corpus: TagCorpus, names: Sequence[str], fold: int, part: int, steps: int | None, file: Path
) -> dict[str, dict]:
    """Measure what `file` does not hold yet, and return all of it."""
    known = json.loads(file.read_text()) if file.exists() else {}
    missing = [name for name in names if name not in known]
    if not missing:
        return known
    cell, networks = Cell.make(corpus, fold, part, steps), {}
    for name in missing:
        started, trained = time.process_time(), name if name in TRAININGS else "recipe"
        if trained not in networks:
            networks[trained] = cell.train(TRAININGS[trained], fold)
        spent = time.process_time() - started
        known[name] = {"seconds": spent, **cell.measure(networks[trained], RULES.get(name, as_recipe))}
        file.write_text(json.dumps(known))
        print(f"{file.stem} {name}: {spent:.0f} s of CPU", flush=True)
    return known


def table(cells: dict[tuple[int, int], dict[str, dict]], names: Sequence[str]) -> str:
    """Return a Markdown table of differences to the first of `names`."""
    variants = ("clean", "distractor", "query-only")
    lines = [f"| candidate | {' | '.join(variants)} | CPU |", "|---" * (len(variants) + 2) + "|"]
    base = names[0]
    for name in names:
        row = []
        for variant in variants:
            gains = {
                key: np.subtract(cell[name][variant], cell[base][variant]) for key, cell in cells.items()
            }
            pooled = np.concatenate(list(gains.values()))
            folds = sorted({fold for fold, _ in gains})
            by_fold = [
                np.mean([gain.mean() for (f, _), gain in gains.items() if f == fold]) for fold in folds
            ]
            if name == base:
                row.append(f"{np.mean([np.mean(cell[name][variant]) for cell in cells.values()]):.4f}")
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
