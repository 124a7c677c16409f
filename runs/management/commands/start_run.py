"""`manage.py start_run PROJECT WORKFLOW`: start a run from a terminal and, with --wait, watch it until it has ended."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console
from rich.text import Text

from builder.dry import DryPlan, read_plan
from builder.queries import workflow_for
from projects.access import Caller, Role
from projects.errors import BatonError, Detail, Invalid, NotFound
from projects.jsontext import parse_json
from runs.dry_runs import dry_run
from runs.engine.status import FINAL_RUN, RunStatus
from runs.light_rows import with_version
from runs.models import Event, WorkflowRun
from runs.operations import Start, start_run
from runs.pages.words import event_row
from runs.queries import run_json

_LOOK = 0.2  # seconds between two looks at the log
_STYLES = {"blocked": "yellow", "retrying": "yellow", "open": "magenta", "failed": "red", "completed": "green"}
_REFUSED = 2
_INTERRUPTED = 130


class Command(BaseCommand):
    """Exit codes: 0 completed (or, without --wait, started), 1 failed or cancelled, 2 refused."""

    help = "Start a run; with --wait show its progress, print the run as JSON, and tell its end by the exit code."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Arguments of the command."""
        parser.add_argument("project", help="the project's slug")
        parser.add_argument("workflow", help="name or id of the workflow")
        parser.add_argument("--input", default="", help="the input as TEXT, or @FILE to read it from a file")
        parser.add_argument("--dry", action="store_true", help="a dry run: stand-ins for its agents, nothing is spent")
        parser.add_argument(
            "--plan", default="", help="the plan of the dry run as JSON, or @FILE to read it from a file"
        )
        parser.add_argument("--wait", action="store_true", help="stay until the run has ended")
        parser.add_argument("--user", default="admin", help="the user who starts it (admin)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Start, follow, and print."""
        try:
            row = _start(options)
        except BatonError as error:
            self._refuse(error)
        if options["wait"]:
            self._follow(row)
        row = with_version(WorkflowRun.objects.all()).get(pk=row.pk)
        self.stdout.write(json.dumps(run_json(row), ensure_ascii=False, indent=2))
        if options["wait"] and row.status != RunStatus.COMPLETED.value:
            sys.exit(1)

    def _refuse(self, error: BatonError) -> NoReturn:
        self.stderr.write(_printable(error.message))
        for detail in error.details:
            self.stderr.write(_printable(f"  {detail.path}: {detail.message}"))
        sys.exit(_REFUSED)

    def _follow(self, row: WorkflowRun) -> None:
        """Print each event as it is written, until the last one."""
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(
            Text(
                _printable(f"{'Dry run: ' if row.dry is not None else ''}{row.workflow_name} #{row.number} ({row.pk})"),
                "bold",
            )
        )
        try:
            _print_events(console, row)
        except KeyboardInterrupt:
            console.print("No longer watching; the run goes on.")
            sys.exit(_INTERRUPTED)


def _start(options: dict[str, Any]) -> WorkflowRun:
    """Start the run as the user. Raises BatonError."""
    user = User.objects.filter(username=options["user"], is_active=True).first()
    if user is None:
        raise NotFound(f"There is no user {options['user']!r}.")
    workflow = workflow_for(Caller(user), options["project"], options["workflow"], Role.OPERATOR)
    value, start = _read(options["input"], "--input"), Start("cli", user.pk)
    if options["dry"] or options["plan"]:
        plan = _plan(options["plan"])
        return dry_run(Caller(user), workflow, plan, value, start, read_json=True)[0]
    return start_run(workflow, value, start, read_json=True)[0]


def _plan(given: str) -> DryPlan:
    return read_plan(parse_json(_read(given, "--plan"))) if given else DryPlan()


def _read(given: str, option: str) -> str:
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid("The file cannot be read.", details=[Detail(option, str(error))]) from error


def _print_events(console: Console, row: WorkflowRun) -> None:
    seen = 0
    while True:
        # Looked at before the events: what is logged up to the end is printed before the loop ends.
        status = WorkflowRun.objects.values_list("status", flat=True).get(pk=row.pk)
        for event in Event.objects.filter(run=row, seq__gt=seen).order_by("seq"):
            seen = event.seq
            console.print(_line(row, event))
        if RunStatus(status) in FINAL_RUN:
            return
        time.sleep(_LOOK)


def _line(row: WorkflowRun, event: Event) -> Text:
    shown = event_row(event, lambda run_id: "")
    where = " · ".join(part for part in (event.stage, event.agent) if part)
    line = Text(f"{(event.at - row.created_at).total_seconds():7.1f} s  ", "dim")
    line.append(_printable(f"{where}: " if where else ""), "bold")
    return line.append(_printable(shown["text"]), _STYLES.get(shown["tone"], ""))


def _printable(text: str) -> str:
    """Text of agents must not steer a terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
