"""Measure the time from the start of a server to its first answer, and its memory.

    python benchmarks/startup.py [--bundle DIR] [--runs 5]

Each run starts `tagprime serve` as a user does, asks /readyz until it answers 200, sends 200 queries
over contexts of its vocabulary, and reads the resident memory.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def request(port: int, method: str, path: str, body: object = None) -> tuple[int, object]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            if request(port, "GET", "/readyz")[0] == 200:
                return
        except OSError:
            time.sleep(0.005)
    raise SystemExit("the server ended instead of answering")


def run(bundle: Path | None) -> tuple[float, float, float]:
    """Return seconds and CPU seconds until ready, and MB held after 200 queries."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).parent / "tagprime"), "serve", "--port", str(port)]
        command += ["--database", f"sqlite:///{folder}/store.db"]
        command += [] if bundle is None else ["--bundle", str(bundle)]
        started = time.perf_counter()
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            wait_until_ready(port, process)
            ready = time.perf_counter() - started
            spent = psutil.Process(process.pid).cpu_times()
            ask_around(port)
            memory = psutil.Process(process.pid).memory_info().rss / 1e6
        finally:
            process.terminate()
            process.wait()
    return ready, spent.user + spent.system, memory


def ask_around(port: int, queries: int = 200) -> None:
    _, page = request(port, "GET", "/v1/tags?limit=1000")
    tags = [entry["tag"] for entry in page["tags"]]  # type: ignore[index]
    rng = random.Random(0)
    for _ in range(queries):
        body = {"tag": rng.choice(tags), "context": rng.sample(tags, min(5, len(tags)))}
        status, answer = request(port, "POST", "/prime", body)
        if status != 200:
            raise SystemExit(f"{body} was answered with {status}: {answer}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, help="the bundle to serve; else the shipped demo")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    figures = [run(options.bundle) for _ in range(options.runs)]
    for name, unit, values in (
        ("ready after", "s", [ready for ready, _, _ in figures]),
        ("CPU until ready", "s", [spent for _, spent, _ in figures]),
        ("memory held", "MB", [memory for _, _, memory in figures]),
    ):
        print(f"{name}: median {statistics.median(values):.2f} {unit}, worst {max(values):.2f} {unit}")


if __name__ == "__main__":
    main()
