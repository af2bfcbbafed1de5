"""The queue of long work: huey, with messages as JSON. A message names a job; the store holds it.

SQLite keeps the queue beside the store's file, PostgreSQL inside the store's database.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from time import sleep
from typing import Any

from huey import Huey
from huey.registry import Message
from huey.serializer import Serializer
from huey.storage import PostgresStorage, SqliteStorage
from sqlalchemy.engine import make_url


class JsonSerializer(Serializer):  # type: ignore[misc]
    """Writes messages as JSON: reading one runs nothing, whoever wrote it."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(data).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(data))


class Queue:
    """Names of evaluations on their way to a worker.

    Parameters
    ----------
    database_url
        The store that the queue belongs to.
    run
        What a worker does with a name; a sender has nothing to do.
    """

    def __init__(self, database_url: str, run: Callable[[str], None] | None = None) -> None:
        def evaluate(evaluation_id: str) -> None:
            if run is not None:
                run(evaluation_id)

        self._huey = _opened(database_url)
        self._task = self._huey.task(name="evaluate")(evaluate)

    def send(self, evaluation_id: str) -> None:
        """Send a name to the workers."""
        self._huey.enqueue(self._task.s(evaluation_id))

    def work(self) -> bool:
        """Deal with the next name, if there is one; return whether there was."""
        task = self._huey.dequeue()
        if task is None:
            return False
        self._huey.execute(task)
        return True

    def close(self) -> None:
        """Close this thread's connection."""
        self._huey.storage.close()


def _opened(database_url: str, tries: int = 5) -> Huey:
    """Open the queue; where several processes make its tables at once, all but one have to try again."""
    try:
        return _huey(database_url)
    except Exception:
        if tries == 1:
            raise
        sleep(0.1)
        return _opened(database_url, tries - 1)


def _huey(database_url: str) -> Huey:
    url = make_url(database_url)
    shared = {"results": False, "store_none": False, "serializer": JsonSerializer()}
    if url.get_backend_name() == "sqlite":
        return Huey("tagprime", storage_class=SqliteStorage, filename=f"{url.database}.jobs", **shared)
    return Huey(
        "tagprime",
        storage_class=PostgresStorage,
        dsn=url.set(drivername="postgresql").render_as_string(hide_password=False),
        blocking=False,
        table_prefix="tagprime_jobs",
        **shared,
    )
