"""``tagprime corpora``: list collections, describe one, export it and download it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table

from models.catalogues.options import reading_options
from models.errors import CorpusError
from training.commands.describing import counted, described, origin
from training.commands.loading import load, show_account

if TYPE_CHECKING:
    from models.catalogues.reading import Reading

corpora = typer.Typer(
    name="corpora",
    help="Tag collections for training and evaluation: list, describe, export and download them.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Name = Annotated[str, typer.Argument(help="A name from `corpora list`, e.g. cal500.", show_default=False)]


def register(root: typer.Typer) -> None:
    """Attach the commands."""
    root.add_typer(corpora)


@corpora.command("list")
def list_corpora() -> None:
    """List the collections: documents, the path to give, source and licence.

    The name in the first column is what `tagprime train`, `tagprime evaluate` and `tagprime corpora info`
    take.
    """
    from training.corpora import NAMES, collection

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    sources = Table.grid(padding=(0, 1))
    table.add_column("name", no_wrap=True, style="bold")
    for heading, ratio in (("documents", 3), ("path to give", 5), ("licence", 3)):
        table.add_column(heading, ratio=ratio, overflow="fold")
    for name in NAMES:
        module = collection(name)
        table.add_row(name, *map(escape, (module.DOCUMENTS, module.LAYOUT, module.LICENCE)))
        sources.add_row(f" [bold]{name}[/]", escape(module.SOURCE))
    console = Console()
    console.print(table)
    console.print(" Sources:")
    console.print(sources, highlight=False, soft_wrap=True)


@corpora.command("info")
@reading_options(typer.Option)
def info(
    name: Name,
    reading: Reading,
    path: Annotated[Path | None, typer.Option(help="Its folder or file; `corpora list` shows which.")] = None,
    min_documents: Annotated[
        int, typer.Option(min=1, help="First drop tags on fewer documents than this.")
    ] = 1,
    min_tags: Annotated[int, typer.Option(min=1, help="Then drop documents with fewer tags than this.")] = 1,
    all_tags: Annotated[bool, typer.Option("--all-tags", help="cal500: keep the Genre-Best tags.")] = False,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="store: its database; by default `TAGPRIME_DATABASE_URL`."),
    ] = None,
    merge_spellings: Annotated[
        bool,
        typer.Option("--merge-spellings", help="lastfm-hetrec: merge tags that differ in white space only."),
    ] = False,
    counts: Annotated[
        bool, typer.Option("--counts", help="lastfm-hetrec: how many users gave a tag is its weight.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Describe a collection: counts, density, checksums, and what loading left out.

    Of a catalogue it also reports the format that was recognised, what was done to its tags, which lines are
    faulty, and which tags look as if they were several that are joined.

    Examples: `tagprime corpora info lastfm-hetrec --path DIR --min-documents 5 --min-tags 3`,
    `tagprime corpora info catalogue --path library.db --split 'genre=;,'`
    """
    from models.catalogues.account import Account
    from training.corpora import catalogue, collection

    account = Account()
    options = {"all_tags": all_tags, "merge_spellings": merge_spellings, "counts": counts}
    corpus = load(
        name, path, reading, account, skip_faulty=name in catalogue.NAMES, database=database, **options
    )
    if min_documents > 1 or min_tags > 1:
        corpus = corpus.filter(min_documents, min_tags)
    if as_json:
        account_part = {"account": account.as_dict()} if account.format else {}
        typer.echo(json.dumps({"corpus": described(corpus), **account_part}, ensure_ascii=False, indent=2))
        return
    table = Table.grid(padding=(0, 2))
    for label, text in (*counted(corpus), *origin(corpus, collection(name).CHECKSUMS)):
        table.add_row(f"[bold]{label}[/]", escape(text))
    Console().print(table, highlight=False)
    if account.format:
        Console().print("\n[bold]What was read[/]")
        show_account(account, Console())


@corpora.command("export")
@reading_options(typer.Option)
def export(
    name: Name,
    out: Annotated[Path, typer.Argument(help="The JSONL file to write; it must not exist yet.")],
    reading: Reading,
    path: Annotated[Path | None, typer.Option(help="Its folder or file; `corpora list` shows which.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="demo: seed of the generated tracks.")] = None,
    documents: Annotated[int | None, typer.Option(min=1, help="demo: number of tracks to generate.")] = None,
    names: Annotated[
        bool, typer.Option("--names", help="demo: invented artists and titles in place of numbers.")
    ] = False,
    counts: Annotated[
        bool, typer.Option("--counts", help="lastfm-hetrec: how many users gave a tag is its weight.")
    ] = False,
) -> None:
    """Write a collection as JSONL, one document per line, for `documents import` and `train jsonl`.

    Tags keep their weights.

    Example: `tagprime corpora export demo fresh.jsonl --seed 1 --documents 1000`
    """
    from models.catalogues.jsonl import as_line

    corpus = load(name, path, reading, seed=seed, n_documents=documents, names=names, counts=counts)
    if out.exists():
        raise CorpusError(f"{out} exists already; choose another file")
    with out.open("w", encoding="utf-8") as file:
        file.writelines(map(as_line, corpus.tagged()))
    Console().print(f"{out}: {corpus.n_documents} documents", highlight=False)


@corpora.command("fetch")
def fetch_corpus(
    name: Name,
    out: Annotated[Path, typer.Option(help="Folder for its files; created if it does not exist.")],
) -> None:
    """Download a collection from its publisher, if a stable address is known.

    The files are checked against the recorded checksums and appear in the folder only if all of them match.
    """
    from training.corpora import collection
    from training.corpora.download import fetch

    module = collection(name)
    if module.DOWNLOAD is None:
        raise CorpusError(
            f"{name} has no address to fetch it from. Source: {module.SOURCE}. "
            f"What to give as --path: {module.LAYOUT}"
        )
    console = Console()
    console.print(f"{name}: licence {escape(module.LICENCE)}", highlight=False)
    with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), console=console) as bar:
        task = bar.add_task(module.DOWNLOAD.url, total=None)
        verified = fetch(
            module.DOWNLOAD, out, lambda received, total: bar.update(task, completed=received, total=total)
        )
    for file, checked in verified.items():
        verdict = "checksum as on record" if checked else "no checksum on record: not verified"
        console.print(f"{escape(str(out / file))}: {verdict}", highlight=False, soft_wrap=True)
