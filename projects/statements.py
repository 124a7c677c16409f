"""Running a statement that was written out, on the driver's own cursor."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


@cache
def vendor() -> str:
    """The kind of database of this process, "sqlite" or "postgresql"; looking the connection up costs more."""
    return str(connections[DEFAULT_DB_ALIAS].vendor)


_KEPT = "baton_cursor"  # where a PostgreSQL connection keeps it
_MOST_PREPARED = 500  # statements that a connection keeps; what is written together has many shapes


def run(sql: str, values: Sequence[Any]) -> Any:
    """Run a statement on the driver's own cursor, inside the connection's transaction; the cursor is its answer, until
    the next statement.

    Django's cursors rewrite the placeholders of every statement and, on PostgreSQL, put the values in as text; the
    drivers know prepared statements.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.connection is None:
        connection.ensure_connection()
    with connection.wrap_database_errors:
        if connection.vendor == "sqlite":
            return connection.connection.execute(_question_marks(sql), values)
        return _cursor_of(connection.connection).execute(_numbered(sql), values, prepare=True)


def _cursor_of(driver: Any) -> Any:
    """The one cursor of a PostgreSQL connection for such statements: making one copies what is known about types."""
    found = getattr(driver, _KEPT, None)
    if found is None:
        # Django switches preparing off, for poolers between it and the database.
        driver.prepare_threshold, driver.prepared_max = 0, _MOST_PREPARED
        found = _raw_cursor()(driver)
        setattr(driver, _KEPT, found)
    return found


@contextmanager
def transaction() -> Iterator[None]:
    """A transaction of SQLite for such statements, outside of any other: the ORM's own does more around it."""
    run("BEGIN IMMEDIATE", ())
    try:
        yield
        run("COMMIT", ())
    except BaseException:
        if connections[DEFAULT_DB_ALIAS].connection.in_transaction:  # a full disk ends it by itself
            run("ROLLBACK", ())
        raise


@cache
def _raw_cursor() -> Any:
    """PostgreSQL's driver is a quarter of what a process loads: on SQLite nobody waits for it."""
    return importlib.import_module("psycopg").RawCursor


@lru_cache(maxsize=2048)
def _numbered(sql: str) -> str:
    """The placeholders as PostgreSQL's own: psycopg would translate a long statement anew for each call."""
    first, *rest = sql.split("%s")
    return first + "".join(f"${number}{part}" for number, part in enumerate(rest, start=1))


@lru_cache(maxsize=1024)
def _question_marks(sql: str) -> str:
    return sql.replace("%s", "?")
