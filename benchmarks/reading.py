"""Measure the time and the peak memory of reading a large catalogue, filtering it and counting its tags.

    python benchmarks/reading.py [--documents 1000000] [--tags 50000] [--kinds jsonl weighted csv long split]

A catalogue of each kind is generated in a temporary folder. `tagprime corpora info`, a process of its own,
reads it, drops rare tags and small documents, and counts what is left. The target is 1,000,000 documents over
50,000 tags in less than 1 GB and 10 minutes on 2 cores.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np

TAGS_A_DOCUMENT = 8
BLOCK = 10_000
KIBIBYTES_PER_MEGABYTE = 1e6 / 1024

Row = tuple[str, list[str], str]


class Kind(NamedTuple):
    """A kind of catalogue: the suffix of its file, how it is written, and the options to read it with."""

    suffix: str
    write: Callable[[Path, Iterator[Row]], None]
    options: tuple[str, ...] = ()


def rows(n_documents: int, n_tags: int) -> Iterator[Row]:
    """Yield id, tags and group of every document; half the uses are of one tag in sixteen."""
    rng = np.random.default_rng(0)
    for start in range(0, n_documents, BLOCK):
        drawn = (n_tags * rng.random((min(BLOCK, n_documents - start), TAGS_A_DOCUMENT)) ** 4).astype(int)
        for number, tags in enumerate(drawn.tolist(), start):
            yield f"track-{number}", [f"Tag {tag}" for tag in tags], f"artist-{number // 9}"


def write_jsonl(file: Path, documents: Iterator[Row]) -> None:
    """Write tags as names."""
    with file.open("w", encoding="utf-8") as stream:
        for name, tags, group in documents:
            stream.write(json.dumps({"id": name, "tags": tags, "group": group}) + "\n")


def write_weighted(file: Path, documents: Iterator[Row]) -> None:
    """Write an object of weights by tag, compressed."""
    with gzip.open(file, "wt", encoding="utf-8", compresslevel=1) as stream:
        for name, tags, group in documents:
            weights = {tag: place for place, tag in enumerate(tags, 1)}
            stream.write(json.dumps({"id": name, "tags": weights, "group": group}) + "\n")


def write_wide(file: Path, documents: Iterator[Row]) -> None:
    """Write a row a document."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "tags", "group"])
        writer.writerows((name, "|".join(tags), group) for name, tags, group in documents)


def write_long(file: Path, documents: Iterator[Row]) -> None:
    """Write a row a tag."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "tag", "group"])
        writer.writerows((name, tag, group) for name, tags, group in documents for tag in tags)


def write_joined(file: Path, documents: Iterator[Row]) -> None:
    """Write tags joined in pairs on one document of four."""
    with file.open("w", encoding="utf-8") as stream:
        for number, (name, tags, group) in enumerate(documents):
            if number % 4 == 0:
                tags = [f"{one}; {other}" for one, other in zip(tags[::2], tags[1::2], strict=True)]
            stream.write(json.dumps({"id": name, "tags": tags, "group": group}) + "\n")


KINDS = {
    "jsonl": Kind(".jsonl", write_jsonl),
    "weighted": Kind(".jsonl.gz", write_weighted, ("--min-weight", "2")),
    "csv": Kind(".csv", write_wide),
    "long": Kind(".csv", write_long),
    "split": Kind(".jsonl", write_joined, ("--split", ";")),
}


def measure(command: list[str]) -> tuple[float, float, str]:
    """Return a command's seconds, its peak resident memory in MB, and what it printed.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    started = perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"exit status {process.returncode}: {' '.join(command)}")
    return perf_counter() - started, usage.ru_maxrss / KIBIBYTES_PER_MEGABYTE, printed


def main() -> None:
    """Print a line for every kind of catalogue."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--tags", type=int, default=50_000)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    options = parser.parse_args()
    tagprime = str(Path(sys.executable).parent / "tagprime")
    print(f"{options.documents:,} documents, {TAGS_A_DOCUMENT} draws of {options.tags:,} tags each")
    print(f"{'kind':<10} {'file MB':>8} {'seconds':>8} {'peak MB':>8} {'documents':>10} {'tags':>7}")
    for name in options.kinds:
        kind = KINDS[name]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"catalogue{kind.suffix}"
            kind.write(file, rows(options.documents, options.tags))
            size = file.stat().st_size / 1e6
            command = [tagprime, "corpora", "info", "catalogue", "--path", str(file), "--json"]
            command += ["--min-documents", "5", "--min-tags", "3", *kind.options]
            seconds, peak, printed = measure(command)
        left = json.loads(printed)["corpus"]
        kept = f"{left['documents']:>10,} {left['tags']:>7,}"
        print(f"{name:<10} {size:>8.0f} {seconds:>8.0f} {peak:>8.0f} {kept}", flush=True)


if __name__ == "__main__":
    main()
