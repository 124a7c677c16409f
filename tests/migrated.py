"""Migrated databases to copy: made once for all processes of a run of the tests, by the real commands.

To migrate from nothing takes four seconds of a processor, and a run of the tests needs some thirty databases.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.plugin import ROOT, SHARED, clean_environment
from tests.postgres import create_database, drop_database

_LONGEST = 300  # seconds


@dataclass(frozen=True)
class Template:
    """A database to copy: its file, or its name on the server. `token` is one of admin, "" where there is no admin."""

    source: Path | str
    token: str = ""


def empty(server_url: str = "") -> Template:
    """Migrated, with nothing in it; SQLite where no server is named. Nobody has it open."""
    with _one_at_a_time() as place:
        return _template(place, server_url, "migrated", None, ["migrate", "-v", "0"])


def with_admin(server_url: str = "") -> Template:
    """What a stack begins with: also the user admin, and a token with all its rights."""
    with _one_at_a_time() as place:
        before = _template(place, server_url, "migrated", None, ["migrate", "-v", "0"])
        return _template(place, server_url, "bootstrapped", before, ["shell", "-v", "0", "-c", _WITH_ADMIN])


_WITH_ADMIN = """
from django.core.management import call_command
call_command("bootstrap", demo=False, verbosity=0)
call_command("create_token", "admin")
"""


def _template(place: Path, server_url: str, name: str, before: Template | None, command: list[str]) -> Template:
    """Make it unless it is there: a copy of another, and a command on it whose last words are the token."""
    words = place / f"{name}.{'postgres' if server_url else 'sqlite3'}.words"
    made = name if server_url else place / f"{name}.sqlite3"
    if not words.exists():
        data = Path(tempfile.mkdtemp(prefix="making-", dir=place))
        if server_url:
            told = _on_server(server_url, name, before, data, command)
        else:
            file = data / "baton.sqlite3"
            if before is not None:
                shutil.copyfile(before.source, file)
            told = _manage(command, BATON_DATA=str(data))
            with closing(sqlite3.connect(file)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # all of it in the one file that is copied
            file.rename(made)
        words.write_text(told)
    return Template(made, words.read_text().strip())


def _on_server(server_url: str, name: str, before: Template | None, data: Path, command: list[str]) -> str:
    drop_database(server_url, name)
    url = create_database(server_url, name, str(before.source) if before is not None else "template1")
    return _manage(command, DATABASE_URL=url, BATON_DATA=str(data))


@contextmanager
def _one_at_a_time() -> Iterator[Path]:
    """The folder that the processes of a run share, while no other process is here."""
    place = Path(os.environ[SHARED])
    with (place / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield place


def _manage(args: list[str], **settings: str) -> str:
    """What a management command prints."""
    command = [sys.executable, str(ROOT / "manage.py"), *args]
    env = {**clean_environment(), **settings}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=_LONGEST)
    if done.returncode:
        raise RuntimeError(f"{args[0]} failed: {done.stderr[-4000:]}")
    return done.stdout
