"""Parallel calls of a function in several processes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from joblib import Parallel, delayed

T = TypeVar("T")


def unordered(function: Callable[..., T], calls: Sequence[tuple[Any, ...]], jobs: int) -> Iterator[T]:
    """Yield ``function(*call)`` of every call, in the order in which they finish.

    Parameters
    ----------
    function
        A function that can be imported by its name.
    calls
        Arguments of each call; they must be picklable.
    jobs
        Number of processes; with one, all calls are made in this process, in order. Each of several processes
        has one thread for BLAS and torch, which joblib's loky sets before they are loaded.
    """
    if jobs == 1 or len(calls) < 2:
        for call in calls:
            yield function(*call)
        return
    with warnings.catch_warnings():
        # loky ends a worker that was idle for long or uses much memory, and gives its calls to another one.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")
        parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1, pre_dispatch=jobs)
        yield from parallel(delayed(function)(*call) for call in calls)
