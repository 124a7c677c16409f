"""Leases of this process: one thread renews what its workers hold, and abandons the calls of what they have lost."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import OperationalError, close_old_connections, connection
from django.utils import timezone

from runs import store
from runs.faults import crash_point

log = structlog.get_logger(__name__)


def start_ticks(pid: int) -> str:
    """When a process started, in the kernel's ticks: tells a reused number apart. "0" where there is no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return "0"


@lru_cache(maxsize=4)
def _owner_of(pid: int) -> str:
    return f"{socket.gethostname()}:{pid}:{start_ticks(pid)}"


def owner() -> str:
    """The name of this process as the owner of leases: host, process id and start."""
    return _owner_of(os.getpid())


def is_dead(name: str) -> bool:
    """Whether an owner on this very host has certainly ended. Owners elsewhere are never called dead."""
    host, pid, ticks = name.rsplit(":", 2)
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return ticks != start_ticks(int(pid))


def new_lease() -> store.Lease:
    """A lease for this process, from now for the configured time."""
    return store.Lease(owner(), timezone.now() + timedelta(seconds=settings.BATON.lease_seconds))


class _Keeper:
    """Holds the agent runs that this process works on and renews their leases at a third of their length."""

    def __init__(self) -> None:
        self._held: dict[UUID, Future[Any] | None] = {}
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pid = 0

    @contextmanager
    def holding(self, agent_run: UUID) -> Iterator[None]:
        """Keep the lease of an agent run alive while the block runs."""
        with self._guard:
            self._held[agent_run] = None
            if self._thread is None or self._pid != os.getpid():
                self._pid = os.getpid()
                self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._guard:
                self._held.pop(agent_run, None)

    def attach(self, agent_run: UUID, future: Future[Any]) -> None:
        """Tie a model call to the lease: it is abandoned when the lease is lost."""
        with self._guard:
            if agent_run in self._held:
                self._held[agent_run] = future

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(min(settings.BATON.lease_seconds / 3, 2.0))
            try:
                self._renew()
            except OperationalError as error:
                log.warning("lease renewal failed", error=str(error))
                connection.close()

    def _renew(self) -> None:
        with self._guard:
            held = list(self._held)
        if not held:
            return
        close_old_connections()
        lease = new_lease()
        lost_leases = store.renew_leases(lease.owner, held, lease.until)
        crash_point("lease.renewed")
        for lost in lost_leases:
            with self._guard:
                future = self._held.get(lost)
            if future is not None:
                future.cancel()


keeper = _Keeper()
