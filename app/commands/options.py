"""Options that several commands share, and what they are made into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from app.settings import Settings

Database = Annotated[
    str | None, typer.Option("--database", metavar="URL", help="The store; else `TAGPRIME_DATABASE_URL`.")
]


def settings_with(**given: Any) -> Settings:
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


@contextmanager
def opened_store(url: str | None) -> Iterator[Engine]:
    """Give the store with its newest schema."""
    from app.db.engine import open_engine
    from app.db.migrations import ensure_current

    settings = settings_with(database_url=url)
    engine = open_engine(settings.store_url, settings.store_timeout_seconds)
    try:
        ensure_current(engine)
        yield engine
    finally:
        engine.dispose()
