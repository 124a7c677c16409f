"""Transactions that queue where there is one writer, and are tried again after a lock or a deadlock."""

from __future__ import annotations

import fcntl
import os
import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

from django.db import OperationalError, connection, transaction

from projects import gathering, statements

T = TypeVar("T")


_TRIES = 6


class _OneWriter:
    """SQLite has one writer. Whoever wants to write queues here, threads and processes alike, and is woken when it is
    their turn; the busy handler below would sleep and guess."""

    def __init__(self) -> None:
        self._threads = threading.Lock()
        self._file: int | None = None
        self._owner = 0

    def __enter__(self) -> None:
        self._threads.acquire()
        if self._owner != os.getpid():
            path = f"{connection.settings_dict['NAME']}.writer"
            self._file, self._owner = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), os.getpid()
        fcntl.flock(self._file or 0, fcntl.LOCK_EX)

    def __exit__(self, *raised: object) -> None:
        fcntl.flock(self._file or 0, fcntl.LOCK_UN)
        self._threads.release()


_ONE_WRITER = _OneWriter()
_FREE: AbstractContextManager[object] = nullcontext()


def _turn() -> AbstractContextManager[object]:
    alone = statements.vendor() == "sqlite" and not connection.in_atomic_block
    return _ONE_WRITER if alone else _FREE


def in_transaction(work: Callable[[], T]) -> T:
    """Run `work` in one transaction; a few times more, with growing pauses, after a lock or a deadlock."""
    return _tried(work, transaction.atomic)


def write_ahead(writes: gathering.Ahead, check: Callable[[], None]) -> bool:
    """Carry out what was decided and gathered before, in one transaction. False where something else has changed the
    run since, and nothing was written. `check` may find that too; with one statement, there is nothing to check."""
    alone = statements.vendor() == "postgresql" and not connection.in_atomic_block

    def work() -> None:
        gathering.send(writes)
        if not alone:
            check()

    inside = transaction.atomic if connection.in_atomic_block else statements.transaction
    try:
        _tried(work, nullcontext if alone else inside)
    except gathering.Overtaken:
        return False
    return True


def _tried(work: Callable[[], T], around: Callable[[], AbstractContextManager[object]]) -> T:
    for attempt in range(_TRIES):
        try:
            with _turn(), around():
                return work()
        except OperationalError:
            if attempt == _TRIES - 1 or connection.in_atomic_block:
                raise
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311 - spreading retries is not cryptography
    raise AssertionError("unreachable")
