"""`tagprime tune`: grid search of the siamese network on validation documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from models.errors import EvaluationError


def register(root: typer.Typer) -> None:
    """Attach the command."""
    root.command("tune")(tune)


def tune(
    corpus: Annotated[str, typer.Option(help="Collection, e.g. cal500.")],
    out: Annotated[Path, typer.Option(help="Folder of the trials; a stopped search continues from it.")],
    path: Annotated[Path | None, typer.Option(help="The collection's folder or file.")] = None,
    recipe: Annotated[str, typer.Option(help="Recipe whose options are searched.")] = "lit",
    grid: Annotated[
        list[str] | None,
        typer.Option(help="NAME=V1,V2,... instead of the paper's values; can be repeated."),
    ] = None,
    fold: Annotated[int, typer.Option(min=1, help="Fold whose training documents are split.")] = 1,
    folds: Annotated[int, typer.Option(min=2, help="Folds of the cross-validation.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Seed of splits and trainings.")] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Number of processes.")] = 1,
    shorten: Annotated[float, typer.Option(min=0.01, max=1, help="Factor of the training steps.")] = 1.0,
    min_documents: Annotated[int, typer.Option(min=1, help="Keep tags on at least this many documents.")] = 1,
    min_tags: Annotated[
        int, typer.Option(min=1, help="Then keep documents with at least this many tags.")
    ] = 1,
    show: Annotated[int, typer.Option(min=1, help="Rows of the table.")] = 20,
) -> None:
    """Search the paper's grid on validation documents taken from a fold's training documents.

    Test documents are never used. Prints the best trials and writes all of them to OUT/trials.json.

    Example: `tagprime tune --corpus cal500 --path cal500/ --out tune/ --grid depth=2,3 --grid width=100`
    """
    from training.corpora import load_corpus
    from training.evaluation import tuning
    from training.evaluation.cross_validation import default_settings
    from training.recipe import load_recipe_of
    from training.siamese.recipe import SiameseRecipe

    loaded = load_corpus(corpus, path)
    if min_documents > 1 or min_tags > 1:
        loaded = loaded.filter(min_documents, min_tags)
    splits = loaded.folds(folds, seed)
    if fold > folds:
        raise EvaluationError(f"fold {fold} is not among 1 to {folds}")
    plan = tuning.Search(
        corpus=loaded.select(splits[fold - 1][0]),
        recipe=load_recipe_of(SiameseRecipe, recipe),
        grid={**tuning.PAPER_GRID, **dict(_values(text) for text in grid or ())},
        seed=seed,
        m=default_settings(loaded).m,
        shorten=shorten,
    )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("searching", total=len(plan.settings()))
        trials = tuning.search(plan, jobs, out, lambda _: progress.advance(task))
    records = [{"setting": dict(trial.setting), "metrics": dict(trial.metrics)} for trial in trials]
    (out / "trials.json").write_text(json.dumps(records, indent=2) + "\n")
    names = list(plan.grid)
    metrics = ("P@2", "P@5", "P@10", f"MAP@{plan.m} (paper)", "AP")
    table = Table(*names, *metrics, box=box.SIMPLE, title=f"validation documents of {loaded.name}, percent")
    for trial in trials[:show]:
        table.add_row(
            *(f"{trial.setting[name]:g}" for name in names),
            *(f"{trial.metrics[name]:.2f}" for name in metrics),
        )
    Console().print(table)


def _values(text: str) -> tuple[str, tuple[float, ...]]:
    name, _, values = text.partition("=")
    try:
        return name.strip().replace("-", "_"), tuple(float(value) for value in values.split(","))
    except ValueError:
        raise EvaluationError(f"a grid is NAME=V1,V2,... with numbers; got {text!r}") from None
