"""The file of an SQLite store: noticed when it is deleted or replaced under the service.

SQLite goes on with the file that it has opened, so whatever is written after a deletion would be confirmed
and lost, and a new connection would make a new, empty file.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DisconnectionError

GONE = "the database file was deleted or replaced while the service had it open"
_OPENED = "file number"


def watch_file(engine: Engine) -> None:
    """Let an engine's connections leave a file that was deleted or replaced, and never make it anew."""
    database = engine.url.database
    if not database or database == ":memory:":
        return
    path = Path(database)
    was_there = False

    @event.listens_for(engine, "do_connect")
    def refuse_to_make_it_anew(*_: Any) -> None:
        if was_there and _number(path) is None:
            raise sqlite3.OperationalError(GONE)

    @event.listens_for(engine, "connect")
    def remember(_connection: Any, record: Any) -> None:
        record.info[_OPENED] = path, _number(path)

    @event.listens_for(engine, "checkout")
    def leave_it(_connection: Any, record: Any, _proxy: Any) -> None:
        nonlocal was_there
        if _is_gone(record.info):
            raise DisconnectionError(GONE)  # the pool opens the file once more
        was_there = True


def check_written(connection: Connection) -> None:
    """Raise sqlite3.OperationalError if the file that a connection writes to is not the store's any more."""
    if _is_gone(connection.info):
        raise sqlite3.OperationalError(GONE)


def _is_gone(info: dict[Any, Any]) -> bool:
    if _OPENED not in info:
        return False
    path, number = info[_OPENED]
    return bool(_number(path) != number)


def _number(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
