"""Every method by the name that tables and the command line call it.

A line a method: where its class is, and what it is made with. The modules are imported when asked
for, so that a popularity row needs no torch.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.errors import EvaluationError
from training.baselines.method import Method


@dataclass(frozen=True)
class Entry:
    """How to make a method.

    Attributes
    ----------
    factory
        ``module:class``.
    options
        Keyword arguments of the class.
    family
        Methods of one family share a costly part (a trained network, a topic model), kept in the
        process that made it; they are run one after the other in one process.
    """

    factory: str
    options: Mapping[str, Any] = field(default_factory=dict)
    family: str | None = None


# Penalty and dropout that EDLAE chooses from on validation documents.
EDLAE_GRID = tuple((l2, dropout) for dropout in (0.7, 0.5, 0.85) for l2 in (30.0, 5.0, 150.0))

METHODS: dict[str, Entry] = {
    "random": Entry("training.baselines.chance:Chance"),
    "echo": Entry("training.baselines.echo:Echo"),
    "popularity": Entry("training.baselines.popularity:Popularity"),
    "cooccurrence": Entry("training.baselines.cooccurrence:Cooccurrence"),
    "cbow": Entry("training.baselines.word2vec:Word2Vec", {"architecture": "cbow", "window": 1}),
    "sg": Entry("training.baselines.word2vec:Word2Vec", {"architecture": "sg", "window": 2}),
    "lsa": Entry("training.baselines.lsa:Lsa"),
    "plsa": Entry("training.baselines.plsa:Plsa"),
    "pca": Entry("training.baselines.pca:Pca"),
    "rbm": Entry("training.baselines.rbm:Rbm"),
    "infoth": Entry("training.baselines.infoth:InfoTheoreticSmoothing"),
    "crbm": Entry("training.baselines.crbm:ConditionalRbm"),
    "ease": Entry("training.baselines.linear:Ease"),
    # The published penalties of CAL500, MagnaTagATune and Last.fm: they check the harness.
    "ease-300": Entry("training.baselines.linear:Ease", {"l2": (300.0,)}),
    "ease-10": Entry("training.baselines.linear:Ease", {"l2": (10.0,)}),
    "ease-30": Entry("training.baselines.linear:Ease", {"l2": (30.0,)}),
    "edlae": Entry("training.baselines.linear:Edlae", {"settings": EDLAE_GRID}),
    "edlae-30-.7": Entry("training.baselines.linear:Edlae", {"settings": ((30.0, 0.7),)}),
    "edlae-30-.5": Entry("training.baselines.linear:Edlae", {"settings": ((30.0, 0.5),)}),
    "edlae-sparse": Entry("training.baselines.linear:Edlae", {"neighbours": 256}),
}


def entry(name: str) -> Entry:
    """Return what is registered under `name`; EvaluationError naming the known ones if nothing is."""
    try:
        return METHODS[name]
    except KeyError:
        raise EvaluationError(f"method {name!r} is unknown; known: {', '.join(METHODS)}") from None


def create(name: str, **options: Any) -> Method:
    """Make the method called `name`, untrained; `options` override its registered ones."""
    found = entry(name)
    module, _, attribute = found.factory.partition(":")
    factory = getattr(importlib.import_module(module), attribute)
    method: Method = factory(**{**found.options, **options})
    return method
