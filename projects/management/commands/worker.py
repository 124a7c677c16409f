"""`manage.py worker`: a Celery worker with a pool of threads."""

from __future__ import annotations

import os
import signal
import threading
import warnings
from types import FrameType
from typing import Any

from celery.apps.worker import Worker
from celery.platforms import EX_OK
from celery.worker import state
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string

from projects.stack.parent import end_with_parent

_PATIENCE = 5.0  # seconds for the steps at work to end; what does not is taken up again by another worker


class _Worker(Worker):
    """Celery's worker, ending within _PATIENCE: its threads may wait for a model longer than anybody waits for them."""

    def install_platform_tweaks(self, worker: Any) -> None:
        """Our signals instead of Celery's."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    state.should_stop = EX_OK  # type: ignore[assignment]
    timer = threading.Timer(_PATIENCE, os._exit, (EX_OK,))
    timer.daemon = True
    timer.start()


class Command(BaseCommand):
    """Executes runs."""

    help = "Run a worker process that executes runs; any number may run."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument(
            "--threads", type=int, default=8, help="slots: how many agents work at the same time in this process"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until told to stop."""
        end_with_parent()
        warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
        import_string("runs.worker.prepare")()
        worker = _Worker(
            app=import_string("config.celery.app"),
            hostname=f"baton-{os.getpid()}@%h",
            pool_cls="threads",
            concurrency=options["threads"],
            loglevel="WARNING",
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        worker.start()
