"""`manage.py load_demo`: the demo project, once; its owner is the given user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from builder.operations.project import describe
from builder.project_file import import_project, parse_file
from projects.access import Caller
from projects.models import Project

ABOUT = "Workflows that trigger workflows, to run and to change. Their agents play scripts: no key is needed."
DEMO = Path(__file__).resolve().parents[3] / "builder" / "demo" / "demo.yaml"


class Command(BaseCommand):
    """Imports the demo project unless a project with its slug is there already."""

    help = "Load the demo project (scripted agents, no key needed) for a user, if it is not there yet."

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument("--owner", default="admin", help="the user who becomes its owner")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and say so."""
        if Project.objects.filter(slug="demo").exists():
            self.stdout.write("The demo project is there already.")
            return
        owner = User.objects.filter(username=options["owner"]).first()
        if owner is None:
            raise CommandError(f"There is no user {options['owner']}.")
        caller = Caller(owner)
        import_project(caller, parse_file(DEMO.read_bytes(), yaml=True))
        describe(caller, Project.objects.get(slug="demo"), ABOUT)
        self.stdout.write("The demo project is loaded.")
