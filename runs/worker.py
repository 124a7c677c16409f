"""What a worker process does beside its tasks: load the model layer early, and say that it is alive."""

from __future__ import annotations

import threading

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from agents.runtime import turn
from runs import store
from runs.leases import owner

log = structlog.get_logger(__name__)

_BEAT = 5.0  # seconds


def prepare() -> None:
    """Called once, before the worker takes its first task."""
    turn.warm_up()
    threading.Thread(target=_beat, name="heartbeat", daemon=True).start()


def _beat() -> None:
    pause = threading.Event()
    while True:
        try:
            store.beat(f"worker {owner()}", "worker", timezone.now())
        except DatabaseError as error:
            log.warning("sign of life not written", error=str(error))
            connection.close()
        pause.wait(_BEAT)
