"""A run as the child of another: how it is created, and what it brings back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from runs import store
from runs.engine.results import envelope
from runs.engine.state import Result, RunState
from runs.engine.status import RunStatus
from runs.models import WorkflowRun
from runs.store import NewRun
from runs.targets import Target


def final_envelope(run_id: UUID, state: RunState) -> dict[str, Any]:
    """The envelope of a run that has ended."""
    if state.status is RunStatus.COMPLETED:
        return envelope("completed", result=state.result or Result("notice", ""), run_id=str(run_id))
    error = state.error.message if state.error else "The workflow was cancelled."
    return envelope("failed" if state.status is RunStatus.FAILED else "cancelled", error=error, run_id=str(run_id))


def new_child(row: WorkflowRun, target: Target, call_key: str, origin: str) -> NewRun:
    """The run that a call starts: an ordinary run of the same project, one level deeper."""
    return NewRun(
        project_id=row.project_id,
        workflow_id=target.workflow_id,
        workflow_name=target.name,
        version_id=target.version_id,
        version_number=target.version_number,
        input=target.input,
        origin=origin,
        starter_id=row.starter_id,
        dry=row.dry,
        parent_id=row.pk,
        depth=row.depth + 1,
        lineage=tuple((step[0], step[1]) for step in row.lineage),
        id=store.child_id_for(row.pk, call_key),
    )
