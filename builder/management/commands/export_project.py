"""export_project SLUG: write a project file to standard output."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from builder.canonical import block_of
from builder.project_file import export_project
from builder.yaml_text import write_yaml
from projects.errors import BatonError
from projects.models import Project


class Command(BaseCommand):
    """Writes a project as its file, in YAML or JSON."""

    help = "Write a project file, defaults included, to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the project's slug, as in its address")
        parser.add_argument("--workflow", help="only this workflow, and what it needs to stand alone")
        parser.add_argument("--format", choices=("yaml", "json"), default="yaml", help="yaml or json")

    def handle(self, *args: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["slug"]).first()
        if project is None:
            raise CommandError(f"There is no project {options['slug']}.")
        try:
            block = block_of(export_project(project, options["workflow"]))
        except BatonError as error:
            raise CommandError(error.message) from error
        as_json = options["format"] == "json"
        self.stdout.write(json.dumps(block, indent=2, ensure_ascii=False) if as_json else write_yaml(block))
