"""`manage.py worker`: a Celery worker with a pool of threads."""

from __future__ import annotations

import os
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
        app.worker_main(
            [
                "worker", "--pool", "threads", "--concurrency", str(options["threads"]), "--without-gossip", "--without-mingle",
                "--without-heartbeat", "--hostname", f"baton-{os.getpid()}@%h", "--loglevel", "WARNING", "--quiet",
            ]  # fmt: skip
        )
