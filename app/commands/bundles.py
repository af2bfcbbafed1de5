"""`tagprime bundle`: check one, see what is in it, add it to a registry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from app.commands.options import settings_with

bundle_commands = typer.Typer(help="Trained bundles: check one, or see what is in it.", no_args_is_help=True)

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


@bundle_commands.command("import")
def import_bundle(
    folder: BundleFolder,
    into: Annotated[
        Path | None, typer.Option("--bundles", help="The registry; else `TAGPRIME_BUNDLES`.")
    ] = None,
) -> None:
    """Copy a bundle into the registry of a service, once it is verified.

    It is served once a request names it or a model alias is moved to it:
    `PUT /v1/aliases/default {"model": "NAME@VERSION"}`.
    """
    from models.bundle_writing import copy_bundle
    from models.errors import SettingsError

    bundles = settings_with(bundles=into).bundles
    if bundles is None:
        raise SettingsError("no registry: give --bundles or set TAGPRIME_BUNDLES")
    copied = copy_bundle(folder, bundles)
    Console().print(f"{copied.name}@{copied.version}", highlight=False, soft_wrap=True)
