"""The ceiling: what the commits of one W cost by themselves, with the bare drivers, on the same disk."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import psycopg

from benchmarks.bed import Bed

COMMITS = 12  # durable commits of a straightforward W, as the peers were measured
_BODY = "x" * 300
_TABLE = "CREATE TABLE IF NOT EXISTS bench_ceiling (id integer PRIMARY KEY, state text, body text)"


def measure(bed: Bed, count: int) -> list[float]:
    """Milliseconds of `count` times twelve commits: each inserts one row and updates one."""
    return _postgres(bed, count) if bed.database_url else _sqlite(bed, count)


def _timed(count: int, commit: Callable[[int], None]) -> list[float]:
    taken = []
    for place in range(count):
        started = time.perf_counter()
        for number in range(place * COMMITS, (place + 1) * COMMITS):
            commit(number)
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def _sqlite(bed: Bed, count: int) -> list[float]:
    path = bed.data / "ceiling.sqlite3"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode=WAL")
        file.execute("PRAGMA synchronous=FULL")
        file.execute(_TABLE)

        def commit(number: int) -> None:
            file.execute("BEGIN IMMEDIATE")
            file.execute("INSERT INTO bench_ceiling VALUES (?, ?, ?)", (number, "new", _BODY))
            file.execute("UPDATE bench_ceiling SET state = ? WHERE id = ?", ("done", number - 1))
            file.execute("COMMIT")

        return _timed(count, commit)


def _postgres(bed: Bed, count: int) -> list[float]:
    with psycopg.connect(bed.database_url) as server:
        server.execute("DROP TABLE IF EXISTS bench_ceiling")
        server.execute(_TABLE)
        server.commit()

        def commit(number: int) -> None:
            server.execute("INSERT INTO bench_ceiling VALUES (%s, %s, %s)", (number, "new", _BODY), prepare=True)
            server.execute("UPDATE bench_ceiling SET state = %s WHERE id = %s", ("done", number - 1), prepare=True)
            server.commit()

        return _timed(count, commit)
