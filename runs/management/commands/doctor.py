"""`manage.py doctor`: find what stands still or contradicts itself, and mend it with --repair."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from runs.doctor import examine


class Command(BaseCommand):
    """Prints each finding; exit code 1 when something is left that was not repaired."""

    help = "Find (and with --repair mend) waits whose child has ended, lapsed leases, orphans and undelivered messages."

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument("--repair", action="store_true", help="mend what can be mended")

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine and, where asked, repair."""
        left = found = 0
        for finding in examine(timezone.now()):
            found += 1
            mended = bool(options["repair"] and finding.repair)
            if mended and finding.repair:
                finding.repair()
            left += not mended
            self.stdout.write(f"{finding.code}: {finding.message}{' Repaired.' if mended else ''}")
        if not found:
            self.stdout.write("Nothing found: every run is moving or waits for a reason.")
        if left:
            raise SystemExit(1)
