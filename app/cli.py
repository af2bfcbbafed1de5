"""The `tagprime` command line.

Serving commands stand here. Other sides of the project attach theirs through the entry-point group
``tagprime.commands`` (each entry is a function that takes the root command), because the serving
side never imports the training side; a training command on a machine without the ``train`` extra
says what to install.
"""

from __future__ import annotations

from importlib.metadata import entry_points

import typer
from rich.console import Console

from models.errors import TagprimeError

COMMANDS_GROUP = "tagprime.commands"

root = typer.Typer(
    name="tagprime",
    help="Semantic tag search for music apps: train on tag collections, serve rankings in context.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def main() -> None:
    """Run the command line; an expected error is one red line and exit code 1."""
    for entry in entry_points(group=COMMANDS_GROUP):
        entry.load()(root)
    try:
        root()
    except TagprimeError as error:
        Console(stderr=True).print(f"[red]error:[/] {error}", soft_wrap=True, highlight=False)
        raise SystemExit(1) from None
