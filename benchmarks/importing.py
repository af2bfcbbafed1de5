"""Measure the speed of a streamed import and the server's memory during it.

    python benchmarks/importing.py [--lines 50000 1000000] [--database URL]

For each size a real server with an empty store takes that many generated lines over one connection, as
NDJSON. The stream is interrupted once in its middle and sent again under the same Idempotency-Key, so that
the figures include both writing lines and skipping lines already written. Memory is bounded if the peak does
not grow with twenty times as many lines.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import psutil

MEGABYTE = 2**20
HEADERS = {"Content-Type": "application/x-ndjson", "Idempotency-Key": "benchmark"}


class BrokenOffError(Exception):
    """Raised to interrupt the stream."""


def lines(known: list[str], n_lines: int, written: Callable[[], int] | None = None) -> Iterator[bytes]:
    """Yield documents, a thousand lines at a time, with about 8 tags each, some far more used than others.

    One tag in twenty is of the model's vocabulary. With `written`, which returns the number of lines
    the server has, the stream is interrupted once that is half of them.
    """
    rng = random.Random(0)
    names = [f"tag {i}" for i in range(19 * len(known))] + known
    rng.shuffle(names)
    for start in range(0, n_lines, 1000):
        while written is not None and (done := written()) < start - 5000:
            time.sleep(0.02)  # what lies in buffers when a stream breaks off is lost
        if written is not None and done >= n_lines // 2:
            raise BrokenOffError
        documents = []
        for i in range(start, min(start + 1000, n_lines)):
            tags = {names[int(len(names) * rng.random() ** 4)] for _ in range(8)}
            documents.append(
                json.dumps({"id": f"track-{i}", "tags": sorted(tags), "group": f"artist-{i // 9}"})
            )
        yield ("\n".join(documents) + "\n").encode()


@contextmanager
def served(database: str | None) -> Iterator[tuple[str, psutil.Process]]:
    """Run a server on a free port over an empty store."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).parent / "tagprime"), "serve", "--port", str(port)]
        command += ["--database", database or f"sqlite:///{folder}/store.db"]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            while True:
                try:
                    httpx.get(f"{address}/v1/documents").raise_for_status()
                    break
                except httpx.HTTPError:
                    time.sleep(0.05)
            yield address, psutil.Process(server.pid)
        finally:
            server.terminate()
            server.wait()


@contextmanager
def watched(server: psutil.Process) -> Iterator[list[int]]:
    """Note the server's resident memory ten times a second; the list holds the peak."""
    peak, done = [server.memory_info().rss], Event()

    def watch() -> None:
        while not done.wait(0.1):
            peak[0] = max(peak[0], server.memory_info().rss)

    thread = Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def measure(n_lines: int, database: str | None) -> None:
    """Import so many lines, broken off in the middle, and print what it took."""
    with served(database) as (address, server), httpx.Client(base_url=address, timeout=None) as client:
        known = [tag["tag"] for tag in client.get("/v1/tags", params={"limit": 1000}).json()["tags"]]
        at_rest = server.memory_info().rss

        def progress() -> dict[str, Any]:
            answer = client.get(f"/v1/imports/{HEADERS['Idempotency-Key']}")
            return answer.json() if answer.status_code == 200 else {"lines": 0, "status": "unknown"}

        with watched(server) as peak:
            began = time.perf_counter()
            sending = Thread(target=send, args=(address, lines(known, n_lines, lambda: progress()["lines"])))
            sending.start()
            sending.join()
            while (reached := progress())["status"] != "interrupted":
                time.sleep(0.05)
            broken = time.perf_counter()
            answer = client.post("/v1/documents", content=lines(known, n_lines), headers=HEADERS)
            ended = time.perf_counter()
        written = answer.raise_for_status().json()
    first, rest = reached["lines"], written["lines"] - reached["lines"]
    for line in (
        f"{n_lines:,} lines: {written['created']:,} documents",
        f"  {first:,} lines in {broken - began:.1f} s, {first / (broken - began):,.0f} a second, broken off",
        f"  sent again: {first:,} passed over, {rest:,} written in {ended - broken:.1f} s",
        f"  server: {at_rest / MEGABYTE:.0f} MB at rest, {peak[0] / MEGABYTE:.0f} MB at most",
    ):
        print(line, flush=True)


def send(address: str, content: Iterator[bytes]) -> None:
    """Send a stream until it is at its end, or broken off."""
    with suppress(BrokenOffError):
        httpx.post(f"{address}/v1/documents", content=content, headers=HEADERS, timeout=None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, nargs="+", default=[50_000, 1_000_000])
    parser.add_argument("--database", help="an empty store, for one size; else SQLite in a temporary folder")
    options = parser.parse_args()
    for n_lines in options.lines:
        measure(n_lines, options.database)


if __name__ == "__main__":
    main()
