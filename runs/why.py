"""Why a run is waiting: the chain from the run through agents, children and gates to the last cause."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from projects.approvers import people_in
from runs.approvers import asked_of, shortage
from runs.engine.status import FINAL_RUN, AgentStatus, CallStatus, GateStatus, RunStatus
from runs.light_rows import light_calls
from runs.models import AgentRun, Gate, WorkflowCall, WorkflowRun
from runs.queries import iso

Json = Any
Link = dict[str, Json]


def why(run: WorkflowRun) -> list[Link]:
    """Every link of the chain: since when, until when, and what happens then. Empty when nothing is waited for.

    Where several agents wait, their chains follow one another, the one that has waited longest first.
    """
    if RunStatus(run.status) in FINAL_RUN:
        return []
    if run.status == RunStatus.PAUSED.value:
        return [
            _link(
                "run",
                run.pk,
                f"{run.workflow_name} #{run.number} is paused",
                None,
                None,
                "It goes on when somebody resumes it.",
            )
        ]
    return [*_calls(run), *_gates(run), *_retries(run)]


def _link(kind: str, pk: UUID | None, label: str, since: Any, until: Any, then: str) -> Link:
    return {
        "kind": kind,
        "id": str(pk) if pk else None,
        "label": label,
        "since": iso(since),
        "until": iso(until),
        "then": then,
    }


def _calls(run: WorkflowRun) -> list[Link]:
    waiting = WorkflowCall.objects.filter(run=run, status=CallStatus.WAITING.value)
    calls = light_calls(waiting, "agent_run").order_by("since")
    chain: list[Link] = []
    for call in calls:
        if call.agent_run is not None:
            then = (
                "If it takes longer, the agent is told that the workflow timed out, and decides what to do."
                if call.until
                else "The agent goes on with the result."
            )
            chain.append(_link("agent", call.agent_run_id, call.agent_run.agent, call.since, call.until, then))
        else:
            then = "When the workflow has ended, the run goes on at Continue at, whatever came back."
            chain.append(_link("stage", None, call.stage, call.since, call.until, then))
        if call.child is not None:
            child = call.child
            chain.append(
                _link(
                    "run",
                    child.pk,
                    f"{child.workflow_name} #{child.number}",
                    child.created_at,
                    None,
                    "When it has ended, its result goes back to the caller.",
                )
            )
            chain.extend(why(child))
    return chain


def _gates(run: WorkflowRun) -> list[Link]:
    chain: list[Link] = []
    gates = list(Gate.objects.filter(run=run, status=GateStatus.OPEN.value).order_by("opened_at"))
    people = people_in([run.project_id]).get(run.project_id, {}) if gates else {}
    for gate in gates:
        gate.run = run
        waits = (gate.opened_at, gate.deadline)
        if gate.is_question:
            then = (
                "Without an answer by then, it is told that nobody answered."
                if gate.deadline
                else "It goes on with the answer."
            )
            chain.append(_link("agent", gate.agent_run_id, gate.name, *waits, then))
            chain.append(_link("gate", gate.pk, f"{gate.name} asks: {gate.message[:200]}", *waits, then))
        else:
            then = (
                "Without an answer by then, the deadline decides the outcome."
                if gate.deadline
                else "The answer decides the outcome."
            )
            chain.append(_link("gate", gate.pk, f"{gate.name} ({gate.stage})", *waits, then))
        options = ", ".join(option["label"] for option in gate.options)
        then = f"One of: {options}." if options else "A text."
        if short := shortage(gate, people):
            then = f"{short} {then}"
        chain.append(_link("person", None, _persons(gate), *waits, then))
    return chain


def _persons(gate: Gate) -> str:
    """Who is asked, and who has answered where several have to."""
    asked = asked_of(gate)
    if gate.quorum == 1:
        return asked
    said = ", ".join(f"{voice['by']}: {voice['option']}" for voice in gate.answers)
    return f"{gate.quorum} of {asked}" + (f" ({said})" if said else "")


def _retries(run: WorkflowRun) -> list[Link]:
    rows = AgentRun.objects.filter(run=run, status=AgentStatus.RETRYING.value).order_by("changed_at")
    return [
        _link("retry", row.pk, row.agent, row.changed_at, row.retry_at, "The model is asked again.") for row in rows
    ]
