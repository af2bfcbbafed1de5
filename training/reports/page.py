"""The report as one self-contained HTML page."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from typing import Any

from training.evaluation.significance import PairedTest
from training.reports.paper import Part, title
from training.reports.tables import Figure, Row, Table

PARTS: Mapping[Part, str] = {"test": "Test documents", "train": "Training documents"}

CAPTIONS = {
    "2": "Figure 2. In how many documents each tag is.",
    "3a": "Figure 3a. Every instance of one tag, each in its own document's context (t-SNE of Siamese CE, "
    "fold 1).",
    "3b": "Figure 3b. All tags of four documents over the shaded instances of the tag (t-SNE of Siamese CE, "
    "fold 1).",
    "pr": "Figures 4 and 5. Interpolated precision at 11 recall levels, means over folds.",
    "D.1": "Figure D.1. All tags in one document's context under each embedding (t-SNE each; fold 1). PCA, "
    "C-SG and C-BoW know no context; LDA's tags are their shares of the document's topics.",
    "learning": "Learning curves of recipe LIT (fold 1): loss of every step, and its running mean.",
}


_NOTHING = {
    True: "Every compared figure lies within the band.",
    False: "The paper reports no figures on this collection, so none is held against it.",
}


def page(
    heading: str,
    honest: str,
    facts: Sequence[str],
    tables: Sequence[Table],
    tests: Mapping[str, Sequence[PairedTest]],
    deviations: Sequence[str],
    drawings: Mapping[str, str],
    paper_column: str,
) -> str:
    """Return the whole page.

    Parameters
    ----------
    heading
        What was reproduced on what.
    honest
        The sentence at the top.
    facts
        Lines on how it was run.
    tables
        In the paper's order.
    tests
        Paired t-tests by reference method.
    deviations
        What does not reproduce, in words.
    drawings
        SVG by figure name.
    paper_column
        What the smaller line of every cell is called.
    """
    sections = [_table(table, paper_column) for table in tables]
    sections += [_tests(tests)] if tests else []
    compared = [f for table in tables for row in table.rows for f in row.figures if f.verdict]
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in deviations)
    words = f"<ul>{items}</ul>" if items else f"<p>{_NOTHING[bool(compared)]}</p>"
    figures = "".join(_drawing(name, drawings[name]) for name in CAPTIONS if name in drawings)
    figures = f'<h2 id="figures">Figures</h2>{figures}' if figures else ""
    anchors = [(f"table-{table.number}", f"Table {table.number}") for table in tables]
    anchors += [("deviations", "What does not reproduce")] + ([("figures", "Figures")] if figures else [])
    links = "".join(f'<a href="#{anchor}">{escape(text)}</a>' for anchor, text in anchors)
    style = (resources.files("training.reports") / "report.css").read_text(encoding="utf-8")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(heading)}</title><style>{style}</style></head><body><main>
<h1>{escape(heading)}</h1>
<p class="soft">After U. Sandouk and K. Chen, “Learning Contextualized Music Semantics from Tags
via a Siamese Network”.</p>
{f'<div class="honest">{escape(honest)}</div>' if honest else ""}
<nav>{links}</nav>
<ul class="note">{"".join(f"<li>{escape(fact)}</li>" for fact in facts)}</ul>
{"".join(sections)}
<h2 id="deviations">What does not reproduce</h2>
<p class="note">A figure reproduces if it lies within two of the paper's standard deviations and 1.5
points of the paper's mean.</p>
{words}
{figures}
</main></body></html>
"""


def _table(table: Table, paper_column: str) -> str:
    compared = any(figure.paper for row in table.rows for figure in row.figures)
    note = f'<p class="note">Mean ± sample standard deviation over folds{_below(compared, paper_column)}.</p>'
    parts = [_part(table, part) for part in PARTS if table.part(part)]
    heading = f'<h2 id="table-{table.number}">Table {table.number}. {escape(table.caption)}</h2>'
    return f"{heading}{note}{''.join(parts)}"


def _below(compared: bool, paper_column: str) -> str:
    return f"; below it {paper_column}" if compared else ""


def _part(table: Table, part: Part) -> str:
    rows = table.part(part)
    best = [_best([row for row in rows if row.method != "echo"], i) for i in range(len(table.metrics))]
    lines, group = [], ""
    for row in rows:
        if row.group and row.group != group:
            group = row.group
            lines.append(
                f'<tr class="group"><td colspan="{len(table.metrics) + 1}">{escape(group)}</td></tr>'
            )
        cells = [_cell(figure, row is best[i]) for i, figure in enumerate(row.figures)]
        cells = cells or ["<td>N/A</td>"] * len(table.metrics)
        lines.append(f"<tr><td>{escape(row.title)}</td>{''.join(cells)}</tr>")
    head = "".join(f"<th>{escape(metric)}</th>" for metric in table.metrics)
    heading = f"<h3>{PARTS[part]}</h3>" if len({row.part for row in table.rows}) > 1 else ""
    return f'{heading}<div class="wide"><table><tr><th>Method</th>{head}</tr>{"".join(lines)}</table></div>'


def _best(rows: Sequence[Row], column: int) -> Row | None:
    """Return the row that leads a column; None where several share the lead, as they do at P@1."""
    shown = [(round(row.figures[column].mean, 1), row) for row in rows if row.figures]
    leading = [row for mean, row in shown if mean == max(mean for mean, _ in shown)]
    return leading[0] if len(leading) == 1 else None


def _cell(figure: Figure, best: bool) -> str:
    std = "" if figure.std is None else f' <span class="std">±{figure.std:.1f}</span>'
    own = f'<span class="own{" best" if best else ""}">{figure.mean:.1f}{std}</span>'
    if figure.paper is None:
        return f"<td>{own}</td>"
    paper = f"{figure.paper.mean:.1f} ±{figure.paper.std:.1f}"
    if figure.difference is not None:
        paper += f' <span class="{figure.verdict}">{_signed(figure.difference, 1)}</span>'
    return f'<td>{own}<span class="paper">{paper}</span></td>'


def _tests(tests: Mapping[str, Sequence[PairedTest]]) -> str:
    columns = "".join(f"<th>{escape(title(reference))} less method</th><th>p</th>" for reference in tests)
    methods = list(dict.fromkeys(test.method for found in tests.values() for test in found))
    lines = []
    for method in methods:
        cells = []
        for found in tests.values():
            test = next((test for test in found if test.method == method), None)
            cells.append("<td>–</td><td>–</td>" if test is None else _test(test))
        lines.append(f"<tr><td>{escape(title(method))}</td>{''.join(cells)}</tr>")
    sizes = sorted({test.n_documents for found in tests.values() for test in found})
    note = (
        f"Student's t-test on the paper's MAP, paired over {' or '.join(map(str, sizes))} test documents: "
        f"two-sided, uncorrected. Queries of one document are no independent sample, so documents are."
    )
    return (
        f'<h2 id="tests">Paired t-tests</h2><p class="note">{note}</p><div class="wide"><table>'
        f"<tr><th>Method</th>{columns}</tr>{''.join(lines)}</table></div>"
    )


def _test(test: PairedTest) -> str:
    p_value = "&lt; .001" if test.p_value < 0.001 else f"{test.p_value:.3f}"
    return f"<td>{_signed(test.difference, 2)}</td><td>{p_value}</td>"


def _signed(value: float, digits: int) -> str:
    """Return a difference with its sign, a true minus, and no sign at zero."""
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def _drawing(name: str, svg: str) -> str:
    data = base64.b64encode(svg.encode()).decode()
    caption = escape(CAPTIONS[name])
    return (
        f'<figure><img alt="{caption}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def summary_of(tests: Mapping[str, Sequence[PairedTest]]) -> list[dict[str, Any]]:
    """Return the tests as records, for JSON."""
    return [
        {
            "reference": reference,
            "method": test.method,
            "difference": test.difference,
            "p_value": test.p_value,
            "documents": test.n_documents,
        }
        for reference, found in tests.items()
        for test in found
    ]
