"""What benchmarks/run_list.py starts for each database: fills it, measures it, answers one line of JSON."""

# ruff: noqa: E402 - Django is set up before models are imported

from __future__ import annotations

import json
import os
import random
import statistics
import sys
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import django

# Before the models below are imported.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from builder.models import Workflow, WorkflowVersion
from builder.project_file import import_project
from projects.access import Caller
from projects.models import Project
from runs.finding import runs_that_fit, wanted_from, windows
from runs.models import RunCounter, WorkflowRun

Json = Any
_WORDS = [
    "site",
    "report",
    "draft",
    "claim",
    "price",
    "shop",
    "letter",
    "visit",
    "score",
    "plan",
    "release",
    "note",
    "audit",
    "engine",
    "market",
    "reader",
]
_STATUS = (["completed"] * 90) + (["failed"] * 7) + (["cancelled"] * 3)
_INDEXES = ("run_by_status", "run_by_origin", "run_dry")
_LISTS = {
    "all, by tree": "",
    "every run": "view=flat",
    "status completed": "status=completed",
    "status failed": "status=failed",
    "status running (none)": "status=running",
    "workflow": "workflow=W3",
    "origin schedule (rare)": "origin=schedule",
    "dry runs (few)": "kind=dry&view=flat",
    "last hour": "time=hour",
    "one old day": "first=DAY&last=DAY&view=flat",
    "text, rare": "text=needle",
    "text, common": "text=report",
    "text, two words": "text=report+shop",
    "run number": "text=%2312345",
    "failed and origin": "status=failed&origin=agent",
    "failed and text": "status=failed&text=needle",
    "rare origin and common text": "origin=schedule&text=report",
    "deep page": "view=flat&before=MIDDLE",
}


def fill(count: int) -> Project:
    """A project of five workflows, ninety days and so many runs, every third of them a child."""
    owner = User.objects.create_user("owner")
    flow = {"stages": [{"name": "Go"}]}
    file = {"format": "baton/1", "project": {"name": "Big"}, "workflows": [{"name": f"W{n}", **flow} for n in range(5)]}
    project = Project.objects.get(slug=import_project(Caller(owner), file).project)
    workflows = list(Workflow.objects.filter(project=project))
    version = WorkflowVersion.objects.create(
        project=project, workflow=workflows[0], workflow_name="W0", number=99, digest="0" * 64, content={}
    )
    chance, now, last = random.Random(4), timezone.now(), UUID(int=0)
    for start in range(0, count, 2000):
        rows = []
        for number in range(start + 1, min(start + 2000, count) + 1):
            at = now - timedelta(days=90) * (1 - number / count)
            flow_of = workflows[number % 5]
            child = number % 3 == 0
            said = " ".join(chance.choices(_WORDS, k=40)) + (" needle" if number % 2000 == 7 else "")
            row = WorkflowRun(
                project=project, number=number, workflow=flow_of, workflow_name=flow_of.name, version=version,
                status=chance.choice(_STATUS), origin="schedule" if number % 5000 == 1 else "agent" if child else "api",
                starter=owner, input={"brief": said}, result={"kind": "narrative", "value": said[::-1]},
                values={"draft": said * 4}, parent_id=last if child else None, depth=1 if child else 0,
                dry={"root": {}} if number % 3000 == 1 else None, input_tokens=900, output_tokens=200,
                created_at=at, started_at=at, finished_at=at + timedelta(seconds=chance.random() * 90),
            )  # fmt: skip
            last = row.pk
            rows.append(row)
        WorkflowRun.objects.bulk_create(rows)
    RunCounter.objects.update_or_create(project=project, defaults={"last": count})
    if connection.vendor == "postgresql":  # it does so by itself; nobody ever tells SQLite to
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return project


def look(client: Client, project: Project, name: str, query: str, rounds: int) -> dict[str, Json]:
    """One list: how long its whole page takes, and the plan of the query of its rows."""
    times, answer = [], None
    for _ in range(rounds):
        begun = time.perf_counter()
        answer = client.get(f"/p/{project.slug}/{query}")
        times.append((time.perf_counter() - begun) * 1000)
        assert answer.status_code == 200, answer.status_code
    assert answer is not None
    times.sort()
    return {
        "name": name,
        "p50": statistics.median(times),
        "p95": times[min(len(times) - 1, int(len(times) * 0.95))],
        "rows": answer.content.count(b'<tr id="run-'),
        "plan": plan(project, query) if query.startswith("runs") else [],
        "limited": query.startswith("runs"),
    }


def plan(project: Project, query: str) -> list[str]:
    """EXPLAIN of the rows of a list, for words of the first look for them, without what only costs room."""
    given = dict(part.split("=") for part in query.partition("?")[2].replace("%23", "#").split("&") if part)
    wanted = wanted_from(given)
    rows = runs_that_fit(project, None, wanted, windows(project, wanted, None)[0])
    if "before" in given:
        rows = rows.filter(number__lt=int(given["before"]))
    lines = rows.order_by("-number")[:51].explain().splitlines()
    return [line.split("  (cost")[0].rstrip()[:150] for line in lines]


def writing(project: Project, count: int = 300) -> float:
    """Milliseconds to write a run and its three changes, each in its own statement; taken back at the end."""
    known = WorkflowRun.objects.filter(project=project).order_by("-number").first()
    assert known is not None
    begun = time.perf_counter()
    for number in range(count):
        row = WorkflowRun(
            project=project, number=900_000 + number, workflow_id=known.workflow_id, workflow_name="W1",
            version_id=known.version_id, origin="api", input=known.input, created_at=timezone.now(),
        )  # fmt: skip
        row.save(force_insert=True)
        for status in ("running", "waiting"):
            WorkflowRun.objects.filter(pk=row.pk).update(status=status, values=known.values)
        WorkflowRun.objects.filter(pk=row.pk).update(
            status="completed", result=known.result, finished_at=timezone.now()
        )
    spent = (time.perf_counter() - begun) * 1000 / count
    WorkflowRun.objects.filter(project=project, number__gte=900_000).delete()
    return spent


def drop_indexes() -> None:
    """Take away what the run list has brought."""
    with connection.cursor() as cursor:
        for name in _INDEXES:
            cursor.execute(f"DROP INDEX {name}")
        if connection.vendor == "postgresql":
            cursor.execute("DROP INDEX run_text")
            return
        for name in ("insert", "delete", "update"):
            cursor.execute(f"DROP TRIGGER run_text_{name}")


def main() -> None:
    """Fill, measure, answer."""
    count, rounds = int(sys.argv[1]), int(sys.argv[2])
    call_command("migrate", verbosity=0)
    project = fill(count)
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(username="owner"), backend="django.contrib.auth.backends.ModelBackend")
    day = (timezone.now() - timedelta(days=45)).date().isoformat()
    lists = {
        name: "runs?" + query.replace("DAY", day).replace("MIDDLE", str(count // 2)) for name, query in _LISTS.items()
    }
    lists |= {f"dashboard, {period}": f"dashboard?period={period}" for period in ("24h", "7d", "30d")}
    look(client, project, "", "runs", 1)  # what a process loads for its first page is none of theirs
    figures = [look(client, project, name, query, rounds) for name, query in lists.items()]
    writing(project, 50)
    cost = {"with": writing(project)}
    drop_indexes()
    cost["without"] = writing(project)
    print(json.dumps({"database": connection.vendor, "runs": count, "figures": figures, "writing": cost}))


if __name__ == "__main__":
    main()
