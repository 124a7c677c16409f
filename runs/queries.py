"""Reading runs: who may see which, and the shapes that the API and the pages show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from builder.models import Workflow
from projects.access import Caller, Role, require
from projects.errors import Detail, Invalid, NotFound
from projects.models import Project
from projects.rows import fetch
from runs.engine.status import AgentStatus, CallStatus, GateStatus
from runs.ids import child_run_id
from runs.light_rows import for_page
from runs.light_rows import with_version as with_version
from runs.models import AgentRun, Event, Gate, StageRun, WorkflowCall, WorkflowRun
from runs.rerun_links import ORIGINS, with_links

Json = Any


NOBODY = UUID(int=0)
_NO_RUN, NO_GATE = "There is no such run.", "There is no such gate."


def as_uuid(text: str) -> UUID:
    """An id from a path or a body; one that no row has when the text is none."""
    try:
        return UUID(str(text))
    except ValueError:
        return NOBODY


def run_for(caller: Caller, run_id: str, role: Role = Role.VIEWER, *, whole: bool = True) -> WorkflowRun:
    """The run, if the caller may do what `role` may; without `whole` as in `for_page`. Raises NotFound or Forbidden."""
    found = WorkflowRun.objects.filter(pk=as_uuid(run_id))
    row = (with_version(found) if whole else for_page(found)).first()
    if row is None:
        raise NotFound(_NO_RUN)
    require(caller, row.project, role, missing=_NO_RUN)
    return row


def gate_for(caller: Caller, gate_id: str, role: Role = Role.VIEWER) -> Gate:
    """The gate, if the caller may do what `role` may. Raises NotFound or Forbidden."""
    gate = fetch(Gate, as_uuid(gate_id))
    run = fetch(WorkflowRun, gate.run_id) if gate is not None else None
    project = fetch(Project, run.project_id) if run is not None else None
    if gate is None or run is None or project is None:
        raise NotFound(NO_GATE)
    gate.run, run.project = run, project
    require(caller, project, role, missing=NO_GATE)
    return gate


def runs_of(project: Project, **filters: Any) -> QuerySet[WorkflowRun]:
    """Runs of a project, filtered by status, workflow (name), origin, since (datetime), dry and key where given."""
    rows = WorkflowRun.objects.filter(project=project)
    if filters.get("status"):
        rows = rows.filter(status=filters["status"])
    if filters.get("workflow"):
        named = Workflow.objects.filter(project=project, name=filters["workflow"]).values("pk")
        rows = rows.filter(Q(workflow_id__in=named) | Q(workflow_name=filters["workflow"]))
    if filters.get("origin"):
        rows = rows.filter(origin=filters["origin"])
    if filters.get("since"):
        rows = rows.filter(created_at__gte=filters["since"])
    if filters.get("dry") is not None:
        rows = rows.filter(dry__isnull=not filters["dry"])
    if filters.get("key"):
        rows = rows.filter(key=filters["key"])
    return with_version(rows)


# Shapes


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, or None."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def run_json(row: WorkflowRun) -> dict[str, Json]:
    """One run in the API's shape."""
    return runs_json([row])[0]


def runs_json(rows: Sequence[WorkflowRun]) -> list[dict[str, Json]]:
    """Runs in the API's shape, with as many queries for a page as for one, and none about what cannot be there."""
    # Each transition writes an event: a run of one event has only been accepted. A re-run may keep parts of another.
    begun = [row for row in rows if row.seq > 1 or row.origin in ORIGINS]
    ids, open_ids = [row.pk for row in begun], [row.pk for row in begun if row.finished_at is None]
    called = _starting_calls([row.pk for row in rows if row.parent_id])
    children = _children(ids) if ids else {}
    stages = _stages(ids) if ids else {}
    waiting = waiting_on(open_ids) if open_ids else {}
    shown = [
        _run(row, children.get(row.pk, []), called.get(row.pk), stages.get(row.pk, []), waiting.get(row.pk, []))
        for row in rows
    ]
    return with_links(shown, rows)


def _starting_calls(ids: list[UUID]) -> dict[UUID, UUID]:
    """For each child among these the call that started it: others may wait for it too, its id derives from this one."""
    calls = WorkflowCall.objects.filter(child_id__in=ids).values_list("pk", "child_id") if ids else ()
    return {child: call for call, child in calls if child is not None and child_run_id(call) == child}


def _children(ids: list[UUID]) -> dict[UUID, list[str]]:
    rows = WorkflowRun.objects.filter(parent_id__in=ids).order_by("created_at", "number")
    children: dict[UUID, list[str]] = defaultdict(list)
    for pk, parent in rows.values_list("pk", "parent_id"):
        children[parent].append(str(pk))
    return children


def _run(
    row: WorkflowRun, children: list[str], call: UUID | None, stages: list[Json], waiting: list[Json]
) -> dict[str, Json]:
    parent = {"run_id": str(row.parent_id), "call_id": str(call) if call else None} if row.parent_id else None
    return {
        "id": str(row.pk),
        "number": row.number,
        "project": row.project.slug,
        "workflow": row.workflow_name,
        "version": row.version.number,
        "status": row.status,
        "origin": row.origin,
        "dry": row.dry is not None,
        "depth": row.depth,
        "input": row.input,
        "metadata": row.metadata,
        "result": row.result,
        "error": row.error,
        "warnings": row.warnings,
        "parent": parent,
        "children": children,
        "key": row.key,
        "waiting_on": waiting,
        "stages": stages,
        "usage": {
            "input_tokens": row.input_tokens,
            "output_tokens": row.output_tokens,
            "requests": row.requests,
            "cost": row.cost,
        },
        "created_at": iso(row.created_at),
        "started_at": iso(row.started_at),
        "finished_at": iso(row.finished_at),
    }


def _stages(ids: Iterable[UUID]) -> dict[UUID, list[Json]]:
    agents: dict[UUID, list[Json]] = defaultdict(list)
    for agent in (
        AgentRun.objects.filter(run_id__in=ids)
        .order_by("position")
        .values("pk", "stage_run_id", "agent", "status", "turns")
    ):
        shown = {"id": str(agent["pk"]), "agent": agent["agent"], "status": agent["status"], "turns": agent["turns"]}
        agents[agent["stage_run_id"]].append(shown)
    stages: dict[UUID, list[Json]] = defaultdict(list)
    for stage in (
        StageRun.objects.filter(run_id__in=ids)
        .order_by("entry")
        .values("pk", "run_id", "name", "visit", "status", "outcome")
    ):
        shown = {name: stage[name] for name in ("name", "visit", "status", "outcome")}
        stages[stage["run_id"]].append({**shown, "agents": agents[stage["pk"]]})
    return stages


def waiting_on(ids: Iterable[UUID]) -> dict[UUID, list[dict[str, Json]]]:
    """What runs wait for, oldest first: workflows, gates and retries. Filled also while a run is running."""
    found: dict[UUID, list[dict[str, Json]]] = defaultdict(list)
    calls = (
        WorkflowCall.objects.filter(run_id__in=ids, status=CallStatus.WAITING.value)
        .select_related("child")
        .order_by("since")
    )
    for call in calls:
        label = f"{call.workflow_name} #{call.child.number}" if call.child else call.workflow_name
        found[call.run_id].append(
            _wait("workflow", call.child_id or call.pk, label, call.stage, call.agent_run_id, call.since, call.until)
        )
    for gate in Gate.objects.filter(run_id__in=ids, status=GateStatus.OPEN.value).order_by("opened_at"):
        label = f"{gate.name} asks" if gate.is_question else gate.name
        wait = _wait("gate", gate.pk, label, gate.stage, gate.agent_run_id, gate.opened_at, gate.deadline)
        found[gate.run_id].append(wait)
    retrying = (
        AgentRun.objects.filter(run_id__in=ids, status=AgentStatus.RETRYING.value)
        .select_related("stage_run")
        .order_by("changed_at")
    )
    for agent in retrying:
        found[agent.run_id].append(
            _wait("retry", agent.pk, agent.agent, agent.stage_run.name, agent.pk, agent.changed_at, agent.retry_at)
        )
    return found


def _wait(
    kind: str, pk: UUID, label: str, stage: str, agent_run: UUID | None, since: datetime, until: datetime | None
) -> dict[str, Json]:
    return {
        "kind": kind,
        "id": str(pk),
        "label": label,
        "stage": stage,
        "agent_run": str(agent_run) if agent_run else None,
        "since": iso(since),
        "until": iso(until),
    }


def event_json(event: Event) -> dict[str, Json]:
    """One entry of the log."""
    return {
        "seq": event.seq,
        "at": iso(event.at),
        "kind": event.kind,
        "stage": event.stage,
        "agent": event.agent,
        "data": event.data,
    }


def events_of(run: WorkflowRun, *, after: int = 0, limit: int = 100) -> dict[str, Json]:
    """Events after a number, oldest first; `next` is the number to ask after for more, or None."""
    rows = list(Event.objects.filter(run=run, seq__gt=after).order_by("seq")[: limit + 1])
    shown = rows[:limit]
    return {"items": [event_json(event) for event in shown], "next": str(shown[-1].seq) if len(rows) > limit else None}


def gate_json(gate: Gate) -> dict[str, Json]:
    """One gate in the API's shape."""
    return {
        "id": str(gate.pk),
        "kind": "question" if gate.is_question else "gate",
        "run_id": str(gate.run_id),
        "agent_run": str(gate.agent_run_id) if gate.agent_run_id else None,
        "stage": gate.stage,
        "name": gate.name,
        "message": gate.message,
        "options": gate.options,
        "status": gate.status,
        "opened_at": iso(gate.opened_at),
        "deadline": iso(gate.deadline),
        **{name: getattr(gate, name) for name in ("approvers", "quorum", "starter_may_answer", "answers", "answer")},
    }


def tree_of(run: WorkflowRun) -> list[dict[str, Json]]:
    """The run and all its descendants, flat, the asked run first, parents before children."""
    levels = [[run]]
    while levels[-1]:
        found = WorkflowRun.objects.filter(parent__in=[row.pk for row in levels[-1]]).order_by("created_at", "number")
        levels.append(list(found))
    rows = [row for level in levels for row in level]
    children: dict[UUID | None, list[str]] = defaultdict(list)
    for row in rows[1:]:
        children[row.parent_id].append(str(row.pk))
    return [_branch(row, children[row.pk]) for row in rows]


def _branch(row: WorkflowRun, children: list[str]) -> dict[str, Json]:
    return {
        "id": str(row.pk),
        "number": row.number,
        "workflow": row.workflow_name,
        "status": row.status,
        "origin": row.origin,
        "dry": row.dry is not None,
        "depth": row.depth,
        "parent": str(row.parent_id) if row.parent_id else None,
        "children": children,
        "created_at": iso(row.created_at),
        "finished_at": iso(row.finished_at),
    }


def event_cursor(cursor: str | None, after: int) -> int:
    """The number to list events after: a cursor goes before `after`. Raises Invalid for one that is none."""
    if cursor is None:
        return after
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 10:
        raise Invalid("The cursor is not one of this list.", details=[Detail("cursor", "not a cursor of this list")])
    return int(cursor)
