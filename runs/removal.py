"""Deleting a project, which asks its runs first."""

from __future__ import annotations

from projects import operations
from projects.access import Caller
from projects.errors import Conflict
from projects.models import Project
from runs.engine.status import FINAL_RUN
from runs.models import WorkflowRun


def delete_project(caller: Caller, project: Project) -> None:
    """Delete a project and everything in it. Raises Conflict while one of its runs has not ended."""
    final = [status.value for status in FINAL_RUN]
    count = WorkflowRun.objects.filter(project=project).exclude(status__in=final).count()
    if count:
        told = "One run of this project has" if count == 1 else f"{count} runs of this project have"
        raise Conflict(f"{told} not ended; cancel {'it' if count == 1 else 'them'} first.")
    operations.delete_project(caller, project)
