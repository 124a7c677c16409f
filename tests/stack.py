"""The real product as its users run it: `manage.py up` in processes of its own, for tests to call, watch and kill."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import httpx
from redis import Redis

from config.keys import socket_path
from projects.stack.children import die_with_parent
from tests import migrated
from tests.plugin import PG_URL, ROOT, clean_environment
from tests.postgres import create_database, drop_database
from tests.waiting import wait_until

FAST = {"LEASE_SECONDS": "2", "SWEEP_SECONDS": "0.5", "LOG_LEVEL": "info"}
_ROLES = {
    "web": r"manage\.py web",
    "worker": r"manage\.py worker",
    "scheduler": r"manage\.py scheduler",
    "redis": r"(redis|valkey)-server",
}


def free_port() -> int:
    """A port of the loopback that nobody uses, below those that the system gives to whoever asks for any."""
    chance = random.SystemRandom()
    while True:
        port = chance.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits for its parent does not."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(found.stdout.strip()) and not found.stdout.strip().startswith("Z")


class Stack:
    """One running Baton with its own data folder, port and database. `env` adds settings.

    Its database is a copy of one that the commands of a first start have made, unless `from_nothing`.
    """

    def __init__(
        self,
        *,
        demo: bool = False,
        workers: int = 1,
        threads: int = 8,
        env: Mapping[str, str] | None = None,
        data: Path | None = None,
        from_nothing: bool = False,
    ) -> None:
        self.data = data or Path(tempfile.mkdtemp(prefix="baton-stack-"))
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.link = ""
        self.command = ["up", "--workers", str(workers), "--threads", str(threads), *([] if demo else ["--no-demo"])]
        self.process: subprocess.Popen[bytes] | None = None
        self.env = {**clean_environment(), **FAST, "BATON_DATA": str(self.data), "PORT": str(self.port), **(env or {})}
        self._server_url = os.environ.get(PG_URL, "")
        self._database = f"stack_{uuid.uuid4().hex[:12]}"
        if "DATABASE_URL" not in self.env:
            self._new_database(from_nothing)
        self.client = httpx.Client(base_url=self.url, timeout=60, trust_env=False)

    def _new_database(self, from_nothing: bool) -> None:
        """A copy of the template, whose admin has a token already. A data folder that has a database keeps it."""
        file = self.data / "baton.sqlite3"
        if from_nothing:
            if self._server_url:
                self.env["DATABASE_URL"] = create_database(self._server_url, self._database)
            return
        if not self._server_url and file.exists():
            return
        template = migrated.with_admin(self._server_url)
        if self._server_url:
            self.env["DATABASE_URL"] = create_database(self._server_url, self._database, str(template.source))
        else:
            shutil.copyfile(template.source, file)
        self.token = template.token

    # Life

    def start(self) -> Stack:
        """Start everything; returns when the login link is printed, and worker and scheduler show that they live."""
        self.begin()
        wait_until(lambda: self.client.get("/readyz").status_code == 200, 120, "readyz")
        return self

    def begin(self) -> None:
        """Start everything; returns when the login link is printed."""
        with (self.data / "out.log").open("wb") as out, (self.data / "err.log").open("ab") as err:
            manage = [sys.executable, str(ROOT / "manage.py"), *self.command]
            self.process = subprocess.Popen(
                manage,
                cwd=ROOT,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                preexec_fn=partial(die_with_parent, os.getpid()),
            )
        self.link = wait_until(self._printed_link, 240, "the login link")

    def _printed_link(self) -> str:
        if self.process is None or self.process.poll() is not None:
            raise AssertionError(f"`up` ended by itself:\n{self.log()}")
        found = re.search(r"http\S+/login/once/\S+", (self.data / "out.log").read_text())
        return found[0] if found else ""

    def log(self) -> str:
        """What the processes wrote to standard error (its end)."""
        return (self.data / "err.log").read_text(errors="replace")[-8000:]

    def stop(self, *, keep_data: bool = False) -> None:
        """Stop everything as Ctrl-C would, insisting after a while."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.client.close()
        if keep_data:
            return
        if self._server_url:
            drop_database(self._server_url, self._database)
        shutil.rmtree(self.data, ignore_errors=True)

    # Processes

    def pids(self, role: str) -> list[int]:
        """The process ids of a role (web, worker, scheduler, redis) of this stack, the children of its `up`."""
        parent = self.process.pid if self.process else -1
        table = subprocess.run(
            ["ps", "-axwwo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
        ).stdout
        found = []
        for line in table.splitlines():
            pid, ppid, stat, args = line.split(None, 3)
            if int(ppid) == parent and not stat.startswith("Z") and re.search(_ROLES[role], args):
                found.append(int(pid))
        return found

    def kill(self, role: str, number: int = signal.SIGKILL) -> list[int]:
        """Send a signal to every process of a role; returns their ids."""
        pids = self.pids(role)
        for pid in pids:
            os.kill(pid, number)
        return pids

    # Ways in

    def manage(self, *args: str, input: str | None = None, timeout: float = 180) -> subprocess.CompletedProcess[str]:
        """Run a management command against this stack; the caller judges its exit code."""
        command = [sys.executable, str(ROOT / "manage.py"), *args]
        return subprocess.run(
            command, cwd=ROOT, env=self.env, input=input, capture_output=True, text=True, timeout=timeout
        )

    def new_token(self, *args: str) -> str:
        """A token made by `create_token`."""
        made = self.manage("create_token", *args)
        assert made.returncode == 0, made.stderr
        return made.stdout.splitlines()[-1]

    @cached_property
    def token(self) -> str:
        """A token with all rights of admin."""
        return self.new_token("admin")

    def api(
        self,
        method: str,
        path: str,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        token: str | None = None,
        **more: Any,
    ) -> httpx.Response:
        """Call the REST API (path below /api/v1) as admin, or with another token; an empty token calls without."""
        bearer = self.token if token is None else token
        sent = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        if json is not None:
            more["json"] = json
        return self.client.request(method, f"/api/v1{path}", headers={**sent, **(headers or {})}, **more)

    def redis(self) -> Redis:
        """A client of this stack's Redis."""
        return Redis(unix_socket_path=str(socket_path(self.data.resolve())))
