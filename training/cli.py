"""The training commands of the `tagprime` command line.

Torch, gensim and scikit-learn are imported inside the commands, so that `tagprime --help` is fast and every
other command works without the ``train`` extra.
"""

from __future__ import annotations

import typer

from training.commands import corpora, evaluate, reproduce, train, tune


def register(root: typer.Typer) -> None:
    """Attach the training commands to the root command."""
    train.register(root)
    evaluate.register(root)
    reproduce.register(root)
    tune.register(root)
    corpora.register(root)
