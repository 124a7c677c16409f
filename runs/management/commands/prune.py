"""`manage.py prune --older-than 30d`: delete finished runs that ended long ago."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from runs.store import delete_finished

_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def parse_age(text: str) -> timedelta:
    """`30d`, `12h` or `90m` as a time span."""
    match = re.fullmatch(r"([1-9][0-9]{0,5})([dhm])", text)
    if match is None:
        raise CommandError(f"--older-than {text!r} is not an age; write a number with d, h or m, as in 30d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


class Command(BaseCommand):
    """Deletes finished runs with their stages, agents, turns, calls, gates and events."""

    help = "Delete finished runs that ended before the given age. Runs under way, and children of such, stay."

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument("--older-than", required=True, help="an age such as 30d, 12h or 90m")

    def handle(self, *args: Any, **options: Any) -> None:
        """Delete and say how many."""
        count = delete_finished(timezone.now() - parse_age(options["older_than"]))
        self.stdout.write(f"{count} finished runs deleted.")
