"""`tagprime train`: train an encoder on a tag collection and write it as a bundle."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as ProgressBars
from rich.table import Table

from models.catalogues.options import reading_options
from models.errors import BundleError, RecipeError, TrainingError
from training.commands.loading import load, show_account

if TYPE_CHECKING:
    from models.bundle import Bundle
    from models.catalogues.reading import Reading


def register(root: typer.Typer) -> None:
    """Attach the command."""
    root.command("train")(train)


@reading_options(typer.Option)
def train(
    corpus: Annotated[
        str, typer.Argument(help="Collection: cal500, lastfm-hetrec, catalogue, jsonl, csv, store, demo ...")
    ],
    reading: Reading,
    out: Annotated[Path, typer.Option(help="Folder of the new bundle; it must not exist yet.")],
    path: Annotated[Path | None, typer.Option(help="The collection's folder or file.")] = None,
    recipe: Annotated[
        str, typer.Option(help="Recipe by name (completion, lit, ext), or a .toml file of your own.")
    ] = "completion",
    min_documents: Annotated[int, typer.Option(min=1, help="Keep tags on at least this many documents.")] = 1,
    min_tags: Annotated[
        int, typer.Option(min=1, help="Then keep documents with at least this many tags.")
    ] = 1,
    topics: Annotated[
        str | None,
        typer.Option(help="Number of LDA topics, or 'hdp' to estimate it; by default the recipe's."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed; on one machine the same seed gives the same bundle.")
    ] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    threads: Annotated[
        int,
        typer.Option(min=1, help="Threads of PyTorch; small networks train no faster with more than one."),
    ] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue from a stopped run's checkpoint.")
    ] = False,
    all_tags: Annotated[bool, typer.Option("--all-tags", help="cal500: keep the Genre-Best tags.")] = False,
    documents: Annotated[int | None, typer.Option(min=1, help="demo: number of tracks to generate.")] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="store: its database; by default `TAGPRIME_DATABASE_URL`."),
    ] = None,
    counts: Annotated[
        bool, typer.Option("--counts", help="lastfm-hetrec: how many users gave a tag is its weight.")
    ] = False,
    skip_faulty: Annotated[
        bool, typer.Option("--skip-faulty", help="Go on without the faulty lines of a catalogue.")
    ] = False,
) -> None:
    """Train an encoder on a tag collection and write it as a bundle.

    Ctrl-C stops training and writes a bundle of the network trained so far, marked as stopped early; its
    checkpoint is kept, and `--resume` continues from it. A second Ctrl-C ends the program at once. Loss
    curves are written to OUT.run/.

    Examples: `tagprime train cal500 --path cal500/ --recipe lit --out bundles/cal500`,
    `tagprime train store --database sqlite:///tagprime.db --out bundles/tonight`,
    `tagprime train beets --path library.db --split 'genre=;,' --out bundles/mine`
    """
    import torch

    from models.catalogues.account import Account
    from training.fitting.loss_curves import read_losses, write_losses
    from training.fitting.run import Progress, Run
    from training.pipeline import train_bundle
    from training.recipe import load_recipe
    from training.siamese.recipe import SiameseRecipe

    torch.set_num_threads(threads)
    chosen = load_recipe(recipe)
    if topics is not None:
        if not isinstance(chosen, SiameseRecipe):
            raise RecipeError(f"--topics is for recipes with a topic model; {chosen.name} has none")
        chosen = chosen.model_copy(
            update={"topics": chosen.topics.model_copy(update={"n_topics": _topics(topics)})}
        )
    if out.exists() and not resume:
        raise BundleError(f"{out} exists already; bundles are immutable, so choose another folder")
    device = _device(device, torch.cuda.is_available())
    console = Console(stderr=True)
    account = Account()
    options = {"all_tags": all_tags, "counts": counts, "database": database, "n_documents": documents}
    with console.status(f"Reading {corpus}"):
        loaded = load(corpus, path, reading, account, skip_faulty, **options)
    show_account(account, console)
    loaded = loaded.filter(min_documents, min_tags)
    folder = out.with_name(out.name + ".run")
    losses = read_losses(folder) if resume else {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with ProgressBars(*columns, console=console) as drawn, _first_interrupt_stops(console) as stop:
        bars = _Bars(drawn)

        def on_step(phase: str, step: int, steps: int, loss: float) -> None:
            taken = losses.setdefault(phase, [])
            taken[step - 1 :] = [loss]
            bars.show(phase, step, steps)

        progress = Progress(
            Run(on_step=on_step, stop=lambda: stop.asked, folder=folder, resume=resume),
            on_stage=console.print,
            on_lda_pass=lambda passes: bars.tick("topic model (LDA)", passes),
        )
        try:
            bundle = train_bundle(loaded, chosen, out, seed, device, progress, replace=resume)
        finally:
            write_losses(folder, losses)
    _report(bundle, Console(), console)


def _report(bundle: Bundle, console: Console, remarks: Console) -> None:
    """Print the bundle and its quality and, after an early stop, how to resume."""
    line = f"{bundle.path}: {bundle.name} {bundle.version}, {len(bundle.vocabulary)} tags"
    console.print(line, highlight=False, soft_wrap=True)
    for measured in bundle.manifest.quality.values():
        if "methods" in measured:
            documents = f"{measured['documents']} held-out documents"
            console.print(f"\n{measured['protocol']}, {documents}, {measured['unit']}", highlight=False)
            console.print(_quality(measured))
    stopped = bundle.manifest.training.get("stopped_early")
    if stopped:
        documents = bundle.manifest.training["training_documents"]
        remarks.print(
            f"stopped in {stopped['phase']}, after step {stopped['step']}: the bundle serves what was learnt "
            f"from {documents} documents; the same command with --resume goes on from there",
            highlight=False,
            soft_wrap=True,
        )


def _quality(measured: dict[str, Any]) -> Table:
    """Return a protocol's metrics on held-out documents as a table, a row per method or baseline."""
    methods = measured["methods"]
    every = list(next(iter(methods.values())))
    columns = [metric for metric in every if metric.endswith("nDCG@10")] or every
    table = Table("", *columns, box=None, padding=(0, 2, 0, 0))
    for name, found in methods.items():
        table.add_row(name, *(f"{found[metric]:g}" for metric in columns))
    return table


class _Bars:
    """A progress bar per phase; without a terminal, a line after every tenth of a phase."""

    def __init__(self, progress: ProgressBars) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def show(self, name: str, done: int, total: int) -> None:
        task = self._tasks.get(name)
        if task is None:
            task = self._tasks[name] = self._progress.add_task(name, total=total)
        self._progress.update(task, completed=done)
        if not self._progress.console.is_terminal and 10 * done // total > 10 * (done - 1) // total:
            self._progress.console.print(f"{name}: {done} of {total}", highlight=False)

    def tick(self, name: str, total: int) -> None:
        done = 0
        if name in self._tasks:
            done = int(self._progress.tasks[self._tasks[name]].completed) % total
        self.show(name, done + 1, total)


class _Stop:
    """Whether a stop was requested."""

    asked = False


@contextmanager
def _first_interrupt_stops(console: Console) -> Iterator[_Stop]:
    """Let the first Ctrl-C request a stop after the current step, and the second end the program."""
    stop = _Stop()

    def handle(signum: int, frame: FrameType | None) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True
        console.print("stopping after this step and saving what was learnt; Ctrl-C again ends at once")

    previous = signal.signal(signal.SIGINT, handle)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, previous)


def _topics(text: str) -> int | str:
    if text == "hdp":
        return text
    if text.isdecimal() and int(text) >= 2:
        return int(text)
    raise RecipeError(f"--topics is {text!r}; needs a whole number from 2, or hdp")


def _device(name: str, has_cuda: bool) -> str:
    if name not in ("auto", "cpu", "cuda"):
        raise TrainingError(f"--device is {name!r}; needs auto, cpu or cuda")
    if name == "cuda" and not has_cuda:
        raise TrainingError("--device is cuda, but PyTorch sees no CUDA device here; use cpu or auto")
    return ("cuda" if has_cuda else "cpu") if name == "auto" else name
