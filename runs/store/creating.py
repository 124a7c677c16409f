"""New runs and new workflow calls, with the first events of their logs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from projects import gathering, rows
from runs.engine.decision import NewEvent
from runs.engine.status import CallStatus
from runs.ids import agent_run_id, call_id, child_run_id
from runs.models import (
    Event,
    RunCounter,
    WorkflowCall,
    WorkflowRun,
)
from runs.store.events import event_row
from runs.store.work import NewRun, Work, state_of

Json = Any
Row = dict[str, Any]


def next_number(project_id: int, count: int = 1) -> int:
    """Take `count` run numbers of a project; returns the first."""
    last = rows.next_value(RunCounter, project_id, "last", count)
    if last is None:
        RunCounter.objects.bulk_create([RunCounter(project_id=project_id, last=0)], ignore_conflicts=True)
        last = rows.next_value(RunCounter, project_id, "last", count) or count
    return last - count + 1


def insert_runs(new: Sequence[NewRun], now: datetime) -> list[WorkflowRun]:
    """Insert queued runs of one project, each with the first event of its log."""
    first = next_number(new[0].project_id, len(new))
    made = [_new_row(run, now) for run in new]
    for offset, row in enumerate(made):
        row.number, row.seq = first + offset, 1
    with gathering.together():
        rows.insert(WorkflowRun, [run_fields(row) for row in made])
        rows.insert(Event, [event_row(row.pk, 1, now, accepted(run)) for run, row in zip(new, made, strict=True)])
    return made


_RUN_FIELDS = tuple(field.attname for field in WorkflowRun._meta.concrete_fields)


def run_fields(row: WorkflowRun) -> Row:
    """All fields of a run's row."""
    return {name: getattr(row, name) for name in _RUN_FIELDS}


def accepted(run: NewRun) -> NewEvent:
    """The first event of a run's log."""
    data = {"workflow": run.workflow_name, "version": run.version_number, "input": run.input, **run.told}
    return NewEvent("run.started", None, None, data)


def _new_row(new: NewRun, now: datetime) -> WorkflowRun:
    """The row of a run that has no number yet and no event."""
    row = WorkflowRun(
        project_id=new.project_id,
        workflow_id=new.workflow_id,
        workflow_name=new.workflow_name,
        version_id=new.version_id,
        origin=new.origin,
        starter_id=new.starter_id,
        key=new.key,
        input=new.input,
        metadata=new.metadata,
        dry=new.dry,
        depth=new.depth,
        parent_id=new.parent_id,
        lineage=[*(list(step) for step in new.lineage), [new.workflow_id, new.workflow_name]],
        created_at=now,
    )
    if new.id is not None:
        row.id = new.id
    return row


@dataclass(frozen=True, slots=True)
class NewCall:
    """A workflow call to write, with the child it starts (None: it waits for, or was refused, an existing one)."""

    key: str
    workflow_name: str
    status: CallStatus
    agent_key: str | None = None
    tool_call_id: str = ""
    child: NewRun | None = None
    child_id: UUID | None = None
    timeout: float | None = None  # seconds
    envelope: dict[str, Json] | None = None
    caller_key: str | None = None


def insert_calls(work: Work, calls: Sequence[NewCall], now: datetime) -> list[Work]:
    """Write calls of a run. Returns the children that they start, which `save` writes."""
    stage = work.frozen.workflow.stages[work.state.stage].name
    rows.insert(WorkflowCall, [_call_row(work, call, stage, now) for call in calls])
    new = [call.child for call in calls if call.child is not None]
    return _started(new, now) if new else []


def _started(new: Sequence[NewRun], now: datetime) -> list[Work]:
    """Runs of one project that are not written yet. `ahead` of the transaction their numbers are not known."""
    project = new[0].project_id
    made = [_new_row(run, now) for run in new]
    works = [Work(row, state_of(row), start=run) for run, row in zip(new, made, strict=True)]
    if gathering.is_ahead():
        for work, number in zip(works, rows.counted(RunCounter, project, "last", len(new)), strict=True):
            work.number = number
    else:
        for known, row in enumerate(made, next_number(project, len(new))):
            row.number = known
    return works


def _call_row(work: Work, call: NewCall, stage: str, now: datetime) -> Row:
    run_id = work.row.id
    ended = call.status not in (CallStatus.WAITING, CallStatus.STARTED)
    return {
        "id": call_id(run_id, call.key),
        "run_id": run_id,
        "agent_run_id": agent_run_id(run_id, call.agent_key) if call.agent_key else None,
        "key": call.key,
        "tool_call_id": call.tool_call_id,
        "stage": stage,
        "workflow_name": call.workflow_name,
        "child_id": call.child.id if call.child else call.child_id,
        "status": call.status.value,
        "envelope": call.envelope,
        "caller_key": call.caller_key,
        "cancel_child": False,
        "since": now,
        "until": now + timedelta(seconds=call.timeout) if call.timeout else None,
        "resolved_at": now if ended else None,
    }


def child_id_for(run_id: UUID, call_key: str) -> UUID:
    """The id that the child of a call has, whoever creates it."""
    return child_run_id(call_id(run_id, call_key))
