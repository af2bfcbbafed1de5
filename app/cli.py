"""The `tagprime` command line.

Serving commands stand in `app.commands`. Other sides of the project attach theirs through the
entry-point group ``tagprime.commands`` (each entry is a function that takes the root command), because
the serving side never imports the training side; a training command on a machine without the ``train``
extra says what to install. What a command needs is imported inside it, so that ``--help`` is quick.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from app.commands.ask import ask
from app.commands.bundles import bundle_commands
from app.commands.demo import demo
from app.commands.documents import database, documents
from app.commands.keys import keys
from app.commands.options import Database, settings_with
from models.errors import TagprimeError

COMMANDS_GROUP = "tagprime.commands"

root = typer.Typer(
    name="tagprime",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
root.add_typer(documents, name="documents")
root.add_typer(database, name="db")
root.add_typer(bundle_commands, name="bundle")
root.add_typer(keys, name="keys")
root.add_typer(demo, name="demo")
root.command()(ask)


def _show_version(given: bool) -> None:
    if given:
        from app import release

        typer.echo(f"tagprime {release()}")
        raise typer.Exit


@root.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Semantic tag search for music apps: train on tag collections, serve rankings in context."""


@root.command()
def serve(
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of the bundle to serve; else the shipped demo.")
    ] = None,
    bundles: Annotated[Path | None, typer.Option(help="Folder of bundles to serve by name or alias.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    database: Database = None,
) -> None:
    """Serve rankings over HTTP; every other setting comes from the environment."""
    from app.server import run

    run(settings_with(bundle=bundle, bundles=bundles, host=host, port=port, database_url=database))


@root.command()
def worker(
    bundle: Annotated[Path | None, typer.Option(help="As the service has it.")] = None,
    bundles: Annotated[Path | None, typer.Option(help="As the service has it.")] = None,
    database: Database = None,
) -> None:
    """Run evaluations for services with `TAGPRIME_WORKER=apart`; SIGTERM ends it."""
    from app.server import work

    work(settings_with(bundle=bundle, bundles=bundles, database_url=database))


@root.command()
def health(
    port: Annotated[int | None, typer.Option(help="Port of the service on this machine.")] = None,
) -> None:
    """Ask the service on this machine whether it is ready: exit code 0 if it is."""
    from http.client import HTTPConnection, HTTPException

    settings = settings_with(port=port)
    connection = HTTPConnection("127.0.0.1", settings.port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        Console(stderr=True).print(f"no answer on port {settings.port}: {error}", highlight=False)
        raise typer.Exit(1) from None
    finally:
        connection.close()
    if status != 200:
        Console(stderr=True).print(f"/readyz answered {status}", highlight=False)
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; an expected error is one red line and exit code 1."""
    for entry in entry_points(group=COMMANDS_GROUP):
        entry.load()(root)
    try:
        root()
    except TagprimeError as error:
        _fail(str(error))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("app", "models", "training"):
            raise
        _fail(
            f"this command needs {error.name}, which is not installed here; "
            "training commands come with: pip install 'tagprime[train]'"
        )


def _fail(message: str) -> NoReturn:
    Console(stderr=True).print(f"[red]error:[/] {escape(message)}", soft_wrap=True, highlight=False)
    raise SystemExit(1) from None
