"""The list of projects, and one project."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, Max
from django.urls import reverse

from builder.models import Workflow
from builder.pages.project_frame import frame
from projects.access import Caller, visible_projects
from projects.models import Project
from projects.queries import roles_of, slug_taken
from runs.engine.status import FINAL_RUN, GateStatus, RunStatus
from runs.models import Gate, WorkflowRun
from runs.pages.gates import gate_rows
from runs.pages.looks import Look, run_looks
from runs.pages.run_page import run_url

Json = Any
_FINAL = [status.value for status in FINAL_RUN]
_AT_WORK = [RunStatus.QUEUED.value, RunStatus.RUNNING.value]


def project_cards(caller: Caller) -> dict[str, Json]:
    """The context of projects/list.html."""
    rows = list(visible_projects(caller).order_by("name"))
    ids = [row.pk for row in rows]
    workflows = _counts(Workflow.objects.filter(project__in=ids), "project")
    running = _counts(WorkflowRun.objects.filter(project__in=ids, status__in=_AT_WORK, dry__isnull=True), "project")
    waiting = _counts(Gate.objects.filter(run__project__in=ids, status=GateStatus.OPEN.value), "run__project")
    roles = roles_of(caller)
    cards = [
        {
            "name": row.name,
            "description": row.description,
            "url": reverse("project", args=[row.slug]),
            "workflows": workflows.get(row.pk, 0),
            "running": running.get(row.pk, 0),
            "waiting": waiting.get(row.pk, 0),
            "role": roles.get(row.pk, ""),
        }
        for row in rows
    ]
    return {
        "projects": cards,
        "new_project_url": reverse("new-project"),
        "import_url": reverse("import"),
        "load_demo_url": "" if slug_taken("demo") else reverse("load-demo"),
        "errors": {},
        "typed": "",
    }


def _counts(rows: Any, field: str) -> dict[int, int]:
    return dict(rows.values_list(field).annotate(count=Count("pk")).values_list(field, "count"))


def project_page(caller: Caller, project: Project, *, can_run: bool) -> dict[str, Json]:
    """The context of projects/project.html."""
    running = list(WorkflowRun.objects.filter(project=project).exclude(status__in=_FINAL).order_by("-number")[:20])
    looks = run_looks(running)
    gates = (
        Gate.objects.filter(run__project=project, status=GateStatus.OPEN.value)
        .select_related("run__project")
        .order_by("opened_at")[:20]
    )
    shown = frame(caller, project, "Workflows")
    return {
        **shown,
        "can_run": can_run,
        "workflows": _workflows(project, reverse("project-export", args=[project.slug])),
        "running": [_running(run, looks[run.pk]) for run in running],
        "gates": gate_rows(list(gates)),
        "runs_url": reverse("project-runs", args=[project.slug]),
        "approvals_url": reverse("approvals"),
        "export_url": reverse("project-export", args=[project.slug]),
        "import_url": reverse("project-import", args=[project.slug]) if shown["can_edit"] else "",
    }


def _running(run: WorkflowRun, look: Look) -> dict[str, Json]:
    return {
        "workflow": run.workflow_name,
        "number": run.number,
        "dry": run.dry is not None,
        "url": run_url(run.pk),
        "state": look.state,
        "word": look.word,
        "started_at": run.started_at,
    }


def _workflows(project: Project, export_url: str) -> list[dict[str, Json]]:
    rows = list(Workflow.objects.filter(project=project).annotate(stage_count=Count("stages")).order_by("name"))
    latest = dict(
        WorkflowRun.objects.filter(workflow__in=rows, dry__isnull=True)
        .values_list("workflow")
        .annotate(last=Max("number"))
        .values_list("workflow", "last")
    )
    runs = {run.workflow_id: run for run in WorkflowRun.objects.filter(project=project, number__in=latest.values())}
    looks = run_looks(runs.values())
    return [_workflow(row, runs.get(row.pk), looks) | {"export_url": f"{export_url}?workflow={row.pk}"} for row in rows]


def _workflow(row: Any, last: WorkflowRun | None, looks: dict[UUID, Look]) -> dict[str, Json]:
    shown = (
        {"number": last.number, "url": run_url(last.pk), **looks[last.pk]._asdict(), "at": last.created_at}
        if last
        else None
    )
    return {
        "name": row.name,
        "url": reverse("workflow", args=[row.pk]),
        "description": row.description,
        "stages": row.stage_count,
        "last_run": shown,
        "next_start": None,
        "run_dialog_url": reverse("run-dialog", args=[row.pk]),
        "needs": "This workflow is archived." if row.archived_at else "",
    }
