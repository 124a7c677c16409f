"""Django's SQLite backend, with connections that are kept for the next thread.

Under ASGI each request has a thread of its own, so that Django opens a connection for each. Opening one means to define
some sixty functions, to set the PRAGMAs and to read the schema anew, which takes longer than what most requests ask.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import Any

from django.db.backends.sqlite3 import base

_MOST = 10  # connections that are kept while nobody uses them


class _Kept:
    """Connections that nobody uses, by process and file. A forked child must never touch its parent's."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._free: dict[tuple[int, str], list[sqlite3.Connection]] = {}

    def take(self, path: str) -> sqlite3.Connection | None:
        """One of them, or None."""
        with self._guard:
            free = self._free.get((os.getpid(), path))
            return free.pop() if free else None

    def give(self, path: str, connection: sqlite3.Connection) -> bool:
        """Keep a connection. False when there are enough of them."""
        with self._guard:
            free = self._free.setdefault((os.getpid(), path), [])
            if len(free) >= _MOST:
                return False
            free.append(connection)
            return True


_KEPT = _Kept()


class DatabaseWrapper(base.DatabaseWrapper):
    """Closing gives the connection back; only one that failed, or that is inside a transaction, is really closed."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that was kept, or a new one."""
        return _KEPT.take(str(conn_params["database"])) or super().get_new_connection(conn_params)

    def _close(self) -> None:
        connection = self.connection
        if connection is None:
            return
        whole = not self.errors_occurred and not self.in_atomic_block and not connection.in_transaction
        if not (whole and _KEPT.give(str(self.settings_dict["NAME"]), connection)):
            super()._close()  # type: ignore[misc]
