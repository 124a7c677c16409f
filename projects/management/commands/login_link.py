"""`manage.py login_link USER`: a link that signs a user in, once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from projects.tokens import create_login_link


class Command(BaseCommand):
    """Prints a fresh one-time login link."""

    help = "Print a one-time login link for a user (default admin); earlier unused links end."

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument("user", nargs="?", default="admin", help="the user's name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make and print it."""
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']!r}.")
        address = settings.BATON.public_url or f"http://127.0.0.1:{settings.BATON.port}"
        self.stdout.write(f"{address}/login/once/{create_login_link(user)}")
