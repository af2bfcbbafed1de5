"""Measure the CPU time of a query, relative to an endpoint of the same service that does nothing.

    python benchmarks/throughput.py [--bundle DIR] [--seconds 5] [--connections 8]

Both are requested in turn, three rounds each, over keep-alive connections from another process. The ratio is
comparable between machines, even slow or busy ones; requests per second are not.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def ask_for(address: str, path: str, bodies: list[bytes], seconds: float, connections: int) -> int:
    """Return how many requests were answered; a path without bodies is asked with GET."""
    end, answered = time.perf_counter() + seconds, 0

    async def one(client: httpx.AsyncClient) -> None:
        nonlocal answered
        while time.perf_counter() < end:
            if bodies:
                response = await client.post(path, content=random.choice(bodies))
            else:
                response = await client.get(path)
            response.raise_for_status()
            answered += 1

    async with httpx.AsyncClient(base_url=address) as client:
        await asyncio.gather(*(one(client) for _ in range(connections)))
    return answered


def load(address: str, path: str, bodies: list[bytes], seconds: float, connections: int) -> int:
    return asyncio.run(ask_for(address, path, bodies, seconds, connections))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, help="the bundle to serve; else the shipped demo")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).parent / "tagprime"), "serve", "--port", str(port)]
        command += ["--database", f"sqlite:///{folder}/store.db"]
        command += [] if options.bundle is None else ["--bundle", str(options.bundle)]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            measure(address, psutil.Process(server.pid), options)
        finally:
            server.terminate()
            server.wait()


def measure(address: str, server: psutil.Process, options: argparse.Namespace) -> None:
    while True:
        try:
            httpx.get(f"{address}/readyz").raise_for_status()
            break
        except httpx.HTTPError:
            time.sleep(0.05)
    tags = [tag["tag"] for tag in httpx.get(f"{address}/v1/tags", params={"limit": 1000}).json()["tags"]]
    rng = random.Random(0)
    bodies = []
    for _ in range(200):
        tag, *context = rng.sample(tags, 4)
        bodies.append(httpx.Request("POST", address, json={"tag": tag, "context": context}).content)
    costs: dict[str, list[float]] = {"/livez": [], "/prime": []}
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        for _ in range(3):
            for path, found in costs.items():
                before = server.cpu_times()
                asked = bodies if path == "/prime" else []
                arguments = (address, path, asked, options.seconds, options.connections)
                answered = pool.apply(load, arguments)
                after = server.cpu_times()
                found.append((after.user + after.system - before.user - before.system) / answered)
    nothing, prime = (statistics.median(found) for found in costs.values())
    print(f"/livez, which does nothing: {1e6 * nothing:.0f} us of CPU a request")
    print(
        f"/prime, {len(tags)} tags, 3 context tags: {1e6 * prime:.0f} us, {prime / nothing:.2f} times as much"
    )


if __name__ == "__main__":
    main()
