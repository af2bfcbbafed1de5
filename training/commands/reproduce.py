"""`tagprime reproduce`: the paper's tables and figures on a real collection, as a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from models.errors import EvaluationError


def register(root: typer.Typer) -> None:
    """Attach the command."""
    root.command("reproduce")(reproduce)


def reproduce(
    what: Annotated[str, typer.Argument(help="all, or any of priming,language,oov,figures.")],
    corpus: Annotated[str, typer.Option(help="cal500, mtat, magtag5k, or any other collection.")],
    out: Annotated[Path, typer.Option(help="Folder of the report; a stopped run continues from it.")],
    path: Annotated[Path | None, typer.Option(help="The collection's folder or file.")] = None,
    methods: Annotated[str | None, typer.Option(help="Only these methods, comma-separated.")] = None,
    folds: Annotated[str | None, typer.Option(help="Only these of the three folds, e.g. 1 or 1,3.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Number of processes.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of splits and methods.")] = 0,
    tag: Annotated[
        str | None, typer.Option(help="Tag of figures 3a and 3b; by default a guitar tag.")
    ] = None,
    document: Annotated[str | None, typer.Option(help="Document of figure D.1, by (part of) its id.")] = None,
    infoth_search: Annotated[
        bool, typer.Option("--infoth-search", help="Search InfoTh's 375 settings on validation documents.")
    ] = False,
    min_documents: Annotated[int, typer.Option(min=1, help="Keep tags on at least this many documents.")] = 1,
    min_tags: Annotated[
        int, typer.Option(min=1, help="Then keep documents with at least this many tags.")
    ] = 1,
) -> None:
    """Repeat the paper's experiments and write report.html, results.json and results.csv.

    Example: `tagprime reproduce all --corpus cal500 --path cal500/ --out report/ --jobs 2`
    """
    from training.corpora import load_corpus
    from training.evaluation import cross_validation as evaluation
    from training.reports import reproduction
    from training.reports.writing import write_report

    console = Console()
    loaded = load_corpus(corpus, path)
    if min_documents > 1 or min_tags > 1:
        loaded = loaded.filter(min_documents, min_tags)
    plan = reproduction.Plan(
        sections=reproduction.SECTIONS if what == "all" else _sections(what),
        settings=evaluation.default_settings(loaded, seed=seed),
        methods=None if methods is None else [name.strip() for name in methods.split(",") if name.strip()],
        folds=None if folds is None else _folds(folds),
        jobs=jobs,
        tag=tag,
        document=document,
        search=infoth_search,
    )
    n_folds = plan.settings.folds if plan.folds is None else len(plan.folds)
    total = n_folds * (len(plan.priming_methods()) + len(plan.oov_methods(loaded)))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("starting", total=total + 1)

        def done(name: str, fold: int, _: object) -> None:
            progress.update(task, advance=1, description=f"{name}, fold {fold + 1}")

        findings = reproduction.measure(loaded, plan, out, done)
        progress.update(task, description="figures")
        reproduction.illustrate(loaded, plan, out, findings)
        progress.update(task, advance=1, description="done")
    page = write_report(loaded, plan, out, findings)
    console.print(f"wrote {page}", highlight=False, soft_wrap=True)


def _sections(what: str) -> Any:
    from training.reports.reproduction import SECTIONS

    wanted = [name.strip() for name in what.split(",")]
    for name in wanted:
        if name not in SECTIONS:
            raise EvaluationError(f"there is no section {name!r}; known: all, {', '.join(SECTIONS)}")
    return wanted


def _folds(text: str) -> list[int]:
    try:
        return [int(number) - 1 for number in text.split(",")]
    except ValueError:
        raise EvaluationError(f"folds are numbers from 1, comma-separated; got {text!r}") from None
