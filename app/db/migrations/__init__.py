"""The store's schema, version by version, and the way from any to the newest."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from app.db.engine import reason, transaction
from models.errors import StoreError

HEAD = "0008"
"""The revision this version of the code works with; a test holds it against the migration files."""

# Any number will do, as long as every process asks for the same one.
_POSTGRES_LOCK = 7_461_701


def current_revision(engine: Engine) -> str | None:
    """Return the revision of the store's schema, or None if it is empty."""
    with transaction(engine, reads_only=True) as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema up to `revision`; several processes may try at once.

    Raises
    ------
    StoreError
        If the store cannot be reached, or holds a schema of a newer version.
    """
    _migrate(engine, revision, down=False)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to `revision` (``base`` empties it)."""
    _migrate(engine, revision, down=True)


def ensure_current(engine: Engine) -> None:
    """Upgrade unless the schema is current: the cheap question goes before Alembic is imported."""
    if current_revision(engine) != HEAD:
        upgrade(engine)


def _migrate(engine: Engine, revision: str, *, down: bool) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        with transaction(engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _POSTGRES_LOCK})
            config.attributes["connection"] = connection
            (command.downgrade if down else command.upgrade)(config, revision)
    except CommandError as error:
        raise StoreError("the store's schema does not fit this version of tagprime", str(error)) from None
    except SQLAlchemyError as error:
        raise StoreError("the store's schema could not be changed", reason(error)) from error
