"""The workflow tools that look at, cancel or schedule other runs. Each can run twice without doing anything twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.utils import timezone

from agents import tools as agent_tools
from runs import store
from runs.batch import Step
from runs.children import final_envelope
from runs.control import cancel_started_run
from runs.errors import Refused, WrongState
from runs.models import ScheduledStart, WorkflowCall, WorkflowRun
from runs.store import state_of
from runs.targets import find_target

Json = Any


def run_of_project(run: WorkflowRun, run_id: str) -> WorkflowRun | None:
    """A run of the same project by its id as a model wrote it; None when there is none."""
    try:
        wanted = UUID(str(run_id))
    except ValueError:
        return None
    return WorkflowRun.objects.filter(pk=wanted, project_id=run.project_id).first()


def run(step: Step, agent_run: UUID, row: dict[str, Json]) -> Json:
    """Run one stored tool call and return what the model is told."""
    args = agent_tools.parse_args(row["name"], row["args"])
    if isinstance(args, str):
        return {"error": args}
    return RUNNERS[row["name"]](step, uuid5(agent_run, f"{step.agent.turn}/{row['index']}"), args)


def _check(step: Step, key: UUID, args: Any) -> Json:
    found = _by_key(step.run, args.key) if args.key else run_of_project(step.run, args.run_id)
    if found is None:
        return {"error": f"There is no run {args.key or args.run_id} in this project."}
    state = state_of(found)
    if state.over:
        return final_envelope(found.pk, state)
    return {"status": found.status, "kind": None, "result": None, "error": None, "run_id": str(found.pk)}


def _by_key(run: WorkflowRun, caller_key: str) -> WorkflowRun | None:
    call = WorkflowCall.objects.filter(run_id=run.pk, caller_key=caller_key).select_related("child").first()
    return call.child if call else None


def _cancel(step: Step, key: UUID, args: Any) -> Json:
    found = run_of_project(step.run, args.run_id)
    if found is None or found.parent_id != step.run.pk:
        return {"error": f"This run has started no run {args.run_id}; only runs that it started can be cancelled."}
    try:
        cancel_started_run(
            found.pk, by=f"agent {step.frozen.workflow.stages[step.state.stage].assignments[step.agent.position].agent}"
        )
    except WrongState as error:
        return {"error": error.message, "run_id": str(found.pk)}
    return {"status": "cancelled", "run_id": str(found.pk)}


def _schedule(step: Step, key: UUID, args: Any) -> Json:
    if args.cron is not None:
        return {
            "error": "A cron schedule is not supported by this version of Baton; use delay or at.",
            "status": "refused",
        }
    due = _due(args)
    if due is None:
        return {"error": f"{args.at!r} is not a date and time with a time zone (ISO 8601).", "status": "refused"}
    assignment = step.frozen.workflow.stages[step.state.stage].assignments[step.agent.position]
    try:
        target = find_target(
            step.run.project_id, step.run.lineage, args.workflow, args.context, allowed=assignment.allowed_workflows
        )
    except Refused as refused:
        return {"error": refused.message, "status": "refused"}
    store.schedule_start(
        ScheduledStart(
            id=key,
            run_id=step.run.pk,
            workflow_id=target.workflow_id,
            workflow_name=target.name,
            context=target.input,
            due_at=due,
            created_at=timezone.now(),
        )
    )
    return _shown(ScheduledStart.objects.get(pk=key))


def _due(args: Any) -> datetime | None:
    if args.delay is not None:
        return timezone.now() + timedelta(seconds=args.delay)
    try:
        due = datetime.fromisoformat(str(args.at))
    except ValueError:
        return None
    return due if due.tzinfo is not None else None


def _shown(row: ScheduledStart) -> Json:
    shown = {"id": str(row.pk), "workflow": row.workflow_name, "due_at": row.due_at.isoformat(), "status": row.status}
    return {**shown, "run_id": str(row.child_id) if row.child_id else None}


def _list(step: Step, key: UUID, args: Any) -> Json:
    return {
        "schedules": [_shown(row) for row in ScheduledStart.objects.filter(run_id=step.run.pk).order_by("due_at")[:100]]
    }


def _cancel_schedule(step: Step, key: UUID, args: Any) -> Json:
    try:
        wanted = UUID(str(args.id))
    except ValueError:
        return {"error": f"There is no schedule {args.id}."}
    if store.cancel_scheduled(step.run.pk, wanted):
        return {"id": str(wanted), "status": "cancelled"}
    row = ScheduledStart.objects.filter(pk=wanted, run_id=step.run.pk).first()
    return (
        {"error": f"The schedule is {row.status}; pending was wanted."}
        if row
        else {"error": f"There is no schedule {args.id}."}
    )


RUNNERS: dict[str, Callable[[Step, UUID, Any], Json]] = {
    "check_workflow": _check,
    "cancel_workflow": _cancel,
    "schedule_workflow": _schedule,
    "list_schedules": _list,
    "cancel_schedule": _cancel_schedule,
}
