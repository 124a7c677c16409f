"""Runs and calls without what is heavy in them: what was put in, shared and returned may be megabytes of each."""

from __future__ import annotations

from django.db.models import QuerySet

from runs.engine.status import FINAL_RUN, RunStatus
from runs.models import WorkflowCall, WorkflowRun

HEAVY = ("input", "metadata", "position", "values", "warnings", "result", "lineage")
NOT_OVER = sorted(status.value for status in set(RunStatus) - FINAL_RUN)


def with_version(rows: QuerySet[WorkflowRun]) -> QuerySet[WorkflowRun]:
    """The same runs with their projects and versions, but for what these hold: it is large, and
    `builder.publish.frozen` keeps it read."""
    return rows.select_related("project", "version").defer("version__content")


def for_page(rows: QuerySet[WorkflowRun]) -> QuerySet[WorkflowRun]:
    """The same with their starters, but for what only the tab Results shows of a run."""
    return with_version(rows).select_related("starter").defer("version__content", "input", "metadata", "values")


def light(rows: QuerySet[WorkflowRun], *related: str) -> QuerySet[WorkflowRun]:
    """The same runs with these of their relations, which are runs or people, without what is heavy in a run."""
    heavy = [f"{name}__{each}" for name in related if name != "starter" for each in HEAVY]
    return (rows.select_related(*related) if related else rows).defer(*HEAVY, *heavy)


def light_calls(rows: QuerySet[WorkflowCall], *related: str) -> QuerySet[WorkflowCall]:
    """The same calls with their children, and these relations, without what is heavy: what was returned above all."""
    heavy = [f"child__{each}" for each in HEAVY]
    return rows.select_related("child", *related).defer("envelope", "late_envelope", *heavy)
