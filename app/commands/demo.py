"""`tagprime demo`: invented tracks for a store to try things with."""

from __future__ import annotations

import typer
from rich.console import Console

from app.commands.options import Database, opened_store

demo = typer.Typer(help="Invented tracks to try things with.", no_args_is_help=True)


@demo.command("load")
def load_demo(database: Database = None) -> None:
    """Put the 1,000 invented tracks that come with Tagprime into the store.

    The Library page then shows them and the tags that the model would add to each. No demo bundle was trained
    on them. Loading them again changes nothing.

    Example: `tagprime demo load`
    """
    from app.services.documents.file import import_demo

    with opened_store(database) as engine:
        written = import_demo(engine)
    Console().print(
        f"{written.created} created, {written.updated} updated, {written.unchanged} unchanged",
        highlight=False,
    )
