"""The `tagprime` command line.

Serving commands stand here. Other sides of the project attach theirs through the entry-point group
``tagprime.commands`` (each entry is a function that takes the root command), because the serving
side never imports the training side; a training command on a machine without the ``train`` extra
says what to install. What a command needs is imported inside it, so that ``--help`` is quick.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from models.errors import TagprimeError

if TYPE_CHECKING:
    from app.settings import Settings

COMMANDS_GROUP = "tagprime.commands"

root = typer.Typer(
    name="tagprime",
    help="Semantic tag search for music apps: train on tag collections, serve rankings in context.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
documents = typer.Typer(help="The documents of the store.", no_args_is_help=True)
database = typer.Typer(help="The store's schema.", no_args_is_help=True)
bundle_commands = typer.Typer(help="Trained bundles: check one, or see what is in it.", no_args_is_help=True)
root.add_typer(documents, name="documents")
root.add_typer(database, name="db")
root.add_typer(bundle_commands, name="bundle")

Database = Annotated[
    str | None, typer.Option("--database", metavar="URL", help="The store; else `TAGPRIME_DATABASE_URL`.")
]


@root.command()
def serve(
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of the bundle to serve; else the shipped demo.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    database: Database = None,
) -> None:
    """Serve rankings over HTTP; every other setting comes from the environment."""
    from app.server import run

    run(_settings(bundle=bundle, host=host, port=port, database_url=database))


@root.command()
def health(
    port: Annotated[int | None, typer.Option(help="Port of the service on this machine.")] = None,
) -> None:
    """Ask the service on this machine whether it is ready: exit code 0 if it is."""
    from http.client import HTTPConnection, HTTPException

    settings = _settings(port=port)
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
    from app.services.importing import check_file, import_file, refuse_faults

    settings = _settings(database_url=database)
    engine = open_engine(settings.database_url, settings.store_timeout_seconds)
    errors = Console(stderr=True)
    with errors.status(f"Checking {file}"):
        ensure_current(engine)
        checked = check_file(file)
    if not skip_faulty:
        refuse_faults(file, checked)
    for fault in checked.first_faults:
        errors.print(f"[yellow]skipped[/] {escape(fault)}", soft_wrap=True, highlight=False)
    if checked.n_faults > len(checked.first_faults):
        errors.print(f"[yellow]skipped[/] {checked.n_faults} lines in all", highlight=False)
    with Progress(console=errors) as bar:
        task = bar.add_task("Importing", total=checked.n_documents)
        written = import_file(file, engine, lambda n: bar.advance(task, n))
    engine.dispose()
    Console().print(
        f"{written.created} created, {written.updated} updated, {written.unchanged} unchanged",
        highlight=False,
    )


@database.command("upgrade")
def upgrade_database(database: Database = None) -> None:
    """Bring the store's schema up to this version of tagprime."""
    from app.db.engine import open_engine
    from app.db.migrations import HEAD, upgrade

    settings = _settings(database_url=database)
    engine = open_engine(settings.database_url, settings.store_timeout_seconds)
    upgrade(engine)
    engine.dispose()
    Console().print(f"the store is at revision {HEAD}", highlight=False)


BundleFolder = Annotated[Path, typer.Argument(metavar="DIR", help="The bundle's folder.")]


@bundle_commands.command("verify")
def verify_bundle(folder: BundleFolder) -> None:
    """Check a bundle as serving would: every size, hash, shape and value; exit code 0 if all hold."""
    from models.bundle import load_bundle

    bundle = load_bundle(folder)
    Console().print(f"{folder}: {bundle.name} {bundle.version} is whole", highlight=False, soft_wrap=True)


@bundle_commands.command("info")
def show_bundle(
    folder: BundleFolder,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole manifest.")] = False,
) -> None:
    """Verify a bundle and say what it is, what it was trained on and how good it was measured to be."""
    from rich.table import Table

    from models.bundle import load_bundle

    manifest = load_bundle(folder).manifest
    if as_json:
        typer.echo(manifest.to_json(), nl=False)
        return
    corpus, training = manifest.corpus, manifest.training
    facts = {
        "name": manifest.name,
        "version": manifest.version,
        "encoder": f"{manifest.encoder['kind']} ({manifest.metric}; out-of-vocabulary: {manifest.oov_rule})",
        "tags": str(manifest.n_tags),
        "corpus": f"{corpus.get('name')} ({corpus.get('n_documents')} documents)",
        "licence": str(corpus.get("licence")),
        "recipe": str(training.get("recipe", {}).get("name")),
        "seed": str(training.get("seed")),
        "stopped early": str(training.get("stopped_early") or "no"),
    }
    table = Table(show_header=False, box=None)
    for key, value in facts.items():
        table.add_row(key, escape(value))
    console = Console()
    console.print(table)
    for measured in manifest.quality.values():
        if "methods" not in measured:
            continue
        console.print(
            f"\n{measured['protocol']}, {measured['documents']} held-out documents, {measured['unit']}"
        )
        methods = measured["methods"]
        quality = Table("", *(escape(name) for name in methods), box=None)
        for metric in next(iter(methods.values())):
            quality.add_row(escape(metric), *(str(found.get(metric, "")) for found in methods.values()))
        console.print(quality)


def _settings(**given: Any) -> Settings:
    """Return the settings with what the command line gave put first."""
    from pydantic import ValidationError

    from app.settings import Settings, variable
    from models.errors import SettingsError

    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        faults = [
            f"{variable(str(fault['loc'][0]))}: {fault['msg'].lower()}; got {fault['input']!r}"
            for fault in error.errors()
        ]
        raise SettingsError("; ".join(faults)) from None


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
