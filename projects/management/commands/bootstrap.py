"""`manage.py bootstrap`: the user admin and the demo project, once."""

from __future__ import annotations

from io import StringIO
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from projects.management.commands.up import ADMIN
from projects.models import AuditEntry

_LOADED = "demo.loaded"


class Command(BaseCommand):
    """Creates what the first start needs; later starts change nothing, also when the demo was deleted since."""

    help = "Create the user admin (without a password: sign in by link) and load the demo project on the first start."

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument(
            "--no-demo", dest="demo", action="store_false", default=True, help="do not load the demo project"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing."""
        if not User.objects.filter(username=ADMIN).exists():
            User.objects.create_user(ADMIN, is_staff=True, is_superuser=True)
        if options["demo"] and not AuditEntry.objects.filter(action=_LOADED).exists():
            call_command("load_demo", owner=ADMIN, stdout=StringIO())
            AuditEntry.objects.create(action=_LOADED, actor=ADMIN)
