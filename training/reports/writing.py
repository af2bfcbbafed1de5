"""Write the report of a reproduction: JSON, CSV and one HTML page."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.errors import EvaluationError
from training.corpus import TagCorpus
from training.evaluation import cross_validation as evaluation
from training.evaluation.significance import paired_tests
from training.reports import page, words
from training.reports.paper import TOPICS, collection_title, title
from training.reports.reproduction import NO_OOV, Findings, Plan
from training.reports.tables import (
    BEYOND,
    FOUR,
    LANGUAGE,
    LEFT_OUT,
    PAPER_METHODS,
    PREDICTIONS,
    Table,
    flat,
    oov_table,
    priming_table,
)

# Which of the paper's tables a collection's results stand beside. The part of MagnaTagATune is another
# subset than the paper's MagTag5K: shown beside it, but not held against it.
NUMBERS = {"cal500": ("1", "C.1", "E.1"), "magtag5k": ("2", "C.2", "E.2"), "mtat": ("2", "C.2", "E.2")}
COMPARABLE = ("cal500", "magtag5k")


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
                    first,
                    f"Priming accuracy (%) on {collection_title(corpus.name)}",
                    result,
                    groups,
                    comparable=comparable,
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


def write_report(corpus: TagCorpus, plan: Plan, out: Path, findings: Findings) -> Path:
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
        f"The paper's experiments on {collection_title(corpus.name)}",
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


def _write_csv(path: Path, tables: Sequence[Table]) -> None:
    records = list(flat(tables))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(records[0]) if records else ["table"])
        writer.writeheader()
        writer.writerows(records)
