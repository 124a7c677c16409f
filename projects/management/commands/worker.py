"""`manage.py worker`: a Celery worker with a pool of threads."""

from __future__ import annotations

import os
import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string

from projects.stack.parent import end_with_parent


class Command(BaseCommand):
    """Executes runs."""

    help = "Run a worker process that executes runs."
    requires_system_checks: list[str] = []  # type: ignore[assignment]

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument("--threads", type=int, default=8, help="slots: how many agents work at the same time in this process")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until told to stop."""
        end_with_parent()
        import_string("runs.worker.prepare")()
        app = import_string("config.celery.app")
        worker = app.Worker(
            hostname=f"baton-{os.getpid()}@{socket.gethostname()}",
            pool="threads",
            concurrency=options["threads"],
            loglevel="WARNING",
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        worker.start()
        raise SystemExit(worker.exitcode)
