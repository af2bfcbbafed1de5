"""Repeat the paper's experiments on a collection: the plan, the measurements and the figures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from training.corpus import TagCorpus
from training.evaluation import cross_validation as evaluation
from training.evaluation.cell import Cell, EvaluationSettings
from training.evaluation.methods import definition, entry
from training.reports import embeddings, figures
from training.reports.paper import collection_title
from training.reports.tables import BEYOND, LANGUAGE, LEFT_OUT, OOV_METHODS, PAPER_METHODS, PREDICTIONS
from training.siamese.lda import seek_n_topics

Section = Literal["priming", "language", "oov", "figures"]
SECTIONS: tuple[Section, ...] = ("priming", "language", "oov", "figures")

# Reserving one tag of CAL500 would take 160 of its documents away, so the paper leaves OOV out there.
NO_OOV = ("cal500",)


@dataclass(frozen=True)
class Plan:
    """What to redo.

    Attributes
    ----------
    sections
        Which parts; what an earlier run left in the folder is not lost.
    settings
        Folds, seed and the protocols' own.
    methods
        Only these, or all.
    folds
        Only these of the folds (from 0), or all.
    jobs
        Processes.
    tag, document
        What figures 3 and D.1 look at.
    search
        Whether InfoTh's 375 settings are searched.
    """

    sections: Sequence[Section]
    settings: EvaluationSettings
    methods: Sequence[str] | None = None
    folds: Sequence[int] | None = None
    jobs: int = 1
    tag: str | None = None
    document: str | None = None
    search: bool = False

    def priming_methods(self) -> list[str]:
        """Return the methods that the chosen sections measure under the priming protocol."""
        names: list[str] = []
        if "priming" in self.sections:
            names += [*LEFT_OUT, *PAPER_METHODS, *PREDICTIONS, *BEYOND[: 2 if self.search else 1]]
        if "language" in self.sections:
            names += LANGUAGE
        return self._narrowed(names)

    def oov_methods(self, corpus: TagCorpus) -> list[str]:
        """Return the methods that the chosen sections measure under the OOV protocol."""
        wanted = "oov" in self.sections and corpus.name not in NO_OOV
        return self._narrowed(OOV_METHODS if wanted else [])

    def _narrowed(self, names: Sequence[str]) -> list[str]:
        distinct = list(dict.fromkeys(names))
        for name in self.methods or ():
            entry(name)
        return [name for name in distinct if self.methods is None or name in self.methods]


@dataclass
class Findings:
    """What was measured; filled section by section."""

    priming: dict[str, dict[int, Cell]] = field(default_factory=dict)
    oov: dict[str, dict[int, Cell]] = field(default_factory=dict)
    topics: list[int] = field(default_factory=list)
    drawings: dict[str, str] = field(default_factory=dict)


def measure(corpus: TagCorpus, plan: Plan, out: Path, done: evaluation.Done | None = None) -> Findings:
    """Run every cell of the plan, or take it from `out` where an earlier run left it."""
    findings = Findings()
    for protocol, names in (("priming", plan.priming_methods()), ("oov", plan.oov_methods(corpus))):
        if names:
            cells = evaluation.evaluate(
                corpus, protocol, names, plan.settings, plan.jobs, out / "cells", done, plan.folds
            )
            setattr(findings, protocol, cells)
    return findings


def illustrate(corpus: TagCorpus, plan: Plan, out: Path, findings: Findings) -> None:
    """Seek the number of topics and draw the figures, or take them from `out` if nothing changed."""
    choice = embeddings.choose(corpus, plan.tag, plan.document)
    key = {
        "corpus": corpus.fingerprint,
        "seed": plan.settings.seed,
        "folds": plan.settings.folds,
        "tag": choice.tag,
        "document": choice.document,
        "methods": [definition(name, corpus.name) for name in embeddings.METHODS],
    }
    folder = out / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / "made_with.json"
    names = ("3a", "3b", "D.1", "learning")
    if "figures" in plan.sections:
        if not made.exists() or json.loads(made.read_text())["key"] != key:
            splits = corpus.folds(plan.settings.folds, plan.settings.seed)
            topics = [seek_n_topics(corpus.select(rows), plan.settings.seed) for rows, _ in splits]
            drawn = embeddings.draw(corpus, corpus.select(splits[0][0]), choice, plan.settings.seed)
            for name, svg in drawn.items():
                (folder / f"{name}.svg").write_text(svg)
            made.write_text(json.dumps({"key": key, "topics": topics}))
        findings.topics = json.loads(made.read_text())["topics"]
        findings.drawings = {name: (folder / f"{name}.svg").read_text() for name in names}
        frequency = figures.tag_frequency(
            corpus.document_frequency, corpus.n_documents, collection_title(corpus.name)
        )
        findings.drawings["2"] = frequency
        (folder / "2.svg").write_text(frequency)
    if findings.priming:
        curves = precision_recall_curves(findings.priming)
        findings.drawings["pr"] = figures.precision_recall(
            curves, collection_title(corpus.name).split(" (")[0]
        )
        (folder / "pr.svg").write_text(findings.drawings["pr"])


def precision_recall_curves(cells: Mapping[str, Mapping[int, Cell]]) -> dict[str, dict[str, list[float]]]:
    """Return mean curves over folds by part and method, without echo and the language models of Tables E."""
    shown = [*PAPER_METHODS, "popularity", "cooccurrence", "siamese-ext"]
    curves: dict[str, dict[str, list[float]]] = {"train": {}, "test": {}}
    for part, by_method in curves.items():
        for method in shown:
            found = [cell.curves[part] for cell in cells.get(method, {}).values() if part in cell.curves]
            if found:
                by_method[method] = np.mean(found, axis=0).tolist()
    return curves
