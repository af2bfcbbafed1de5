"""What commands that load a collection share: the loading, and the account of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from models.errors import CorpusError

if TYPE_CHECKING:
    from models.catalogues.account import Account
    from models.catalogues.reading import Reading
    from training.corpus import TagCorpus


def load(
    name: str,
    path: Path | None,
    reading: Reading,
    account: Account | None = None,
    skip_faulty: bool = False,
    **options: Any,
) -> TagCorpus:
    """Load a collection by the options of a command; those that are None or False were not given.

    Raises
    ------
    CorpusError
        As `training.corpora.load_corpus`, and for options of catalogues that are given for another
        collection.
    """
    from models.catalogues.reading import Reading
    from training.corpora import catalogue, load_corpus

    given = {option: value for option, value in options.items() if value is not None and value is not False}
    if name in catalogue.NAMES:
        given |= {"reading": reading, "account": account, "skip_faulty": skip_faulty}
    elif reading != Reading() or skip_faulty:
        raise CorpusError(
            f"options for the names of fields and the cleaning of tags are for catalogues "
            f"({', '.join(catalogue.NAMES)}); {name} is read in one way"
        )
    return load_corpus(name, path, **given)


def show_account(account: Account, console: Console) -> None:
    """Print the account of a catalogue; nothing, if none was read."""
    if not account.format:
        return
    table = Table.grid(padding=(0, 2))
    for label, text in account.lines():
        table.add_row(f"[bold]{label}[/]", escape(text))
    console.print(table, highlight=False)
