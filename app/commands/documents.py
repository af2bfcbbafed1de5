"""`tagprime documents` and `tagprime db`: the store's content and its schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from app.commands.options import Database, opened_store, settings_with

if TYPE_CHECKING:
    from models.documents import Document

documents = typer.Typer(help="The documents of the store.", no_args_is_help=True)
database = typer.Typer(help="The store's schema.", no_args_is_help=True)


@documents.command("import")
def import_documents(
    file: Annotated[Path, typer.Argument(help="`.jsonl`, `.ndjson` or `.csv`.")],
    skip_faulty: Annotated[
        bool, typer.Option("--skip-faulty", help="Import the rest of a file with faulty lines.")
    ] = False,
    database: Database = None,
) -> None:
    """Add a file's documents to the store; one that is there already is brought up to date."""
    from rich.progress import Progress

    from app.db.engine import open_engine
    from app.db.migrations import ensure_current
    from app.services.documents.file import check_file, import_file, refuse_faults

    settings = settings_with(database_url=database)
    engine = open_engine(settings.store_url, settings.store_timeout_seconds)
    errors = Console(stderr=True)
    with errors.status(f"Checking {file}"):
        ensure_current(engine)
        checked = check_file(file, settings.max_document_tags)
    if not skip_faulty:
        refuse_faults(file, checked)
    for fault in checked.first_faults:
        errors.print(f"[yellow]skipped[/] {escape(fault)}", soft_wrap=True, highlight=False)
    if checked.n_faults > len(checked.first_faults):
        errors.print(f"[yellow]skipped[/] {checked.n_faults} lines in all", highlight=False)
    with Progress(console=errors) as bar:
        task = bar.add_task("Importing", total=checked.n_documents)
        written = import_file(file, engine, settings.max_document_tags, lambda n: bar.advance(task, n))
    engine.dispose()
    Console().print(
        f"{written.created} created, {written.updated} updated, {written.unchanged} unchanged",
        highlight=False,
    )


@documents.command("export")
def export_documents(
    file: Annotated[Path, typer.Argument(help="The `.jsonl` to write; it must not exist yet.")],
    database: Database = None,
) -> None:
    """Write the store's documents as JSONL, aliases followed and junk left out: what to train on."""
    from rich.progress import track

    from app.services.documents.export import as_line, cleaned_documents

    with opened_store(database) as engine, file.open("x", encoding="utf-8") as out:
        written = 0
        for document in track(cleaned_documents(engine), "Exporting", console=Console(stderr=True)):
            out.write(as_line(document))
            written += 1
    Console().print(f"{written} documents in {file}", highlight=False, soft_wrap=True)


def training_documents(database_url: str | None) -> Iterator[Document]:
    """Yield the documents of the store at a URL, or of the one in the environment.

    `tagprime train store` finds this by the entry-point group ``tagprime.documents``: neither side imports
    the other.
    """
    from app.services.documents.export import cleaned_documents

    with opened_store(database_url) as engine:
        yield from cleaned_documents(engine)


@database.command("upgrade")
def upgrade_database(database: Database = None) -> None:
    """Bring the store's schema up to this version of tagprime."""
    from app.db.engine import open_engine
    from app.db.migrations import HEAD, upgrade

    settings = settings_with(database_url=database)
    engine = open_engine(settings.store_url, settings.store_timeout_seconds)
    upgrade(engine)
    engine.dispose()
    Console().print(f"the store is at revision {HEAD}", highlight=False)
