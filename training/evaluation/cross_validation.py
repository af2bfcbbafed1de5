"""Evaluate methods on all folds under a protocol, in parallel, and summarise the results.

With a folder, every cell (one method on one fold) is written there as soon as it is measured, and a run that
was stopped continues from the cells in it.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.atomic_write import write_atomically
from models.errors import EvaluationError
from models.protocols.completion import MIN_TAGS
from training.corpus import TagCorpus
from training.evaluation import methods
from training.evaluation.cell import Cell, EvaluateFold, EvaluationSettings
from training.evaluation.parallel import unordered

PERCENT, FRACTION = "percent", "fraction"


@dataclass(frozen=True)
class ProtocolEntry:
    """A protocol's function (``module:function``) and the unit of its metrics."""

    evaluate_fold: str
    unit: str


PROTOCOLS: dict[str, ProtocolEntry] = {
    "priming": ProtocolEntry("training.evaluation.priming:evaluate_fold", PERCENT),
    "oov": ProtocolEntry("training.evaluation.oov:evaluate_fold", PERCENT),
    "completion": ProtocolEntry("training.evaluation.completion:evaluate_fold", FRACTION),
}

# Depth of the paper's MAP, inferred from its rows of random rankings (25 fits CAL500's table, 5 MagTag5K's),
# and number of tags reserved in the OOV protocol.
PAPER_M = {"cal500": 25, "magtag5k": 5, "mtat": 5}
RESERVED = {"magtag5k": 22, "mtat": 10}

# The documents are short (3.3 tags on average), so those of three tags are queried too.
COMPLETION_MIN_TAGS = {"mtat": 3}

Done = Callable[[str, int, Cell], None]
"""Called with the method, the fold and the cell, in the order in which cells are measured."""


def protocol(name: str) -> ProtocolEntry:
    """Return the protocol registered as `name`; EvaluationError with the known names if there is none."""
    try:
        return PROTOCOLS[name]
    except KeyError:
        raise EvaluationError(f"protocol {name!r} is unknown; known: {', '.join(PROTOCOLS)}") from None


def default_settings(corpus: TagCorpus, **changes: Any) -> EvaluationSettings:
    """Return the settings of a collection: the paper's, where the paper has some."""
    reserved = RESERVED.get(corpus.name, max(1, corpus.n_tags // 10))
    defaults = {
        "m": PAPER_M.get(corpus.name, 25),
        "reserved": reserved,
        "completion_min_tags": COMPLETION_MIN_TAGS.get(corpus.name, MIN_TAGS),
    }
    return EvaluationSettings(**{**defaults, **changes})


def evaluate(
    corpus: TagCorpus,
    protocol_name: str,
    names: Sequence[str],
    settings: EvaluationSettings,
    jobs: int = 1,
    folder: Path | None = None,
    done: Done | None = None,
    folds: Sequence[int] | None = None,
) -> dict[str, dict[int, Cell]]:
    """Evaluate methods under a protocol.

    Parameters
    ----------
    corpus
        The whole collection.
    protocol_name
        One of `PROTOCOLS`.
    names
        Methods, by registered name.
    settings
        Folds, seed and the options of the protocol.
    jobs
        Number of processes; each evaluates a family of methods on one fold at a time.
    folder
        Folder of the cells; a cell in it is not measured again.
    done
        Called after every cell.
    folds
        Folds to evaluate; all of them by default.

    Returns
    -------
    dict
        Cells by method, then by fold.

    Raises
    ------
    EvaluationError
        If the protocol or a method is unknown, or a method does not suit the protocol.
    """
    protocol(protocol_name)
    for name in names:
        methods.entry(name)
    wanted = range(settings.folds) if folds is None else folds
    if any(not 0 <= fold < settings.folds for fold in wanted):
        raise EvaluationError(f"folds {list(wanted)} are not all among 0 to {settings.folds - 1}")
    store = CellStore(folder, corpus, protocol_name, settings)
    cells: dict[str, dict[int, Cell]] = {name: {} for name in names}
    tasks: dict[tuple[str, int], list[str]] = {}
    for fold in wanted:
        for name in names:
            if (kept := store.load(name, fold)) is not None:
                cells[name][fold] = kept
                if done is not None:
                    done(name, fold, kept)
            else:
                tasks.setdefault((methods.entry(name).family or name, fold), []).append(name)
    for name, fold, cell in _run_all(corpus, protocol_name, settings, store, tasks, jobs):
        cells[name][fold] = cell
        if done is not None:
            done(name, fold, cell)
    return {name: dict(sorted(found.items())) for name, found in cells.items()}


def summary(
    corpus: TagCorpus, protocol_name: str, settings: EvaluationSettings, cells: dict[str, dict[int, Cell]]
) -> dict[str, Any]:
    """Return means, sample standard deviations and values by fold of every metric, as JSON values.

    The standard deviation of a single fold is None.
    """
    table: dict[str, Any] = {}
    for name, found in cells.items():
        table[name] = {}
        for metric in next(iter(found.values())).metrics:
            values = [cell.metrics[metric] for cell in found.values()]
            std = float(np.std(values, ddof=1)) if len(values) > 1 else None
            table[name][metric] = {"mean": float(np.mean(values)), "std": std, "folds": values}
    return {
        "corpus": corpus.name,
        "protocol": protocol_name,
        "unit": protocol(protocol_name).unit,
        "folds": settings.folds,
        "seed": settings.seed,
        "documents": corpus.n_documents,
        "tags": corpus.n_tags,
        "methods": table,
    }


class CellStore:
    """Cells on disk: one JSON file per cell, in a folder named by a hash of the corpus and the settings."""

    def __init__(
        self, folder: Path | None, corpus: TagCorpus, protocol_name: str, settings: EvaluationSettings
    ) -> None:
        self._corpus = corpus.name
        what = {"corpus": corpus.fingerprint, "protocol": protocol_name, **asdict(settings)}
        digest = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:12]
        self._folder = None if folder is None else folder / f"{corpus.name}-{protocol_name}-{digest}"
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / "settings.json").write_text(json.dumps(what, indent=2, sort_keys=True) + "\n")

    def load(self, name: str, fold: int) -> Cell | None:
        """Return the cell if it is stored and the method's definition has not changed since."""
        if self._folder is None or not (path := self._folder / f"{name}.{fold}.json").exists():
            return None
        kept = json.loads(path.read_text())
        current = methods.definition(name, self._corpus)
        return Cell.from_json(kept["cell"]) if kept.get("method") == current else None

    def save(self, name: str, fold: int, cell: Cell) -> None:
        """Write the cell, replacing the file in one step."""
        if self._folder is None:
            return
        content = json.dumps({"method": methods.definition(name, self._corpus), "cell": cell.to_json()})
        write_atomically(self._folder / f"{name}.{fold}.json", lambda partial: partial.write_text(content))


def _run_all(
    corpus: TagCorpus,
    protocol_name: str,
    settings: EvaluationSettings,
    store: CellStore,
    tasks: dict[tuple[str, int], list[str]],
    jobs: int,
) -> Iterator[tuple[str, int, Cell]]:
    calls = [(corpus, protocol_name, settings, store, names, fold) for (_, fold), names in tasks.items()]
    if jobs == 1:  # yields each cell as it is measured, not a whole task at a time
        for call in calls:
            yield from _run_task(*call)
        return
    for found in unordered(_run_list, calls, jobs):
        yield from found


def _run_list(*call: Any) -> list[tuple[str, int, Cell]]:
    return list(_run_task(*call))


def _run_task(
    corpus: TagCorpus,
    protocol_name: str,
    settings: EvaluationSettings,
    store: CellStore,
    names: list[str],
    fold: int,
) -> Iterator[tuple[str, int, Cell]]:
    module, _, attribute = protocol(protocol_name).evaluate_fold.partition(":")
    evaluate_fold: EvaluateFold = getattr(importlib.import_module(module), attribute)
    for name in names:
        cell = evaluate_fold(corpus, methods.create(name, corpus.name), fold, settings)
        store.save(name, fold, cell)
        yield name, fold, cell
