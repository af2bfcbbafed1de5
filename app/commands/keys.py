"""`tagprime keys`: keys that open the service."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from app.commands.options import Database, opened_store
from app.scopes import Scope
from models.errors import NotFoundError, SettingsError

keys = typer.Typer(help="Keys that open the service.", no_args_is_help=True)


@keys.command("create")
def create_key_command(
    scope: Annotated[
        Scope,
        typer.Option(
            help="`read` allows queries, `write` also changes documents, `admin` also moves model aliases."
        ),
    ],
    name: Annotated[str, typer.Option(help="Whom it is for.")] = "",
    expires: Annotated[
        str | None, typer.Option(metavar="SPAN", help="Until when: 12h, 90d; else it does not expire.")
    ] = None,
    database: Database = None,
) -> None:
    """Make a key and print it; it cannot be shown again."""
    from app.services.access.keys import create_key

    with opened_store(database) as engine:
        key, stored = create_key(engine, scope, name, _span(expires))
    Console(stderr=True).print(f"key {stored.id}, scope {stored.scope}; keep it, it is not shown again:")
    Console().print(key, highlight=False, soft_wrap=True)


@keys.command("list")
def list_keys(database: Database = None) -> None:
    """List keys, without their secrets."""
    from rich.table import Table

    from app.db.engine import transaction
    from app.db.keys import stored_keys

    with opened_store(database) as engine, transaction(engine, reads_only=True) as connection:
        keys = stored_keys(connection)
    table = Table("id", "scope", "name", "created", "expires", "revoked")
    for key in keys:
        moments = (key.created_at, key.expires_at, key.revoked_at)
        shown = ["" if moment is None else f"{moment:%Y-%m-%d %H:%M}" for moment in moments]
        table.add_row(key.id, key.scope, escape(key.name), *shown)
    Console().print(table)


@keys.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `tagprime keys list` shows it.")],
    database: Database = None,
) -> None:
    """Close a key for ever; running services follow within seconds."""
    from app.db.engine import transaction
    from app.db.keys import revoke_key

    with opened_store(database) as engine, transaction(engine) as connection:
        if not revoke_key(connection, key_id):
            raise NotFoundError("key_not_found", f"there is no open key {key_id!r}")
    Console().print(f"key {key_id} is revoked", highlight=False)


def _span(text: str | None) -> timedelta | None:
    if text is None:
        return None
    units = {"m": "minutes", "h": "hours", "d": "days"}
    if not text[:-1].isdecimal() or len(text) > 6 or text[-1:] not in units or not int(text[:-1]):
        raise SettingsError(f"a span is a number of minutes, hours or days such as 90d; got {text!r}")
    return timedelta(**{units[text[-1]]: int(text[:-1])})
