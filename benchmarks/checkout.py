"""A checkout of the project, queried through its public interfaces: service and command line."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Not the installed `tagprime`: started in the checkout's folder, this imports the checkout's own code even if
# the environment was made for another.
COMMAND = ("-c", "from app.cli import main; main()")
EVALUATIONS = (("priming", "siamese-lit"), ("completion", "completion,edlae"))
MOST_RESULTS = 1000
"""The service's default for the largest `limit`."""

WAIT_SECONDS = 120
"""Longest wait for a service to be ready, and for its queries to follow the store."""


@dataclass(frozen=True)
class Checkout:
    """A checkout of the project, and the interpreter of its environment."""

    folder: Path
    python: Path

    @classmethod
    def at(cls, folder: Path, python: Path | None) -> Checkout:
        """Return the checkout in a folder; its interpreter is that of `.venv` unless another is named."""
        # Not resolved: an interpreter finds its environment by the name it is started by.
        python = (python or folder / ".venv" / "bin" / "python").absolute()
        if not python.is_file():
            raise SystemExit(f"{python} is no interpreter; name that of {folder} by an option")
        return cls(folder.resolve(), python)

    def command(self, *arguments: object) -> list[str]:
        return [str(self.python), *COMMAND, *map(str, arguments)]

    def environment(self) -> dict[str, str]:
        kept = {
            name: text for name, text in os.environ.items() if not name.startswith(("TAGPRIME_", "PYTHON"))
        }
        return {**kept, "OMP_NUM_THREADS": "1"}  # training gives the same numbers again on one thread only

    def revision(self) -> str:
        command = ["git", "-C", str(self.folder), "describe", "--always", "--dirty", "--abbrev=12"]
        found = subprocess.run(command, capture_output=True, text=True)
        return found.stdout.strip() or "unknown"

    @contextlib.contextmanager
    def serve(self, bundle: Path | None) -> Iterator[http.client.HTTPConnection]:
        """Yield a connection to the checkout's service with an empty store; it is stopped at the end."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        with tempfile.TemporaryDirectory() as folder, Path(folder, "log").open("w+") as log:
            options = ["--host", "127.0.0.1", "--port", port, "--database", f"sqlite:///{folder}/store.db"]
            options += [] if bundle is None else ["--bundle", bundle]
            command = self.command("serve", *options)
            server = subprocess.Popen(
                command, cwd=self.folder, env=self.environment(), stdout=log, stderr=log
            )
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            deadline = time.monotonic() + WAIT_SECONDS
            try:
                while not is_ready(connection):
                    if server.poll() is not None or time.monotonic() > deadline:
                        log.seek(0)
                        raise SystemExit(f"{self.folder}: the service is not ready: {log.read()}")
                    time.sleep(0.05)
                yield connection
            finally:
                connection.close()
                server.terminate()
                server.wait()

    def evaluate(self, collections: Path) -> dict[str, dict[str, Any]]:
        """Return the values of every fold on CAL500, by protocol and method, then by metric."""
        found = {}
        for protocol, methods in EVALUATIONS:
            with tempfile.TemporaryDirectory() as folder:
                written = Path(folder, "figures.json")
                options = ["--corpus", "cal500", "--path", collections / "cal500", "--folds", 3, "--seed", 0]
                options += ["--protocol", protocol, "--methods", methods, "--json", written]
                command = self.command("evaluate", *options)
                ended = subprocess.run(command, cwd=self.folder, env=self.environment(), stdout=sys.stderr)
                if ended.returncode != 0:
                    raise SystemExit(f"{self.folder}: tagprime evaluate exited with {ended.returncode}")
                methods_found = json.loads(written.read_text(encoding="utf-8"))["methods"]
            for method, metrics in methods_found.items():
                found[f"cal500 {protocol} {method}"] = {name: one["folds"] for name, one in metrics.items()}
        return found


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: object = None
) -> tuple[int, Any]:
    """Return status and body of an answer; a list is sent as one line of JSON for each item."""
    if isinstance(body, list):
        content, kind = "\n".join(json.dumps(item) for item in body), "application/x-ndjson"
    else:
        content, kind = json.dumps(body), "application/json"
    connection.request(method, path, None if body is None else content, {"Content-Type": kind})
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def is_ready(connection: http.client.HTTPConnection) -> bool:
    try:
        return ask(connection, "GET", "/readyz")[0] == 200
    except (OSError, http.client.HTTPException):
        connection.close()
        return False


def vocabulary(connection: http.client.HTTPConnection) -> list[str]:
    tags, cursor = [], ""
    while cursor is not None:
        status, page = ask(connection, "GET", f"/v1/tags?limit={MOST_RESULTS}{cursor and '&cursor='}{cursor}")
        if status != 200:
            raise SystemExit(f"/v1/tags was answered with {status}: {page}")
        tags += [entry["tag"] for entry in page["tags"]]
        cursor = page["next_cursor"]
    return tags


def fill_store(connection: http.client.HTTPConnection, documents: Sequence[dict[str, Any]]) -> None:
    """Write documents, each with an unknown tag last, and wait until queries know the usage of these tags."""
    deadline = time.monotonic() + WAIT_SECONDS
    status = 503  # the tables of a new store are made after the service is ready
    while status == 503 and time.monotonic() < deadline:
        status, written = ask(connection, "POST", "/v1/documents", list(documents))
        time.sleep(0.05)
    if status != 200 or written["created"] != len(documents):
        raise SystemExit(f"/v1/documents was answered with {status}: {written}")
    waiting = {document["tags"][-1] for document in documents}
    while waiting:
        if time.monotonic() > deadline:
            raise SystemExit(f"the service has no usage of these stored tags: {sorted(waiting)}")
        for tag in sorted(waiting):
            _, answer = ask(connection, "POST", "/prime", {"tag": tag, "limit": 1})
            if answer["resolved"].get("usage") == "store":
                waiting.discard(tag)
        time.sleep(0.05)
