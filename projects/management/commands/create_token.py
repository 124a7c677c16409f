"""`manage.py create_token USER`: a bearer token, printed alone on the last line."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from projects.errors import BatonError
from projects.models import Project
from projects.tokens import create_token


class Command(BaseCommand):
    """Makes a token for a user; without --project it has all rights of that user."""

    help = "Make an API token for a user and print it, alone, on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument("user", help="the user's name")
        parser.add_argument("--project", help="bind the token to the project with this slug")
        parser.add_argument(
            "--scopes", nargs="*", default=[], help="read, run, edit, admin; left out: all rights of the user"
        )
        parser.add_argument("--name", default="", help="what the token is for")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make and print it."""
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']!r}.")
        project = None
        if options["project"] is not None:
            project = Project.objects.filter(slug=options["project"], members__user=user).first()
            if project is None:
                raise CommandError(f"{options['user']!r} is in no project {options['project']!r}.")
        scopes = [scope for part in options["scopes"] for scope in part.split(",") if scope]
        try:
            new = create_token(user, project=project, scopes=scopes, name=options["name"])
        except BatonError as error:
            raise CommandError(error.message) from error
        self.stdout.write(new.text)
