"""`tagprime ask`: a query on the command line, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from app.commands.options import settings_with

if TYPE_CHECKING:
    from rich.table import Table

    from app.schemas.priming import PrimeResponse

BAR = 24
"""Characters of the longest bar."""


def ask(
    tag: Annotated[str, typer.Argument(help="The tag to find related tags for.")],
    context: Annotated[
        list[str] | None,
        typer.Option(help="Tags that it stands with, separated by commas; may come several times."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many results, at most.")] = 10,
    focus: Annotated[
        float, typer.Option(help="How much the tag itself counts among its context, above 0 and up to 10.")
    ] = 1.0,
    bundle: Annotated[Path | None, typer.Option(help="Folder of the bundle; else the shipped demo.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Rank related tags, as `POST /prime` does, by a bundle alone: no server and no store.

    Example: `tagprime ask "lo-fi" --context "hip hop,chill"`
    """
    from pydantic import ValidationError

    from app.schemas.priming import PrimeRequest
    from app.services.models.serving import Serving
    from app.services.priming import prime
    from models.bundle import load_bundle
    from models.errors import TagError

    settings = settings_with(bundle=bundle)
    given = [part.strip() for text in context or () for part in text.split(",")]
    try:
        request = PrimeRequest(tag=tag, context=[part for part in given if part], limit=limit, focus=focus)
    except ValidationError as error:
        first = error.errors()[0]
        raise TagError(f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}") from None
    loaded = load_bundle(settings.bundle, settings.max_bundle_bytes)
    answer = prime(Serving.of(loaded, settings.index_cache_bytes), request, settings)
    if as_json:
        typer.echo(answer.model_dump_json(exclude_none=True))
        return
    console = Console()
    for line in _remarks(answer):
        console.print(escape(line), style="dim", highlight=False)
    console.print(_bars(answer))


def _remarks(answer: PrimeResponse) -> list[str]:
    """Return how the tags were understood, where that is not what was given."""
    lines = []
    if answer.resolved.step == "oov":
        near = ", ".join(answer.resolved.suggestions or ())
        lines.append(f"{answer.tag} is not in the vocabulary" + (f"; did you mean {near}?" if near else ""))
    elif answer.resolved.tag != answer.tag:
        lines.append(f"{answer.tag} is read as {answer.resolved.tag}")
    lines += [f"{one.given} is read as {one.tag}" for one in answer.context_understood or ()]
    for one in answer.context_ignored:
        lines.append(f"{one.tag} has no part in it: {one.reason.replace('_', ' ')}")
    if answer.reason:
        lines.append(answer.reason)
    return lines


def _bars(answer: PrimeResponse) -> Table:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    for justify in ("right", "left", "right", "left"):
        table.add_column(justify=justify)
    scores = [result.score for result in answer.results]
    # Scores have no fixed range and may be negative, so bars begin a little below the last result.
    low = min(scores, default=0.0)
    spread = max(scores, default=0.0) - low
    for result in answer.results:
        share = 1.0 if spread == 0 else 0.1 + 0.9 * (result.score - low) / spread
        bar = "█" * max(1, round(BAR * share))
        table.add_row(str(result.rank), escape(result.tag), f"{result.score:.2f}", f"[green]{bar}[/]")
    return table
