"""`tagprime evaluate`: cross-validate methods under a protocol; print a table and write JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from models.catalogues.options import reading_options
from training.commands.loading import load

if TYPE_CHECKING:
    from models.catalogues.reading import Reading

SHOWN = {
    "priming": ("P@1", "P@2", "P@5", "P@10", "MAP", "AP", "nDCG@10", "train MAP"),
    "oov": tuple(f"{rule} P@{k}" for rule in ("nearest", "furthest") for k in (1, 2, 5, 10)),
    "completion": (
        *("P@1", "P@5", "Recall@10", "MRR"),
        *(
            f"{condition} nDCG@10"
            for condition in ("clean", "distractor", "query-only", "OOV", "OOV context-only", "OOV alone")
        ),
    ),
}
"""Metrics of the printed table, by protocol; JSON holds all. MAP stands for ``MAP@m (paper)``."""


def register(root: typer.Typer) -> None:
    """Attach the command."""
    root.command("evaluate")(evaluate)


@reading_options(typer.Option)
def evaluate(
    corpus: Annotated[str, typer.Option(help="Collection, e.g. cal500, mtat, lastfm-hetrec, jsonl.")],
    methods: Annotated[str, typer.Option(help="Methods, comma-separated; 'help' lists them.")],
    reading: Reading,
    path: Annotated[Path | None, typer.Option(help="The collection's folder or file.")] = None,
    protocol: Annotated[str, typer.Option(help="priming, oov or completion.")] = "priming",
    folds: Annotated[int, typer.Option(min=2, help="Folds, or reservations in the OOV protocol.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Seed of splits and methods.")] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Number of processes.")] = 1,
    json_file: Annotated[Path | None, typer.Option("--json", help="File to write all metrics to.")] = None,
    min_documents: Annotated[int, typer.Option(min=1, help="Keep tags on at least this many documents.")] = 1,
    min_tags: Annotated[
        int, typer.Option(min=1, help="Then keep documents with at least this many tags.")
    ] = 1,
    reserved: Annotated[
        int | None, typer.Option(min=1, help="Number of tags reserved in the OOV protocol.")
    ] = None,
    cells: Annotated[Path | None, typer.Option(help="Folder to store results in and to resume from.")] = None,
    train: Annotated[
        bool, typer.Option("--train/--no-train", help="Priming: query training documents too.")
    ] = True,
    unseen: Annotated[
        bool,
        typer.Option(
            "--unseen/--no-unseen", help="Completion: train again without some tags and query them as OOV."
        ),
    ] = True,
    counts: Annotated[
        bool, typer.Option("--counts", help="lastfm-hetrec: how many users gave a tag is its weight.")
    ] = False,
) -> None:
    """Cross-validate methods on a collection and print mean and sample standard deviation."""
    from training.evaluation import cross_validation as evaluation
    from training.evaluation.methods import METHODS, entry

    console = Console()
    if not console.is_terminal:  # a pipe or a log has no width
        console = Console(width=200)
    if methods == "help":
        console.print("\n".join(METHODS))
        return
    names = [name.strip() for name in methods.split(",") if name.strip()]
    for name in names:
        entry(name)
    evaluation.protocol(protocol)
    loaded = load(corpus, path, reading, counts=counts)
    if min_documents > 1 or min_tags > 1:
        loaded = loaded.filter(min_documents, min_tags)
    changes: dict[str, Any] = {
        "folds": folds,
        "seed": seed,
        "training_documents": train,
        "unseen_tags": unseen,
    }
    if reserved is not None:
        changes["reserved"] = reserved
    settings = evaluation.default_settings(loaded, **changes)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(f"{protocol} on {loaded.name}", total=len(names) * folds)

        def done(name: str, fold: int, _: object) -> None:
            progress.update(task, advance=1, description=f"{name}, fold {fold + 1}")

        found = evaluation.evaluate(loaded, protocol, names, settings, jobs, cells, done)
    result = evaluation.summary(loaded, protocol, settings, found)
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(result, indent=2) + "\n")
    console.print(table(result))


def table(result: dict[str, Any]) -> Table:
    """Return a summary as a table: a row per method, with mean and standard deviation of each metric."""
    first = next(iter(result["methods"].values()))
    wanted = SHOWN.get(result["protocol"], tuple(first))
    columns = [metric for short in wanted for metric in first if _short(metric) == short]
    title = f"{result['protocol']} on {result['corpus']} ({result['folds']} folds, {result['unit']})"
    laid_out = Table(title=title, box=box.SIMPLE, padding=(0, 1), title_justify="left")
    laid_out.add_column("method", no_wrap=True)
    for column in columns:
        laid_out.add_column(column, justify="right")
    for name, metrics in result["methods"].items():
        laid_out.add_row(name, *(_figure(metrics.get(metric), result["unit"]) for metric in columns))
    return laid_out


def _short(metric: str) -> str:
    return metric.split("@")[0] if metric.endswith("(paper)") else metric


def _figure(value: dict[str, Any] | None, unit: str) -> str:
    if value is None:
        return "N/A"
    digits = 2 if unit == "percent" else 3
    std = "" if value["std"] is None else f" ± {value['std']:.{digits}f}"
    return f"{value['mean']:.{digits}f}{std}"
