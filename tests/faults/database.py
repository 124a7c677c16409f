"""A look into the database of a running stack, past everything that writes it."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any
from uuid import UUID

import psycopg

from tests.stack import Stack

Row = tuple[Any, ...]


class Database:
    """One connection of its own; each query sees what was committed then. Placeholders are %s."""

    def __init__(self, stack: Stack) -> None:
        url = stack.env.get("DATABASE_URL", "")
        self._connection: Any
        self._sqlite = not url.startswith("postgres")
        if self._sqlite:
            self._writers = stack.data / "baton.sqlite3.writer"  # see runs.store.transactions
            self._connection = sqlite3.connect(stack.data / "baton.sqlite3", timeout=30, isolation_level=None)
        else:
            self._connection = psycopg.connect(url, autocommit=True)

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """The rows of a statement."""
        return list(self._run(sql, parameters).fetchall())

    def change(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """The number of rows that a statement changed."""
        return int(self._run(sql, parameters).rowcount)

    def _run(self, sql: str, parameters: Sequence[Any]) -> Any:
        return self._connection.execute(sql.replace("%s", "?") if self._sqlite else sql, list(parameters))

    @contextmanager
    def nobody_writes(self) -> Iterator[None]:
        """Inside, no other process is in the middle of a write; on SQLite none holds a place in the writers' queue."""
        if not self._sqlite:
            with self._connection.transaction():
                self._connection.execute("LOCK TABLE runs_workflowrun, runs_agentrun IN EXCLUSIVE MODE")
                yield
            return
        with self._writers.open("a") as queue:
            fcntl.flock(queue, fcntl.LOCK_EX)
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")

    def key(self, shown: str) -> Any:
        """An id as this database keeps it."""
        return UUID(shown).hex if self._sqlite else UUID(shown)

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
