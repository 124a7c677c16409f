"""`manage.py scheduler`: deadlines, retries, later starts, and runs that stand still."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

from projects.stack.parent import end_with_parent


class Command(BaseCommand):
    """Sweeps every SWEEP_SECONDS; any number of schedulers may run."""

    help = "Run a scheduler process; any number may run."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep until told to stop."""
        end_with_parent()
        import_string("runs.scheduler.run_forever")()
