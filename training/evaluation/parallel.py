"""Work spread over processes, results as they come."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from joblib import Parallel, delayed

T = TypeVar("T")


def unordered(function: Callable[..., T], calls: Sequence[tuple[Any, ...]], jobs: int) -> Iterator[T]:
    """Yield ``function(*call)`` of every call, in the order they finish.

    Parameters
    ----------
    function
        Importable by its name.
    calls
        Arguments, picklable.
    jobs
        Processes; with one, everything runs in this process, in order. Each process of several gets one
        thread for BLAS and torch, which joblib's loky sets up before they load.
    """
    if jobs == 1 or len(calls) < 2:
        for call in calls:
            yield function(*call)
        return
    with warnings.catch_warnings():
        # loky retires a worker that was idle for long or grew large, and hands its work to another.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
        parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1, pre_dispatch=jobs)
        yield from parallel(delayed(function)(*call) for call in calls)
