"""Whether two checkouts of the project give equal answers and equal evaluation figures.

    python benchmarks/compare_checkouts.py --before DIR --after DIR [--bundle DIR] [--collections DIR]
    python benchmarks/compare_checkouts.py --before DIR --collections DIR --save-before FILE
    python benchmarks/compare_checkouts.py --reuse-before FILE --after DIR --collections DIR

Each checkout runs its own code with its own interpreter (.venv/bin/python), and only what is public is asked:
1. `tagprime serve` answers the same seeded queries, for the given bundle or for the demo bundle of each
   checkout. The store is new and holds a few documents with half of the unknown tags that are asked. Tags may
   change places only where their scores are equal within the tolerance.
2. `tagprime evaluate` measures methods on CAL500; the folder of collections holds cal500/. Every metric of
   every fold is compared.
The model's name and version, and texts written for people, are not compared. Fields and metrics that only the
second checkout has are listed and not compared; those that only the first has count as differences.

Prints a table and exits with 1 if anything differs by more than the tolerance.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from answer_differences import compare_answers, compare_figures
from checkout import MOST_RESULTS, Checkout, ask, fill_store, vocabulary

DOCUMENTS = Path("models", "artifacts", "demo-documents.jsonl")

Asked = dict[str, list[dict[str, Any]]]
"""Queries, and the documents of the store."""


def draw(tags: Sequence[str], shipped: Sequence[list[str]], n_queries: int, seed: int) -> Asked:
    """Draw queries of 0 to 5 context tags: half from documents, half from anywhere in the vocabulary."""
    rng = random.Random(seed)
    queries: list[dict[str, Any]] = []
    documents: list[dict[str, Any]] = []
    for number in range(n_queries):
        drawn_from = rng.choice(shipped) if rng.random() < 0.5 else tags
        tag, *context = rng.sample(drawn_from, min(len(drawn_from), 1 + rng.randint(0, 5)))
        if rng.random() < 0.2:  # out of vocabulary: a tag that nobody uses, or a misspelt one
            tag = rng.choice([f"unheard of {number}", f"{tag}{tag[-1]} {number}"])
            if rng.random() < 0.5:
                beside = [rng.sample(tags, min(len(tags), 5)) for _ in range(3)]
                documents += [
                    {"id": f"{number}-{copy}", "tags": [*known, tag]} for copy, known in enumerate(beside)
                ]
        elif rng.random() < 0.1:  # another spelling of the same tag
            tag = tag.replace(" ", "-") if " " in tag else tag.replace("-", " ")
        if context and rng.random() < 0.1:
            context[-1] = f"unheard of beside {number}"
        # A whole ranking compares more; a short one is what applications ask for.
        query = {"tag": tag, "context": context, "limit": rng.choice([10, *3 * [MOST_RESULTS]])}
        query |= {"focus": 2} if rng.random() < 0.2 else {}
        query |= {"explain": True} if rng.random() < 0.2 else {}
        queries.append(query)
    return {"queries": queries, "documents": documents}


def collect(checkout: Checkout, options: argparse.Namespace, asked: Asked | None = None) -> dict[str, Any]:
    """Return what a checkout answers; if nothing to ask is given, it is drawn from its own tags."""
    with checkout.serve(options.bundle) as connection:
        if asked is None:
            lines = (checkout.folder / DOCUMENTS).read_text(encoding="utf-8").splitlines()
            shipped = [json.loads(line)["tags"] for line in lines]
            asked = draw(vocabulary(connection), shipped, options.queries, options.seed)
        fill_store(connection, asked["documents"])
        answers = [ask(connection, "POST", "/prime", query) for query in asked["queries"]]
        _, version = ask(connection, "GET", "/version")
    return {
        "revision": checkout.revision(),
        "model": "{name}@{version}".format_map(version["model"]),
        "asked": asked,
        "answers": answers,
        "figures": None if options.collections is None else checkout.evaluate(options.collections),
    }


def describe(side: str, found: dict[str, Any]) -> str:
    queries = found["asked"]["queries"]
    bodies = [body for status, body in found["answers"] if status == 200]
    usages = [body["resolved"].get("usage") for body in bodies]
    kinds = {
        "out of vocabulary": sum(not body["in_vocabulary"] for body in bodies),
        "known from the store": usages.count("store"),
        "with a focus": sum("focus" in query for query in queries),
        "explained": sum("explain" in query for query in queries),
        "refused": len(queries) - len(bodies),
    }
    asked = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
    by = f"revision {found['revision']}, bundle {found['model']}"
    return f"{side}: {by}, {len(queries)} queries ({asked})"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--before", type=Path, help="the first checkout")
    parser.add_argument("--after", type=Path, help="the second checkout")
    parser.add_argument("--python-before", type=Path, help="its interpreter, if not .venv/bin/python in it")
    parser.add_argument("--python-after", type=Path, help="likewise")
    parser.add_argument("--save-before", type=Path, metavar="FILE", help="keep what the first one answers")
    parser.add_argument("--reuse-before", type=Path, metavar="FILE", help="take it from there")
    parser.add_argument("--bundle", type=Path, help="asked in both; else the demo bundle of each")
    parser.add_argument("--collections", type=Path, help="folder that holds cal500/; else no evaluation")
    parser.add_argument("--queries", type=int, default=200, help="how many to draw")
    parser.add_argument("--seed", type=int, default=0, help="of the queries")
    parser.add_argument("--tolerance", type=float, default=1e-6)
    options = parser.parse_args(arguments)
    if (options.before is None) == (options.reuse_before is None):
        parser.error("name the first side by one of --before and --reuse-before")
    if options.after is None and options.save_before is None:
        parser.error("name the second checkout by --after, or a file for the answers of the first")
    for name in ("bundle", "collections"):
        given = getattr(options, name)
        setattr(options, name, given and given.resolve())  # checkouts are asked from their own folders
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    if options.reuse_before is not None:
        before = json.loads(options.reuse_before.read_text(encoding="utf-8"))
    else:
        before = collect(Checkout.at(options.before, options.python_before), options)
    if options.save_before is not None:
        options.save_before.write_text(json.dumps(before) + "\n", encoding="utf-8")
    print(describe("before", before))
    if options.after is None:
        return 0
    after = collect(Checkout.at(options.after, options.python_after), options, before["asked"])
    print(describe("after", after))
    compared = [compare_answers(before["answers"], after["answers"], options.tolerance)]
    if before["figures"] is not None and after["figures"] is not None:
        compared.append(compare_figures(before["figures"], after["figures"], options.tolerance))
    else:
        without = "the second side" if after["figures"] is None else "the first side"
        print(f"CAL500 is left out: {without} was asked without --collections")
    print(f"\n{'what':<40} {'values':>8} {'largest difference':>20}  equal to {options.tolerance:g}")
    print(*compared, sep="\n")
    return 0 if all(one.equal for one in compared) else 1


if __name__ == "__main__":
    sys.exit(main())
