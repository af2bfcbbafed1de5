"""Redo the paper's experiments on a collection and write the report: JSON, CSV and one HTML page."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from models.errors import EvaluationError
from training.corpus import TagCorpus
from training.evaluation import cross_validation as evaluation
from training.evaluation.cell import Cell, Settings
from training.evaluation.methods import definition, entry
from training.evaluation.significance import paired_tests
from training.reports import embeddings, figures, page, words
from training.reports.paper import COLLECTIONS, TOPICS, title
from training.reports.tables import (
    BEYOND,
    FOUR,
    LANGUAGE,
    LEFT_OUT,
    OOV_METHODS,
    PAPER_METHODS,
    PREDICTIONS,
    Table,
    flat,
    oov_table,
    priming_table,
)
from training.siamese.lda import seek_n_topics

Section = Literal["priming", "language", "oov", "figures"]
SECTIONS: tuple[Section, ...] = ("priming", "language", "oov", "figures")

# Which of the paper's tables a collection's results stand beside. The part of MagnaTagATune is another
# subset than the paper's MagTag5K: shown beside it, but not held against it.
NUMBERS = {"cal500": ("1", "C.1", "E.1"), "magtag5k": ("2", "C.2", "E.2"), "mtat": ("2", "C.2", "E.2")}
COMPARABLE = ("cal500", "magtag5k")
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
    settings: Settings
    methods: Sequence[str] | None = None
    folds: Sequence[int] | None = None
    jobs: int = 1
    tag: str | None = None
    document: str | None = None
    search: bool = False

    def priming_methods(self) -> list[str]:
        """Return what the chosen sections ask of the priming protocol."""
        names: list[str] = []
        if "priming" in self.sections:
            names += [*LEFT_OUT, *PAPER_METHODS, *PREDICTIONS, *BEYOND[: 2 if self.search else 1]]
        if "language" in self.sections:
            names += LANGUAGE
        return self._narrowed(names)

    def oov_methods(self, corpus: TagCorpus) -> list[str]:
        """Return what the chosen sections ask of the OOV protocol."""
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
        frequency = figures.tag_frequency(corpus.document_frequency, corpus.n_documents, _named(corpus))
        findings.drawings["2"] = frequency
        (folder / "2.svg").write_text(frequency)
    if findings.priming:
        curves = precision_recall_curves(findings.priming)
        findings.drawings["pr"] = figures.precision_recall(curves, _named(corpus).split(" (")[0])
        (folder / "pr.svg").write_text(findings.drawings["pr"])


def precision_recall_curves(cells: Mapping[str, Mapping[int, Cell]]) -> dict[str, dict[str, list[float]]]:
    """Return mean curves over folds by part and method, without echo and the variants of Tables E."""
    shown = [*PAPER_METHODS, "popularity", "cooccurrence", "siamese-ext"]
    curves: dict[str, dict[str, list[float]]] = {"train": {}, "test": {}}
    for part, by_method in curves.items():
        for method in shown:
            found = [cell.curves[part] for cell in cells.get(method, {}).values() if part in cell.curves]
            if found:
                by_method[method] = np.mean(found, axis=0).tolist()
    return curves


def lay_out(corpus: TagCorpus, plan: Plan, findings: Findings) -> list[Table]:
    """Return the tables, in the paper's order, of what was measured."""
    first, predictions, language = NUMBERS.get(corpus.name, ("priming", "predictions", "language models"))
    comparable = corpus.name in COMPARABLE
    tables = []
    if findings.priming:
        result = evaluation.summary(corpus, "priming", plan.settings, findings.priming)
        groups = {
            "Not in the paper: what it leaves out": LEFT_OUT,
            "The paper's methods": PAPER_METHODS,
            "Beyond the paper": BEYOND,
        }
        if "priming" in plan.sections:
            tables.append(
                priming_table(
                    first, f"Priming accuracy (%) on {_named(corpus)}", result, groups, comparable=comparable
                )
            )
        if findings.oov:
            tables.append(
                oov_table(evaluation.summary(corpus, "oov", plan.settings, findings.oov), comparable)
            )
        if "priming" in plan.sections:
            caption = "Prediction and embedding, after stage 1 and after stage 2 (%)"
            tables.append(priming_table(predictions, caption, result, {"": PREDICTIONS}, FOUR, comparable))
        if "language" in plan.sections:
            caption = "Distributed language models: S1 random order, S2 pseudo-order (%)"
            tables.append(priming_table(language, caption, result, {"": LANGUAGE}, comparable=comparable))
    elif findings.oov:
        tables.append(oov_table(evaluation.summary(corpus, "oov", plan.settings, findings.oov), comparable))
    return [table for table in tables if table.rows]


def write(corpus: TagCorpus, plan: Plan, out: Path, findings: Findings) -> Path:
    """Write results.json, results.csv and report.html; return the page's path.

    Raises
    ------
    EvaluationError
        If nothing was measured.
    """
    tables = lay_out(corpus, plan, findings)
    if not tables and not findings.drawings:
        raise EvaluationError("nothing was measured: no method of the chosen sections is among --methods")
    metric = f"MAP@{plan.settings.m} (paper)"
    references: list[str] = [name for name in ("siamese-lit", "siamese-ext") if name in findings.priming]
    asked = {name: cells for name, cells in findings.priming.items() if name not in LANGUAGE[1:-1]}
    tests = {reference: paired_tests(asked, reference, metric) for reference in references}
    result = evaluation.summary(corpus, "priming", plan.settings, findings.priming)
    oov = evaluation.summary(corpus, "oov", plan.settings, findings.oov)
    honest = " ".join(filter(None, (words.honest_sentence(result), words.honest_oov_sentence(oov))))
    deviations = words.deviations(tables) if corpus.name in COMPARABLE else []
    record: dict[str, Any] = {"corpus": corpus.name, "honest": honest, "priming": result}
    if findings.oov:
        record["oov"] = oov
    record |= {"p_values": page.summary_of(tests), "hdp_topics": findings.topics, "deviations": deviations}
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(record, indent=2) + "\n")
    _write_csv(out / "results.csv", tables)
    html = page.page(
        f"The paper's experiments on {_named(corpus)}",
        honest,
        facts(corpus, plan, findings),
        tables,
        tests,
        deviations,
        findings.drawings,
        "the paper's and the difference"
        if corpus.name in COMPARABLE
        else "the paper's on MagTag5K, another set",
    )
    path = out / "report.html"
    path.write_text(html, encoding="utf-8")
    return path


def facts(corpus: TagCorpus, plan: Plan, findings: Findings) -> list[str]:
    """Return how the report was made, a line a fact."""
    lines = [
        f"{corpus.n_documents:,} documents, {corpus.n_tags:,} tags, "
        f"{corpus.matrix.nnz / corpus.n_documents:.1f} tags a document. {corpus.provenance.citation}",
        f"{plan.settings.folds}-fold cross-validation over documents, seed {plan.settings.seed}; a query is "
        f"every (tag, document) pair; MAP is the paper's: the mean of P@k for k = 1 to {plan.settings.m}.",
    ]
    if findings.topics:
        paper = TOPICS.get(corpus.name)
        beside = "" if paper is None else f"; the paper's found {paper}"
        found = ", ".join(map(str, findings.topics))
        lines.append(f"Topics that a hierarchical Dirichlet process finds, fold by fold: {found}{beside}.")
    notes = [
        f"{title(name)}, fold {fold + 1}: {cell.notes['settings']}"
        for name, cells in findings.priming.items()
        for fold, cell in cells.items()
        if "settings" in cell.notes
    ]
    if notes:
        lines.append("Settings chosen on validation documents: " + "; ".join(notes) + ".")
    if findings.oov:
        lines.append(
            f"Table 3: {plan.settings.reserved} tags and all their documents reserved, "
            f"{plan.settings.folds} times; trained on all other documents."
        )
    elif corpus.name in NO_OOV:
        lines.append("No Table 3 here: reserving one tag would take a third of the documents with it.")
    return lines


def _named(corpus: TagCorpus) -> str:
    return COLLECTIONS.get(corpus.name, corpus.name)


def _write_csv(path: Path, tables: Sequence[Table]) -> None:
    records = list(flat(tables))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(records[0]) if records else ["table"])
        writer.writeheader()
        writer.writerows(records)
