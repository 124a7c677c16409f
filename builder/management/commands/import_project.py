"""import_project FILE: import a project file from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from builder.project_file import import_project, parse_file
from projects.access import Caller
from projects.errors import BatonError


class Command(BaseCommand):
    """Imports a project file (YAML, or JSON where the name ends in .json), all or nothing."""

    help = "Import a project file, all or nothing; prints what was created and updated."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the project file, YAML or JSON")
        parser.add_argument("--project", help="slug of the project to import into; else the one that the file names")
        parser.add_argument("--user", default="admin", help="who imports, and owns a new project")
        parser.add_argument("--dry-run", action="store_true", help="only tell what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']}.")
        try:
            raw = parse_file(path.read_bytes(), yaml=path.suffix != ".json")
            report = import_project(Caller(user=user), raw, slug=options["project"], dry_run=options["dry_run"])
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}") from error
        except BatonError as error:
            problems = [f"  {item.path or 'file'}: {item.message}" for item in error.details]
            raise CommandError("\n".join([error.message, *problems])) from error
        self.stdout.write(f"project: {report.project}")
        for heading, entries in (("created", report.created), ("updated", report.updated)):
            self.stdout.writelines(f"{heading}: {entry}" for entry in entries)
        self.stderr.writelines(f"warning: {item.path}: {item.message}" for item in report.warnings)
