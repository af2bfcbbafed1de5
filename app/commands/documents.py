"""`tagprime documents` and `tagprime db`: the store's content and its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from app.commands.options import Database, opened_store, settings_with
from models.catalogues.options import reading_options

if TYPE_CHECKING:
    from models.catalogues.document import Document
    from models.catalogues.reading import Reading

documents = typer.Typer(help="The documents of the store.", no_args_is_help=True)
database = typer.Typer(help="The store's schema.", no_args_is_help=True)


@documents.command("import")
@reading_options(typer.Option)
def import_documents(
    path: Annotated[
        Path, typer.Argument(help="A file, folder or archive in any format that catalogues are read in.")
    ],
    reading: Reading,
    format: Annotated[
        str | None, typer.Option(help="Its format, e.g. jsonl, csv, beets; else recognised by its content.")
    ] = None,
    skip_faulty: Annotated[
        bool, typer.Option("--skip-faulty", help="Import the rest of a file with faulty lines.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the account as JSON.")] = False,
    database: Database = None,
) -> None:
    """Add a catalogue's documents to the store; one that is there already is brought up to date.

    The format that was recognised and what was done to it is reported on standard error.

    Example: `tagprime documents import library.db --split 'genre=;,'`
    """
    from rich.progress import Progress

    from app.db.engine import open_engine
    from app.db.migrations import ensure_current
    from app.services.documents.file import check_catalogue, import_catalogue, refuse_faults
    from models.catalogues.reading import open_catalogue

    settings = settings_with(database_url=database)
    engine = open_engine(settings.store_url, settings.store_timeout_seconds)
    errors = Console(stderr=True)
    with errors.status(f"Checking {path}"):
        ensure_current(engine)
        catalogue = open_catalogue(path, replace(reading, format=format))
        account = check_catalogue(catalogue, settings.max_document_tags)
    if not as_json:
        for label, text in account.lines():
            errors.print(f"[bold]{label}[/] {escape(text)}", soft_wrap=True, highlight=False)
    if not skip_faulty:
        refuse_faults(catalogue, account)
    with Progress(console=errors) as bar:
        task = bar.add_task("Importing", total=account.documents)
        written = import_catalogue(
            catalogue, engine, settings.max_document_tags, lambda n: bar.advance(task, n)
        )
    engine.dispose()
    if as_json:
        typer.echo(json.dumps({**asdict(written), "account": account.as_dict()}, ensure_ascii=False))
        return
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

    from app.services.documents.export import cleaned_documents
    from models.catalogues.jsonl import as_line

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
