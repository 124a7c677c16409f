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
COUNTER = "counter"  # what PostgreSQL's statement calls the number that was raised


class NotAhead(Exception):
    """Something was asked for while writes are gathered `ahead` that needs their transaction."""


class Overtaken(Exception):
    """What writes were to change is not as it was known to be; nothing was written."""


@dataclass
class Ahead:
    """Writes for a transaction that is yet to come, and those of them that must find their row, one each. `counter`
    is a number that is raised before the writes, which may use it (`rows.counted`)."""

    writes: list[Write] = field(default_factory=list)
    guards: list[Write] = field(default_factory=list)
    counter: Write | None = None


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
    if _gathered.writes is not None or statements.vendor() != "postgresql":
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
    """Take a write as a guard of those that are gathered `ahead`."""
    _expected().guards.append((sql, values))


def count(sql: str, values: list[Any]) -> None:
    """Raise a number before the writes that are gathered `ahead`. Raises NotAhead for the second one."""
    if _expected().counter is not None:
        raise NotAhead
    _expected().counter = (sql, values)


def _expected() -> Ahead:
    if _gathered.ahead is None:
        raise ValueError("expected writes to be gathered ahead of their transaction")
    return _gathered.ahead


def send(gathered: Ahead) -> None:
    """Carry out what was gathered with guards, one statement on PostgreSQL. Raises Overtaken where one of them finds no
    row: the caller undoes the rest."""
    if not gathered.guards:
        raise ValueError("expected a guard among the writes that were gathered ahead")
    counter = [gathered.counter] if gathered.counter else []
    if statements.vendor() == "postgresql":
        whole = [*gathered.guards, *counter, *gathered.writes]
        sql = _guarded(tuple(sql for sql, _ in whole), len(gathered.guards), bool(counter))
        try:
            statements.run(sql, _values(whole))
        except DataError as error:
            if isinstance(error.__cause__, _division_by_zero()):
                raise Overtaken from error
            raise
        return
    for sql, values in gathered.guards:
        if statements.run(sql, values).rowcount != 1:
            raise Overtaken
    for sql, values in [*counter, *gathered.writes]:
        statements.run(sql, values)


@lru_cache(maxsize=1024)
def _guarded(texts: tuple[str, ...], guards: int, counts: bool) -> str:
    """One statement that carries out all of them, or fails where one of the first, the guards, finds no row."""
    names = [f"g{number}" if number < guards else f"w{number}" for number in range(len(texts))]
    texts = tuple(f"{sql} RETURNING 1" if name[0] == "g" else sql for name, sql in zip(names, texts, strict=True))
    if counts:
        names[guards] = COUNTER
    parts = ", ".join(f"{name} AS ({sql})" for name, sql in zip(names, texts, strict=True))
    found = "".join(f" / (SELECT count(*) FROM {name})" for name in names[:guards])  # noqa: S608 - our own words
    return f"WITH {parts} SELECT 1{found}"


@cache
def _division_by_zero() -> Any:
    return importlib.import_module("psycopg").errors.DivisionByZero


def _values(writes: Iterable[Write]) -> list[Any]:
    return [value for _, row in writes for value in row]
