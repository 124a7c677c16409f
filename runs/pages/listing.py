"""The run list: rows, filters, tabs."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from builder.models import Workflow
from builder.pages.outline import tabs
from builder.pages.project_frame import project_tabs
from builder.queries import catalogue
from projects.models import Project
from runs.engine.status import RunStatus
from runs.models import WorkflowRun
from runs.pages.looks import Look, run_looks
from runs.pages.run_page import run_url
from runs.pages.words import origin_text

Json = Any
_PAGE = 50
_ORIGIN_WORDS = {
    "manual": "By hand",
    "api": "API",
    "cli": "Terminal",
    "schedule": "Schedule",
    "webhook": "Webhook",
    "agent": "Agent",
    "route": "Outcome route",
}


def listing(project: Project, workflow: Workflow | None, chosen: dict[str, str], before: int | None) -> dict[str, Json]:
    """One page of runs, newest first; `before` is the number to go on below."""
    rows = WorkflowRun.objects.filter(project=project).select_related("parent", "starter")
    if workflow is not None:
        rows = rows.filter(workflow=workflow)
    elif chosen["workflow"]:
        rows = rows.filter(workflow_name=chosen["workflow"])
    if chosen["status"] in set(RunStatus):
        rows = rows.filter(status=chosen["status"])
    if chosen["origin"]:
        rows = rows.filter(origin=chosen["origin"])
    if chosen["kind"] in ("dry", "earnest"):
        rows = rows.filter(dry__isnull=chosen["kind"] == "earnest")
    if before is not None:
        rows = rows.filter(number__lt=before)
    found = list(rows.order_by("-number")[: _PAGE + 1])
    shown = found[:_PAGE]
    looks = run_looks(shown)
    return {
        "project": {"name": project.name, "url": reverse("project", args=[project.slug])},
        "workflow": {"name": workflow.name, "url": reverse("workflow", args=[workflow.pk])} if workflow else None,
        "tabs": tabs(workflow, "Runs") if workflow else project_tabs(project, "Runs"),
        "runs": [run_row(run, looks[run.pk]) for run in shown],
        "next": shown[-1].number if len(found) > _PAGE else None,
        "statuses": [{"value": status.value, "label": status.value.title()} for status in RunStatus],
        "origins": [{"value": value, "label": label} for value, label in _ORIGIN_WORDS.items()],
        "workflows": [] if workflow else [item.name for item in catalogue(project.pk)],
    }


def run_row(run: WorkflowRun, look: Look) -> dict[str, Json]:
    """A run as a row of a list."""
    parent = run.parent
    return {
        "id": run.pk,
        "number": run.number,
        "dry": run.dry is not None,
        "workflow": run.workflow_name,
        "url": run_url(run.pk),
        "state": look.state,
        "word": look.word,
        "origin_text": origin_text(run, run.starter.get_username() if run.starter else None),
        "depth": run.depth,
        "parent": {"label": f"{parent.workflow_name} #{parent.number}", "url": run_url(parent.pk)} if parent else None,
        "started_at": run.started_at,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
    }
