"""The training commands of the `tagprime` command line.

Imports of torch, gensim and scikit-learn happen inside the commands, so that `tagprime --help` is
quick and a machine without the ``train`` extra still has every other command.
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
