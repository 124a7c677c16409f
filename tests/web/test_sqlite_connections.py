"""The web process keeps SQLite's connections when the threads of its requests end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.db.utils import OperationalError

from config.sqlite.base import DatabaseWrapper


@pytest.fixture
def make(db: None, tmp_path: Path) -> Any:
    """Makes wrappers for one file, as each thread of Django has its own."""
    settings = {**connections["default"].settings_dict, "NAME": tmp_path / "kept.sqlite3"}
    settings["OPTIONS"] = {"timeout": 1, "init_command": "PRAGMA journal_mode=WAL;"}

    def wrapper() -> DatabaseWrapper:
        return DatabaseWrapper({**settings}, "default")

    first = wrapper()
    with first.cursor() as cursor:
        cursor.execute("CREATE TABLE note (text TEXT)")
    first.close()
    return wrapper


def _opened(wrapper: DatabaseWrapper) -> Any:
    wrapper.ensure_connection()
    return wrapper.connection


def test_a_closed_connection_serves_the_next_thread(make: Any) -> None:
    """The same driver connection comes back, with its PRAGMAs and functions."""
    one = make()
    kept = _opened(one)
    one.close()
    two = make()
    assert _opened(two) is kept
    with two.cursor() as cursor:
        assert cursor.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert cursor.execute("SELECT django_date_trunc('year', '2026-11-21', NULL, NULL)").fetchone() == (
            "2026-01-01",
        )
    two.close()


def test_an_open_transaction_is_never_handed_on(make: Any) -> None:
    """What was not committed is gone with its connection."""
    one = make()
    lost = _opened(one)
    lost.execute("BEGIN IMMEDIATE")
    lost.execute("INSERT INTO note VALUES ('half done')")
    one.close()
    two = make()
    assert _opened(two) is not lost
    with two.cursor() as cursor:
        assert cursor.execute("SELECT count(*) FROM note").fetchone() == (0,)
        cursor.execute("INSERT INTO note VALUES ('whole')")  # and its lock is gone
    two.close()


def test_a_connection_that_failed_is_not_kept(make: Any) -> None:
    """The next thread begins with a fresh one."""
    one = make()
    failed = _opened(one)
    with pytest.raises(OperationalError), one.cursor() as cursor:
        cursor.execute("SELECT * FROM nothing_like_this")
    one.close()
    two = make()
    assert _opened(two) is not failed
    two.close()


def test_threads_at_work_never_share_one(make: Any) -> None:
    """As many connections as threads, while they overlap."""
    together = Barrier(4)

    def use(number: int) -> int:
        wrapper = make()
        found = id(_opened(wrapper))
        with wrapper.cursor() as cursor:
            cursor.execute("INSERT INTO note VALUES (%s)", [str(number)])
        together.wait(timeout=20)
        wrapper.close()
        return found

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(use, range(4)))) == 4
