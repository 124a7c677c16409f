"""Reading several things as of one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything read inside is as it was at one moment, whatever others commit meanwhile. Nothing may be written.

    Inside a transaction it is that transaction which says what is seen.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        # Django's own transactions take the place of the one writer.
        connection.ensure_connection()
        driver = connection.connection
        driver.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            driver.rollback()
    else:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
