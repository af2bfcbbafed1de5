"""A folder that is there with all of its content, or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from time import time

ABANDONED_SECONDS = 3600.0
"""A temporary folder that nothing was written to for so long was left by a process that was killed."""


@contextmanager
def new_folder(path: Path, shared: bool = False) -> Iterator[Path]:
    """Give a temporary folder that becomes `path` at the end; a failure leaves nothing behind.

    With `shared`, another process may be making the same folder: the first one's stays. What killed processes
    have left beside `path` is removed.
    """
    for left in path.parent.glob(f".{escape(path.name)}.????????"):
        with suppress(FileNotFoundError):
            if time() - left.stat().st_mtime > ABANDONED_SECONDS:
                shutil.rmtree(left, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield partial
        partial.chmod(0o755)  # mkdtemp's 0700 would hide the bundle from a service user
        try:
            _take_name(partial, path, replace=not shared)
        except OSError:
            if not shared or not path.is_dir():
                raise
            shutil.rmtree(partial, ignore_errors=True)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _take_name(partial: Path, path: Path, replace: bool) -> None:
    if not replace or not path.exists():
        partial.rename(path)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent))
    path.rename(old / path.name)
    partial.rename(path)
    shutil.rmtree(old)
