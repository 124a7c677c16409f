"""How many threads of a worker process compute at the same time.

Slots are threads because agents wait on networks. What a thread does between those waits is Python and SQLite, which
take turns anyway; threads that compete for the interpreter only make each other slow. So few pass at a time, and who
waits for a model steps out.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


@cache
def _gate() -> threading.Semaphore:
    # One computes while the other's statement, commit, or turn as SQLite's writer is under way.
    return threading.Semaphore(2)


@contextmanager
def passing() -> Iterator[None]:
    """Compute, as one of the few."""
    with _gate():
        yield


@contextmanager
def stepped_out() -> Iterator[None]:
    """Within `passing`: let another one pass while this thread waits for something outside."""
    _gate().release()
    try:
        yield
    finally:
        _gate().acquire()
