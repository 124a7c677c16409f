"""An empty, migrated database to copy: made once for all processes of a run of the tests, by the real command.

To migrate from nothing takes four seconds of a processor, and a run of the tests needs some thirty databases.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

from tests.plugin import ROOT, SHARED, clean_environment
from tests.postgres import create_database

TEMPLATE = "migrated"  # the name of the database on PostgreSQL
_LONGEST = 300  # seconds


def sqlite_file() -> Path:
    """The file of an empty, migrated SQLite database, which nobody has open."""
    with _one_at_a_time() as place:
        made = place / "migrated.sqlite3"
        if not made.exists():
            data = Path(tempfile.mkdtemp(prefix="migrating-", dir=place))
            _migrate(BATON_DATA=str(data))
            (data / "baton.sqlite3").rename(made)
    return made


def postgres_template(server_url: str) -> str:
    """The name of an empty, migrated database on a PostgreSQL server, to which nobody is connected."""
    with _one_at_a_time() as place, closing(psycopg.connect(server_url, autocommit=True)) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
            connection.execute("DROP DATABASE IF EXISTS migrating WITH (FORCE)")
            url = create_database(server_url, "migrating")
            _migrate(DATABASE_URL=url, BATON_DATA=tempfile.mkdtemp(prefix="migrating-", dir=place))
            connection.execute(f"ALTER DATABASE migrating RENAME TO {TEMPLATE}".encode())
    return TEMPLATE


@contextmanager
def _one_at_a_time() -> Iterator[Path]:
    """The folder that the processes of a run share, while no other process is here."""
    place = Path(os.environ[SHARED])
    with (place / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield place


def _migrate(**settings: str) -> None:
    command = [sys.executable, str(ROOT / "manage.py"), "migrate", "-v", "0"]
    env = {**clean_environment(), **settings}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=_LONGEST)
    if done.returncode:
        raise RuntimeError(f"migrating failed: {done.stderr[-4000:]}")
