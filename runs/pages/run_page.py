"""The run page: one snapshot, read at once, from which the page and every fragment of it are rendered."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from builder.publish import frozen
from builder.spec import ApprovalHook, AssignmentSpec, StageSpec
from runs.engine.status import FINAL_RUN, AgentStatus, CallStatus, GateStatus, RunStatus, StageStatus
from runs.models import AgentRun, Event, Gate, StageRun, WorkflowCall, WorkflowRun
from runs.pages import gates as gate_pages
from runs.pages.shapes import entry, route_words
from runs.pages.words import DECIDERS, event_row, origin_text

Json = Any
TIMELINE = 200  # events on the page; older ones come by scrolling
_FULL = 500  # a page that is further behind gets the timeline anew
_STAGE_WORDS = {"waiting": "Waiting for approval"}


def run_url(run_id: UUID | str) -> str:
    """The page of a run."""
    return reverse("run", args=[run_id])


def page(run: WorkflowRun, *, can_control: bool, since: int | None = None) -> dict[str, Json]:
    """The context of runs/run.html; with `since`, that of runs/_sync.html (events after it only)."""
    run.refresh_from_db()
    events = _events(run, since)
    gates = list(Gate.objects.filter(run=run).order_by("opened_at"))
    calls = list(WorkflowCall.objects.filter(run=run).select_related("child").order_by("since"))
    open_gates = [
        gate_pages.card(gate, can_answer=can_control) for gate in gates if gate.status == GateStatus.OPEN.value
    ]
    behind = since is not None and run.seq - since > _FULL
    return {
        "project": {"name": run.project.name, "url": reverse("project", args=[run.project.slug])},
        "run": _bar(run, calls, can_control),
        "gates": open_gates,
        "stages": _stages(run, gates, calls),
        "events": [event_row(event, run_url) for event in events],
        "older_url": _older(run, events) if since is None or behind else "",
        "result": _result(run),
        "warnings": run.warnings,
        "error": run.error,
        "live": {
            "socket_url": f"/ws/runs/{run.pk}",
            "sync_url": reverse("run-sync", args=[run.pk]),
            "seq": run.seq,
            "now": timezone.now(),
        },
        "full": behind,
        "say": _say(run, events) if since is not None else "",
    }


def _events(run: WorkflowRun, since: int | None) -> list[Event]:
    """Newest first, never newer than the row that was read, so that the page's number is the truth."""
    rows = Event.objects.filter(run=run, seq__lte=run.seq).order_by("-seq")
    if since is not None and run.seq - since <= _FULL:
        return list(rows.filter(seq__gt=since))
    return list(rows[:TIMELINE])


def older_events(run: WorkflowRun, before: int) -> dict[str, Json]:
    """The next older part of the timeline."""
    rows = list(Event.objects.filter(run=run, seq__lt=before).order_by("-seq")[:TIMELINE])
    return {"events": [event_row(event, run_url) for event in rows], "older_url": _older(run, rows)}


def _older(run: WorkflowRun, events: list[Event]) -> str:
    if not events or events[-1].seq == 1:
        return ""
    return f"{reverse('run-events', args=[run.pk])}?before={events[-1].seq}"


def _say(run: WorkflowRun, events: list[Event]) -> str:
    """One sentence for a screen reader: the newest thing worth saying."""
    spoken = ("run.", "stage.", "gate.", "agent.blocked", "agent.failed", "workflow.")
    for event in events:
        if event.kind.startswith(spoken):
            row = event_row(event, run_url)
            return " ".join(filter(None, [event.stage, event.agent, row["text"]]))
    return ""


# The bar


def _bar(run: WorkflowRun, calls: list[WorkflowCall], can_control: bool) -> dict[str, Json]:
    over = RunStatus(run.status) in FINAL_RUN
    lineage = _lineage(run)
    waiting = [call for call in calls if call.status == CallStatus.WAITING.value]
    may = can_control and not over
    return {
        "workflow": run.workflow_name,
        "workflow_url": reverse("workflow", args=[run.workflow_id]) if run.workflow_id else "",
        "number": run.number,
        "state": run.status,
        "word": "",
        "origin_text": origin_text(run, run.starter.get_username() if run.starter else None),
        "depth": run.depth,
        "version": run.version.number,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "created_at": run.created_at,
        "tokens": run.input_tokens + run.output_tokens or None,
        "parent": lineage[-2] if len(lineage) > 1 else None,
        "lineage": lineage if len(lineage) > 1 else [],
        "can_control": can_control,
        "stop_url": reverse("run-cancel", args=[run.pk]) if may else "",
        "pause_url": reverse("run-pause", args=[run.pk]) if may and run.status != RunStatus.PAUSED.value else "",
        "resume_url": reverse("run-resume", args=[run.pk])
        if can_control and run.status == RunStatus.PAUSED.value
        else "",
        "children_running": len(waiting),
    }


def _lineage(run: WorkflowRun) -> list[dict[str, Json]]:
    chain = [run]
    while chain[-1].parent_id is not None:
        parent = WorkflowRun.objects.filter(pk=chain[-1].parent_id).first()
        if parent is None:
            break
        chain.append(parent)
    chain.reverse()
    return [
        {"label": f"{row.workflow_name} #{row.number}", "url": run_url(row.pk), "current": row.pk == run.pk}
        for row in chain
    ]


# Stages


def _stages(run: WorkflowRun, gates: list[Gate], calls: list[WorkflowCall]) -> list[dict[str, Json]]:
    """Every stage of the version, with its latest visit."""
    visits: dict[int, StageRun] = {}
    for row in StageRun.objects.filter(run=run).order_by("entry"):
        visits[row.position] = row
    agents: dict[UUID, list[AgentRun]] = defaultdict(list)
    for agent in AgentRun.objects.filter(stage_run__in=[row.pk for row in visits.values()]).order_by("position"):
        agents[agent.stage_run_id].append(agent)
    stages = frozen(run.version_id).workflow.stages
    return [
        _stage(
            run,
            index,
            spec,
            visits.get(index),
            agents,
            [gate for gate in gates if visits.get(index) and gate.stage_run_id == visits[index].pk],
            calls,
        )
        for index, spec in enumerate(stages)
    ]


def _stage(
    run: WorkflowRun,
    index: int,
    spec: StageSpec,
    row: StageRun | None,
    agents: dict[UUID, list[AgentRun]],
    gates: list[Gate],
    calls: list[WorkflowCall],
) -> dict[str, Json]:
    rows = {agent.position: agent for agent in agents[row.pk]} if row else {}
    shown = [
        _agent(run, index, position, assignment, rows.get(position), calls)
        for position, assignment in enumerate(spec.assignments)
    ]
    state = _stage_state(row, gates, rows)
    routed = [call for call in calls if row and call.key == f"route/{row.entry}"]
    return {
        "id": index + 1,
        "number": index + 1,
        "name": spec.name,
        "state": state,
        "word": _STAGE_WORDS.get(state, ""),
        "visit": row.visit if row else 0,
        "max_visits": spec.max_visits,
        "started_at": row.started_at if row else None,
        "finished_at": row.finished_at if row else None,
        "agents": shown,
        "hooks": _hooks(spec, gates),
        "outcome": row.outcome if row else "",
        "decided_by": DECIDERS.get(row.decided_by or "none", "") if row else "",
        "route": route_words(spec, row.outcome, frozen(run.version_id).workflow.stages, index)
        if row and row.outcome
        else None,
        "route_note": "",
        "calls": [_routed(call) for call in routed],
    }


def _stage_state(row: StageRun | None, gates: list[Gate], agents: dict[int, AgentRun]) -> str:
    if row is None:
        return "pending"
    if row.status != StageStatus.RUNNING.value:
        return row.status
    if any(gate.status == GateStatus.OPEN.value for gate in gates):
        return "waiting"
    open_agents = [agent for agent in agents.values() if agent.finished_at is None]
    if open_agents and all(agent.status == AgentStatus.BLOCKED.value for agent in open_agents):
        return "blocked"
    return "running"


def _hooks(spec: StageSpec, gates: list[Gate]) -> list[dict[str, Json]]:
    states = {gate.key.split("/", 1)[1]: gate.status for gate in gates}
    found = []
    for edge, hooks in (("entry", spec.entry_hooks), ("exit", spec.exit_hooks)):
        for index, hook in enumerate(hooks):
            name = hook.name or (", ".join(hook.options) if isinstance(hook, ApprovalHook) else hook.kind)
            kind = "Approval (blocking)" if isinstance(hook, ApprovalHook) else hook.kind
            found.append({"text": f"{kind}: {name}", "state": states.get(f"{edge}/{index}", ""), "word": ""})
    return found


def _routed(call: WorkflowCall) -> dict[str, Json]:
    child = call.child
    note = (
        "continued after a failed workflow"
        if call.status not in (CallStatus.WAITING.value, CallStatus.COMPLETED.value)
        else ""
    )
    return {
        "workflow": call.workflow_name,
        "number": child.number if child else "",
        "url": run_url(child.pk) if child else "",
        "state": child.status
        if child and call.status in (CallStatus.WAITING.value, CallStatus.COMPLETED.value)
        else call.status,
        "word": "",
        "note": note,
    }


# Agents


def _agent(
    run: WorkflowRun,
    stage: int,
    position: int,
    assignment: AssignmentSpec,
    row: AgentRun | None,
    calls: list[WorkflowCall],
) -> dict[str, Json]:
    waits = [
        _wait(call) for call in calls if row and call.agent_run_id == row.pk and call.status == CallStatus.WAITING.value
    ]
    blocked = bool(row and row.status == AgentStatus.BLOCKED.value)
    return {
        "id": f"{stage + 1}-{position + 1}",
        "number": position + 1,
        "agent": row.agent if row else assignment.agent,
        "capabilities": [capability.value for capability in assignment.capabilities],
        "drawer_url": reverse("run-agent", args=[run.pk, row.pk]) if row else "",
        "state": row.status if row else "pending",
        "word": f"Blocked: waiting for {', '.join(wait['workflow'] for wait in waits)}" if blocked and waits else "",
        "error": row.error if row and row.error else "",
        "note": f"Tries again at {row.retry_at:%H:%M:%S} UTC" if row and row.retry_at else "",
        "waits": waits if blocked else [],
    }


def _wait(call: WorkflowCall) -> dict[str, Json]:
    child = call.child
    return {
        "workflow": call.workflow_name,
        "number": child.number if child else "",
        "url": run_url(child.pk) if child else "",
        "since": call.since,
        "until": call.until,
        "state": child.status if child else "failed",
        "word": "",
    }


# Result


def _result(run: WorkflowRun) -> dict[str, Json] | None:
    if run.result is None:
        return None
    value, kind = run.result["value"], run.result["kind"]
    if kind == "structured":
        return {"kind": kind, "entries": [entry(key, item) for key, item in value.items()]}
    return {"kind": kind, "text": value}
