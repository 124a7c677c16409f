"""A running Baton on a database of its own, and the ways in that the drivers use."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg

from config.keys import socket_path
from tests.postgres import Postgres, create_database
from tests.stack import Stack
from tests.waiting import wait_until

WORK = Path(__file__).with_name("work.yaml")
PROJECT = "reference-work"
SQLITE, POSTGRES = "SQLite", "PostgreSQL"
_ENV = {
    "LEASE_SECONDS": "30",
    "SWEEP_SECONDS": "1",
    "LOG_LEVEL": "warning",
    "MAKELEVEL": "1",  # below make, `up` ends with whoever started it
}
# A server as an installation would run it: nothing is answered before it is on the disk.
_DURABLE = [
    "listen_addresses=", "fsync=on", "synchronous_commit=on", "full_page_writes=on", "max_connections=100",
    "log_min_messages=warning",
]  # fmt: skip
_ANY_OPEN = "SELECT 1 FROM runs_workflowrun WHERE NOT status IN ('cancelled', 'completed', 'failed') LIMIT 1"
_ROLES = ("web", "worker", "scheduler", "redis")
_BATCH = 100
_IDLE = 5.0  # seconds after which a kept connection may have been closed by the other side
_MOST_SECONDS = 900.0  # that any one wait may take


def durable_postgres() -> Postgres:
    """A PostgreSQL server that commits durably, started."""
    server = Postgres(_DURABLE)
    server.start()
    return server


class Bed:
    """One Baton (`manage.py up`) with the reference work imported. `server` None means SQLite."""

    def __init__(self, server: Postgres | None = None) -> None:
        self.name = POSTGRES if server else SQLITE
        self.data = Path(tempfile.mkdtemp(prefix="baton-bench-"))
        self.database_url = create_database(server.url("postgres"), self.data.name.lower()) if server else ""
        self._stack: Stack | None = None
        self._token = ""
        self._hand = threading.local()  # each thread's connection to the web process
        self._eye: psycopg.Connection[tuple[Any, ...]] | None = None

    # Life

    def start(self, *, workers: int = 1) -> Bed:
        """Start everything, or start it again with another number of worker processes."""
        if self._stack is not None:
            self._stack.stop(keep_data=True)
        env = {**_ENV, "DATABASE_URL": self.database_url} if self.database_url else _ENV
        self._stack = Stack(workers=workers, env=env, data=self.data).start()
        self._token = self._token or self._stack.token
        self._hand = threading.local()
        self._send("POST", "/projects/import", WORK.read_bytes(), "application/yaml")
        for _ in range(3 * workers):
            self.run_one()
        return self

    def stop(self) -> None:
        """Stop everything and remove the data folder; the database goes with its server."""
        if self._eye is not None:
            self._eye.close()
        if self._stack is not None:
            self._stack.stop(keep_data=True)
        shutil.rmtree(self.data, ignore_errors=True)

    @property
    def stack(self) -> Stack:
        """The processes."""
        assert self._stack is not None, "not started"
        return self._stack

    @property
    def redis_socket(self) -> Path:
        """The socket of this Baton's Redis."""
        return socket_path(self.data.resolve())

    # Ways in

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One REST call; an answer that is no success ends the benchmark with its words."""
        return self._send(method, path, None if body is None else json.dumps(body).encode(), "application/json")

    def _send(self, method: str, path: str, body: bytes | None, kind: str) -> Any:
        """A connection per thread, kept: a client that does more takes processor time from what is measured."""
        now = time.monotonic()
        if now - getattr(self._hand, "used", -_IDLE) >= _IDLE:
            place = urlsplit(self.stack.url)
            self._hand.connection = HTTPConnection(place.hostname or "", place.port, timeout=_MOST_SECONDS)
        connection: HTTPConnection = self._hand.connection
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        connection.request(method, f"/api/v1{path}", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        self._hand.used = time.monotonic()
        if not 200 <= answer.status < 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:500]!r}\n{self.stack.log()}")
        return json.loads(text)

    def run_one(self, workflow: str = "Parent", *, seconds: int = 300) -> dict[str, Any]:
        """Start one run and wait for its end."""
        path = f"/projects/{PROJECT}/workflows/{quote(workflow)}/runs?wait={seconds}"
        run: dict[str, Any] = self.call("POST", path, {"input": "go"})
        if run["status"] != "completed":
            raise RuntimeError(f"{workflow} ended as {run['status']}: {run['error']}\n{self.stack.log()}")
        return run

    def submit(self, count: int, workflow: str = "Parent") -> None:
        """Start many runs as fast as the API takes them."""
        path = f"/projects/{PROJECT}/workflows/{quote(workflow)}/runs/batch"
        for start in range(0, count, _BATCH):
            self.call("POST", path, {"inputs": ["go"] * min(_BATCH, count - start)})

    # What the database says

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Ask the database, past the product: the drivers must not add to what they measure. Placeholders are %s."""
        if self.database_url:
            if self._eye is None:
                self._eye = psycopg.connect(self.database_url, autocommit=True)
            return self._eye.execute(sql.encode(), parameters).fetchall()
        with closing(sqlite3.connect(f"file:{self.data}/baton.sqlite3?mode=ro", uri=True, timeout=20)) as file:
            return file.execute(sql.replace("%s", "?"), [_sqlite(value) for value in parameters]).fetchall()

    def count(self, condition: str, parameters: Sequence[Any] = ()) -> int:
        """How many runs a condition holds for."""
        return int(self.rows(f"SELECT count(*) FROM runs_workflowrun WHERE {condition}", parameters)[0][0])  # noqa: S608

    def wait_for_all(self, *, every: float = 0.03) -> None:
        """Wait until no run is open."""
        self.wait_for(lambda: not self.rows(_ANY_OPEN), "the end of all runs", every)

    def wait_for(self, done: Any, what: str, every: float = 0.03) -> None:
        """Wait, asking the database at most every so many seconds; what is measured is in its rows."""

        def ask() -> bool:
            time.sleep(every)
            return bool(done())

        wait_until(ask, _MOST_SECONDS, lambda: f"{what}\n{self.stack.log()}")

    def last_end(self) -> datetime:
        """When the run that ended last has ended."""
        return moment(self.rows("SELECT max(finished_at) FROM runs_workflowrun")[0][0])

    # Processes

    def memory(self) -> float:
        """Megabytes of all processes of this Baton; pages that several share are split between them (PSS)."""
        assert self.stack.process is not None
        pids = [self.stack.process.pid, *(pid for role in _ROLES for pid in self.stack.pids(role))]
        return sum(_memory_of(pid) for pid in pids)


def moment(stored: Any) -> datetime:
    """A time as a database, or the API, gives it."""
    found = datetime.fromisoformat(stored) if isinstance(stored, str) else stored
    assert isinstance(found, datetime)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def seconds_between(start: Any, end: Any) -> float:
    """The seconds from one stored time to another."""
    return (moment(end) - moment(start)).total_seconds()


def _sqlite(value: Any) -> Any:
    """A value as Django stores it in SQLite."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime) else value


def _memory_of(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    pss = next((line for line in text.splitlines() if line.startswith("Pss:")), "Pss: 0 kB")
    return int(pss.split()[1]) / 1024
