"""Replacing a file in one step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under a temporary name and rename it, so that a killed process leaves the old file whole.

    Parameters
    ----------
    path
        The file to create or replace; its folder is created if it does not exist.
    write
        Called with the temporary path, in the same folder; it writes the content there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    write(partial)
    partial.replace(path)
