"""``tagprime corpora``: list collections, describe one, export it and download it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table

from models.errors import CorpusError

if TYPE_CHECKING:
    from training.corpus import TagCorpus

corpora = typer.Typer(
    name="corpora",
    help="Tag collections for training and evaluation: list, describe, export and download them.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Name = Annotated[str, typer.Argument(help="A name from `corpora list`, e.g. cal500.", show_default=False)]


def register(root: typer.Typer) -> None:
    """Attach the commands."""
    root.add_typer(corpora)


@corpora.command("list")
def list_corpora() -> None:
    """List the collections: documents, the path to give, source and licence.

    The name in the first column is what `tagprime train`, `tagprime evaluate` and `tagprime corpora info`
    take.
    """
    from training.corpora import NAMES, collection

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1))
    sources = Table.grid(padding=(0, 1))
    table.add_column("name", no_wrap=True, style="bold")
    for heading, ratio in (("documents", 3), ("path to give", 5), ("licence", 3)):
        table.add_column(heading, ratio=ratio, overflow="fold")
    for name in NAMES:
        module = collection(name)
        table.add_row(name, *map(escape, (module.DOCUMENTS, module.LAYOUT, module.LICENCE)))
        sources.add_row(f" [bold]{name}[/]", escape(module.SOURCE))
    console = Console()
    console.print(table)
    console.print(" Sources:")
    console.print(sources, highlight=False, soft_wrap=True)


@corpora.command("info")
def info(
    name: Name,
    path: Annotated[Path | None, typer.Option(help="Its folder or file; `corpora list` shows which.")] = None,
    min_documents: Annotated[
        int, typer.Option(min=1, help="First drop tags on fewer documents than this.")
    ] = 1,
    min_tags: Annotated[int, typer.Option(min=1, help="Then drop documents with fewer tags than this.")] = 1,
    all_tags: Annotated[bool, typer.Option("--all-tags", help="cal500: keep the Genre-Best tags.")] = False,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="store: its database; by default `TAGPRIME_DATABASE_URL`."),
    ] = None,
    merge_spellings: Annotated[
        bool,
        typer.Option("--merge-spellings", help="lastfm-hetrec: merge tags that differ in white space only."),
    ] = False,
) -> None:
    """Describe a collection: counts, density, checksums, and what loading left out.

    Example: `tagprime corpora info lastfm-hetrec --path DIR --min-documents 5 --min-tags 3`
    """
    from training.corpora import collection, load_corpus

    options = {"all_tags": all_tags, "merge_spellings": merge_spellings, "database": database}
    corpus = load_corpus(name, path, **{option: chosen for option, chosen in options.items() if chosen})
    if min_documents > 1 or min_tags > 1:
        corpus = corpus.filter(min_documents, min_tags)
    table = Table.grid(padding=(0, 2))
    for label, text in (*_counts(corpus), *_origin(corpus, collection(name).CHECKSUMS)):
        table.add_row(f"[bold]{label}[/]", escape(text))
    Console().print(table, highlight=False)


@corpora.command("export")
def export(
    name: Name,
    out: Annotated[Path, typer.Argument(help="The JSONL file to write; it must not exist yet.")],
    path: Annotated[Path | None, typer.Option(help="Its folder or file; `corpora list` shows which.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="demo: seed of the generated tracks.")] = None,
    documents: Annotated[int | None, typer.Option(min=1, help="demo: number of tracks to generate.")] = None,
) -> None:
    """Write a collection as JSONL, one document per line, for `documents import` and `train jsonl`.

    Example: `tagprime corpora export demo fresh.jsonl --seed 1 --documents 1000`
    """
    from training.corpora import load_corpus

    given = {"seed": seed, "n_documents": documents}
    corpus = load_corpus(name, path, **{key: value for key, value in given.items() if value is not None})
    if out.exists():
        raise CorpusError(f"{out} exists already; choose another file")
    with out.open("w", encoding="utf-8") as file:
        file.writelines(_lines(corpus))
    Console().print(f"{out}: {corpus.n_documents} documents", highlight=False)


def _lines(corpus: TagCorpus) -> Iterator[str]:
    for row, (key, tags) in enumerate(zip(corpus.document_ids, corpus.documents(), strict=True)):
        group = {} if corpus.groups is None else {"group": corpus.groups[row]}
        named = [corpus.index_to_key[tag] for tag in tags.tolist()]
        yield json.dumps({"id": key, "tags": named, **group}, ensure_ascii=False) + "\n"


def _counts(corpus: TagCorpus) -> Iterator[tuple[str, str]]:
    import numpy as np

    assignments = corpus.matrix.nnz
    sizes = np.diff(corpus.matrix.indptr)
    yield "documents", f"{corpus.n_documents:,}"
    if not sizes.all():
        yield "", f"{np.count_nonzero(sizes == 0):,} of them without a tag"
    yield "tags", f"{corpus.n_tags:,}"
    unused = np.count_nonzero(corpus.document_frequency == 0)
    if unused:
        yield "", f"{unused:,} of them on no document"
    yield "assignments", f"{assignments:,}"
    yield "density", f"{assignments / max(1, corpus.n_documents * corpus.n_tags):.4%}"
    yield "tags per document", f"mean {sizes.mean():.1f}, median {np.median(sizes):.0f}, most {sizes.max()}"
    if corpus.groups is not None:
        yield "groups", f"{len(set(corpus.groups)):,}"
    commonest = np.argsort(-corpus.document_frequency, kind="stable")[:10]
    yield (
        "commonest tags",
        ", ".join(f"{corpus.index_to_key[tag]} ({corpus.document_frequency[tag]:,})" for tag in commonest),
    )


def _origin(corpus: TagCorpus, recorded: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    for note in corpus.provenance.notes:
        yield "note", note
    for file, digest in corpus.provenance.files.items():
        on_record = recorded.get(file)
        verdict = "none on record" if on_record is None else "as on record"
        if on_record not in (None, digest):
            verdict = "NOT the one on record"
        yield file, f"SHA-256 {digest} ({verdict})"
    yield "source", corpus.provenance.source
    yield "citation", corpus.provenance.citation
    yield "licence", corpus.provenance.licence


@corpora.command("fetch")
def fetch_corpus(
    name: Name,
    out: Annotated[Path, typer.Option(help="Folder for its files; created if it does not exist.")],
) -> None:
    """Download a collection from its publisher, if a stable address is known.

    The files are checked against the recorded checksums and appear in the folder only if all of them match.
    """
    from training.corpora import collection
    from training.corpora.download import fetch

    module = collection(name)
    if module.DOWNLOAD is None:
        raise CorpusError(
            f"{name} has no address to fetch it from. Source: {module.SOURCE}. "
            f"What to give as --path: {module.LAYOUT}"
        )
    console = Console()
    console.print(f"{name}: licence {escape(module.LICENCE)}", highlight=False)
    with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), console=console) as bar:
        task = bar.add_task(module.DOWNLOAD.url, total=None)
        verified = fetch(
            module.DOWNLOAD, out, lambda received, total: bar.update(task, completed=received, total=total)
        )
    for file, checked in verified.items():
        verdict = "checksum as on record" if checked else "no checksum on record: not verified"
        console.print(f"{escape(str(out / file))}: {verdict}", highlight=False, soft_wrap=True)
