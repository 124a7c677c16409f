"""The stages of a run as its page shows them: agents, what they wait for, hooks, outcomes, triggered workflows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from builder.layout import target_labels
from builder.publish import frozen
from builder.spec import END, ApprovalHook, AssignmentSpec, StageSpec, WorkflowRoute
from projects.access import Caller
from runs.engine.status import FINAL_RUN, AgentStatus, CallStatus, GateStatus, RunStatus, StageStatus
from runs.models import AgentRun, Gate, Rerun, StageRun, WorkflowCall, WorkflowRun
from runs.pages import gates as gate_pages
from runs.pages.looks import Look, agent_state, visit_look, waiting_for
from runs.pages.readable import readable
from runs.pages.run_graph import target_id
from runs.pages.shapes import route_words
from runs.pages.words import DECIDERS

Json = Any
_SHOWN = 3  # workflows that an agent triggered before, at its chip
_QUESTION = 80  # characters of a question, at the chip of the agent that asks
_NEWS = timedelta(seconds=30)
_WAITS = CallStatus.WAITING.value
_FOLLOWED = (CallStatus.WAITING.value, CallStatus.STARTED.value, CallStatus.COMPLETED.value)


@dataclass(frozen=True)
class Parts:
    """A run with what hangs on it, read once."""

    run: WorkflowRun
    gates: Sequence[Gate]
    calls: Sequence[WorkflowCall]
    looks: Mapping[UUID, Look]
    link: Rerun | None = None  # what it repeats


class Visit(NamedTuple):
    """As much of a visit as is needed of every one: a long run has a thousand."""

    entry: int
    position: int
    name: str
    status: str
    outcome: str | None

    @classmethod
    def of(cls, row: StageRun) -> Visit:
        """The same of a whole row."""
        return cls(row.entry, row.position, row.name, row.status, row.outcome)


def visits_of(run: WorkflowRun) -> list[Visit]:
    """The visits of a run in order of entry."""
    rows = StageRun.objects.filter(run=run).order_by("entry")
    return [Visit(*row) for row in rows.values_list(*Visit._fields)]


def stages(
    parts: Parts, visits: Sequence[Visit], only: Collection[int] | None = None, *, viewer: Caller | None = None
) -> list[dict[str, Json]]:
    """Every stage of the version, or `only` those at these positions, with its latest visit.

    Their gates are answered in place by `viewer`, who may be asked or not; without one nobody is shown buttons."""
    entries = {visit.position: visit.entry for visit in visits if only is None or visit.position in only}
    latest = {row.position: row for row in StageRun.objects.filter(run=parts.run, entry__in=entries.values())}
    agents: dict[UUID, list[AgentRun]] = defaultdict(list)
    for agent in AgentRun.objects.filter(stage_run__in=[row.pk for row in latest.values()]).order_by("position"):
        agents[agent.stage_run_id].append(agent)
    shown = []
    for index, spec in enumerate(frozen(parts.run.version_id).workflow.stages):
        if only is not None and index not in only:
            continue
        visit = latest.get(index)
        stage = _stage(parts, index, spec, visit, agents[visit.pk] if visit else [])
        news = [gate for gate in parts.gates if visit and gate.stage_run_id == visit.pk and is_news(gate)]
        stage["gates"] = gate_pages.cards_for(viewer, parts.run, news)
        shown.append(stage)
    return shown


def is_news(gate: Gate) -> bool:
    """Open, or just answered: whoever was about to answer sees who was first."""
    if gate.status == GateStatus.ANSWERED.value:
        return gate.closed_at is not None and timezone.now() - gate.closed_at < _NEWS
    return is_open(gate)


def _stage(
    parts: Parts, index: int, spec: StageSpec, row: StageRun | None, agents: Sequence[AgentRun]
) -> dict[str, Json]:
    rows = {agent.position: agent for agent in agents}
    gates = [gate for gate in parts.gates if row and gate.stage_run_id == row.pk]
    routed = [call for call in parts.calls if row and call.key == f"route/{row.entry}"]
    look = _look(parts, row, gates, agents, routed) if row else _not_entered(parts.run)
    return {
        "id": index + 1,
        "number": index + 1,
        "name": spec.name,
        "drawer_url": reverse("run-stage", args=[parts.run.pk, index + 1]),
        **look._asdict(),
        "visit": row.visit if row else 0,
        "max_visits": spec.max_visits,
        "started_at": row.started_at if row else None,
        "finished_at": row.finished_at if row else None,
        "agents": [
            _agent(parts, index, place, plan, rows.get(place), look) for place, plan in enumerate(spec.assignments)
        ],
        "hooks": _hooks(spec, gates),
        "outcomes": [
            {"id": f"outcome-{index + 1}-{number}", "label": label} for number, label in enumerate(spec.outcomes, 1)
        ],
        **_outcome(parts, index, spec, row),
        "calls": [_call(parts, call) for call in routed],
    }


def targets(parts: Parts, visits: Sequence[Visit], only: Collection[int] | None = None) -> list[dict[str, Json]]:
    """The workflows that outcomes lead to, each with the run that the latest visit with that outcome triggered."""
    by_entry = {call.key.removeprefix("route/"): call for call in parts.calls if call.agent_run_id is None}
    called = {(row.position, row.outcome): by_entry.get(str(row.entry)) for row in visits if row.outcome}
    found = []
    for index, spec in enumerate(frozen(parts.run.version_id).workflow.stages):
        if only is not None and index not in only:
            continue
        for label in target_labels(spec):
            route = spec.routes[label]
            assert isinstance(route, WorkflowRoute)  # target_labels says so
            call = called.get((index, label))
            then = "End the workflow" if route.continue_at == END else route.continue_at
            found.append(
                {
                    "id": target_id(spec, index + 1, label),
                    "key": f"target:{index + 1}:{label}",
                    "workflow": route.workflow,
                    "then": then,
                    "ends": route.continue_at == END,
                    "call": _call(parts, call) if call else None,
                }
            )
    return found


def _outcome(parts: Parts, index: int, spec: StageSpec, row: StageRun | None) -> dict[str, Json]:
    if row is None or not row.outcome:
        return {"outcome": "", "decided_by": "", "route": None}
    specs = frozen(parts.run.version_id).workflow.stages
    return {
        "outcome": row.outcome,
        "decided_by": DECIDERS.get(row.decided_by or "none", ""),
        "route": route_words(spec, row.outcome, specs, index),
    }


def _not_entered(run: WorkflowRun) -> Look:
    """Not started is not skipped: a run that is over never comes here."""
    return Look("skipped" if RunStatus(run.status) in FINAL_RUN else "pending")


def _look(
    parts: Parts, row: StageRun, gates: Sequence[Gate], agents: Sequence[AgentRun], routed: Sequence[WorkflowCall]
) -> Look:
    # A visit is done once its outcome is routed; the run does not go on before the routed workflow has ended.
    if waiting := [call.workflow_name for call in routed if call.status == _WAITS]:
        return waiting_for(waiting)
    if row.status != StageStatus.RUNNING.value:
        return visit_look(row.entry, row.status, parts.link)
    if any(is_open(gate) and not gate.is_question for gate in gates):
        return Look("open")
    at_work = [agent for agent in agents if agent.finished_at is None]
    if at_work and all(agent.status == AgentStatus.BLOCKED.value for agent in at_work):
        return Look("blocked")
    return Look("running")


def _hooks(spec: StageSpec, gates: Sequence[Gate]) -> list[dict[str, Json]]:
    states = {gate.key.split("/", 1)[1]: gate.status for gate in gates}
    found = []
    for edge, hooks in (("entry", spec.entry_hooks), ("exit", spec.exit_hooks)):
        for index, hook in enumerate(hooks):
            name = hook.name or (", ".join(hook.options) if isinstance(hook, ApprovalHook) else hook.kind)
            kind = "Approval (blocking)" if isinstance(hook, ApprovalHook) else hook.kind
            found.append({"text": f"{kind}: {name}", "state": states.get(f"{edge}/{index}", ""), "word": ""})
    return found


def _agent(
    parts: Parts, stage: int, position: int, plan: AssignmentSpec, row: AgentRun | None, visit: Look
) -> dict[str, Json]:
    mine = [call for call in parts.calls if row and call.agent_run_id == row.pk]
    blocked = bool(row and row.status == AgentStatus.BLOCKED.value)
    waits = waits_of(parts, mine) if blocked else []
    asks = [_asked(gate) for gate in parts.gates if row and blocked and gate.agent_run_id == row.pk and is_open(gate)]
    past = [call for call in mine if not blocked or call.status != _WAITS]
    return {
        "id": f"{stage + 1}-{position + 1}",
        "number": position + 1,
        "agent": row.agent if row else plan.agent,
        "capabilities": [capability.value for capability in plan.capabilities],
        "drawer_url": reverse("run-agent", args=[parts.run.pk, row.pk]) if row else "",
        "state": agent_state(row.status, visit) if row else "pending",
        "word": _blocked(waits, asks),
        "error": readable(row.error) if row and row.error else "",
        "note": f"Tries again at {row.retry_at:%H:%M:%S} UTC" if row and row.retry_at else "",
        "waits": waits,
        "asks": asks,
        "calls": [_call(parts, call) for call in past[-_SHOWN:]],
        "more_calls": max(len(past) - _SHOWN, 0),
    }


def is_open(gate: Gate) -> bool:
    """Whether people can still answer."""
    return gate.status == GateStatus.OPEN.value


def _asked(gate: Gate) -> dict[str, Json]:
    """A question that an agent waits for, short."""
    question = " ".join(readable(gate.message).split())
    short = question if len(question) <= _QUESTION else f"{question[:_QUESTION]}…"
    url = reverse("gate", args=[gate.pk])
    return {"id": gate.pk, "question": short, "url": url, "since": gate.opened_at, "until": gate.deadline}


def _blocked(waits: Sequence[dict[str, Json]], asks: Sequence[dict[str, Json]]) -> str:
    if asks and not waits:
        return f"Blocked: asks “{asks[0]['question']}”" if len(asks) == 1 else f"Blocked: asks {len(asks)} questions"
    return f"Blocked: waiting for {', '.join(wait['workflow'] for wait in waits)}" if waits else ""


def waits_of(parts: Parts, calls: Sequence[WorkflowCall]) -> list[dict[str, Json]]:
    """The runs that these calls wait for, with their live state."""
    return [
        {**_child(parts, call), "since": call.since, "until": call.until} for call in calls if call.status == _WAITS
    ]


def _call(parts: Parts, call: WorkflowCall) -> dict[str, Json]:
    """A workflow that an agent or a route triggered, and how that went."""
    routed = call.agent_run_id is None
    shown = _child(parts, call)
    if call.status not in _FOLLOWED:
        shown |= {"state": call.status, "word": ""}
        shown["note"] = "continued after a failed workflow" if routed else ""
    return shown


def _child(parts: Parts, call: WorkflowCall) -> dict[str, Json]:
    child = call.child
    look = parts.looks[child.pk] if child else Look("failed")
    return {
        "id": call.pk,
        "workflow": call.workflow_name,
        "number": child.number if child else "",
        "dry": parts.run.dry is not None,
        "url": reverse("run", args=[child.pk]) if child else "",
        **look._asdict(),
        "note": "",
    }
