"""Writes that are not sent one by one: those of one transaction together, or all of one that is yet to come."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DataError, connections

from projects import statements

Write = tuple[str, list[Any]]


class NotAhead(Exception):
    """Something was asked for while writes are gathered `ahead` that needs their transaction."""


class Overtaken(Exception):
    """What writes were to change is not as it was known to be; nothing was written."""


@dataclass
class Ahead:
    """Writes for a transaction that is yet to come, and the one of them that must find its row."""

    writes: list[Write] = field(default_factory=list)
    guard: Write | None = None


class _Gathered(threading.local):
    """The writes of this thread that wait to be sent together."""

    writes: list[Write] | None = None
    ahead: Ahead | None = None


_gathered = _Gathered()


@contextmanager
def together() -> Iterator[None]:
    """Send what is inserted and changed inside as one statement, at the end: PostgreSQL is asked once, not ten times.

    The writes must be of different rows, and nothing inside may read them. SQLite has no way to ask: there each is
    carried out at once.
    """
    if _gathered.writes is not None or connections[DEFAULT_DB_ALIAS].vendor != "postgresql":
        yield
        return
    _gathered.writes = []
    try:
        yield
        flush()
    finally:
        _gathered.writes = None


def flush() -> None:
    """Send what was gathered so far, because the next step reads it."""
    needs_answer()
    writes = _gathered.writes
    if not writes:
        return
    _gathered.writes = []
    statements.run(_joined(tuple(sql for sql, _ in writes)), _values(writes))


@lru_cache(maxsize=1024)
def _joined(texts: tuple[str, ...]) -> str:
    """One statement that carries out all of them."""
    first = ", ".join(f"w{number} AS ({sql})" for number, sql in enumerate(texts[:-1]))
    return f"WITH {first} {texts[-1]}" if first else texts[-1]


def write(sql: str, values: list[Any]) -> None:
    """Carry out a write whose answer nobody waits for, now or with the others."""
    if _gathered.writes is None:
        statements.run(sql, values)
    else:
        _gathered.writes.append((sql, values))


# Ahead of the transaction


@contextmanager
def ahead() -> Iterator[Ahead]:
    """Gather what is inserted and changed inside for `send`, whatever the database. What needs an answer from the
    database, or another way of writing, is refused with NotAhead; reading is not."""
    found = Ahead()
    _gathered.writes, _gathered.ahead = found.writes, found
    try:
        with connections[DEFAULT_DB_ALIAS].execute_wrapper(_reading_only):
            yield found
    finally:
        _gathered.writes = _gathered.ahead = None


def _reading_only(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
    if not sql.lstrip().startswith("SELECT"):
        raise NotAhead
    return execute(sql, parameters, many, context)


def is_ahead() -> bool:
    """Whether writes are gathered `ahead` of their transaction."""
    return _gathered.ahead is not None


def needs_answer() -> None:
    """Called where a statement's answer is needed at once. Raises NotAhead where writes are gathered `ahead`."""
    if is_ahead():
        raise NotAhead


def guard(sql: str, values: list[Any]) -> None:
    """Take a write as the guard of those that are gathered `ahead`."""
    if _gathered.ahead is None:
        raise ValueError("expected writes to be gathered ahead of their transaction")
    _gathered.ahead.guard = (sql, values)


def send(gathered: Ahead) -> None:
    """Carry out what was gathered with a guard, one statement on PostgreSQL. Raises Overtaken where the guard finds no
    row: the caller undoes the rest."""
    if gathered.guard is None:
        raise ValueError("expected a guard among the writes that were gathered ahead")
    sql, values = gathered.guard
    if connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
        whole = _guarded(sql, tuple(text for text, _ in gathered.writes))
        try:
            statements.run(whole, [*values, *_values(gathered.writes)])
        except DataError as error:
            if isinstance(error.__cause__, _division_by_zero()):
                raise Overtaken from error
            raise
        return
    if statements.run(sql, values).rowcount != 1:
        raise Overtaken
    for text, parameters in gathered.writes:
        statements.run(text, parameters)


@lru_cache(maxsize=1024)
def _guarded(guard: str, texts: tuple[str, ...]) -> str:
    """One statement that carries out all of them after the guard, or fails."""
    others = "".join(f", w{number} AS ({sql})" for number, sql in enumerate(texts))
    return f"WITH guard AS ({guard} RETURNING 1){others} SELECT 1 / count(*) FROM guard"  # noqa: S608 - our own words


@cache
def _division_by_zero() -> Any:
    return importlib.import_module("psycopg").errors.DivisionByZero


def _values(writes: Iterable[Write]) -> list[Any]:
    return [value for _, row in writes for value in row]
