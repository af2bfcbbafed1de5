"""Connections to the document store: SQLite or PostgreSQL, one behaviour."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.db.sqlite_file import check_written, watch_file
from models.errors import StoreError


def open_engine(url: str, timeout: float = 5.0) -> Engine:
    """Return an engine for `url`; nothing is connected yet.

    Parameters
    ----------
    url
        ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``.
    timeout
        Longest wait, in seconds, for a connection, a lock or a free place in the pool.

    Raises
    ------
    StoreError
        If the URL is not one, or names another database or a driver that is not installed.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(f"the database URL cannot be read: {error}") from None
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, timeout)
    if parsed.get_backend_name() == "postgresql":
        return _open_postgresql(parsed, timeout)
    raise StoreError(
        f"the database URL names {parsed.get_backend_name()!r}; sqlite and postgresql are supported"
    )


def _open_sqlite(url: URL, timeout: float) -> Engine:
    engine = create_engine(url, connect_args={"timeout": timeout, "check_same_thread": False})
    watch_file(engine)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # The driver's own transaction handling leaves schema changes outside of transactions.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -4000")  # kB, of each connection

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that turns into a writer half-way fails at once when another one writes; one
        # that announces itself waits its turn.
        reads = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _open_postgresql(url: URL, timeout: float) -> Engine:
    try:
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            pool_timeout=timeout,
            # A server that is gone without a word is noticed, too: by unanswered probes, or unread data.
            connect_args={
                "connect_timeout": max(2, round(timeout)),
                "keepalives_idle": max(1, round(timeout)),
                "keepalives_interval": 1,
                "keepalives_count": 3,
                "tcp_user_timeout": round(1000 * timeout) + 3000,
            },
        )
    except ModuleNotFoundError:
        raise StoreError(
            "the PostgreSQL driver is not installed; install it with: pip install 'tagprime[postgres]'"
        ) from None

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.execute(f"SET lock_timeout = '{round(1000 * timeout)}ms'")
        connection.commit()

    return engine


@contextmanager
def transaction(engine: Engine, reads_only: bool = False, one_moment: bool = False) -> Iterator[Connection]:
    """Give a connection inside one transaction.

    With `one_moment` all of its reads see the store as it was at the first; SQLite's always do.

    A store that cannot be reached, is locked, is damaged or lacks a table raises a `StoreError`; a broken
    constraint or a value that does not fit its column is a bug and stays one.
    """
    options: dict[str, Any] = {"reads_only": reads_only}
    if one_moment and engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    try:
        with engine.connect().execution_options(**options) as connection:
            with connection.begin():
                yield connection
            if not reads_only:
                check_written(connection)
    except (IntegrityError, DataError):
        raise
    except (DBAPIError, PoolTimeout, sqlite3.Error) as error:
        where = engine.url.render_as_string(hide_password=True)
        raise StoreError("the store does not answer", f"{where}: {reason(error)}") from error


def reason(error: Exception) -> str:
    """Return one line on what went wrong, without the statement and its values."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = str(cause).strip().splitlines()
    return lines[0] if lines else type(cause).__name__
