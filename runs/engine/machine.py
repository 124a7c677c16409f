"""The machine: one function from (definition, state, fact, now) to a decision. Handlers below, one per fact."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from runs.engine import facts, messages
from runs.engine.agents import HANDLERS as AGENT_HANDLERS
from runs.engine.decision import Decision, NewEvent
from runs.engine.draft import Definition, Draft
from runs.engine.gates import HANDLERS as GATE_HANDLERS
from runs.engine.results import envelope
from runs.engine.routing import AT_WORK, end_visit, fail_run, progress
from runs.engine.state import Phase, RoutedCall, RunState
from runs.engine.status import FINAL_RUN, AgentStatus, RunStatus, StageStatus

Json = Any

_WORKING = frozenset({AgentStatus.READY, AgentStatus.RUNNING})


def decide(definition: Definition, state: RunState, fact: facts.Fact, now: datetime) -> Decision:
    """Decide what a fact means for a run.

    A fact that no longer applies (doubled, late, for a visit that is over) comes back as `ignored`; the state stays.
    """
    draft = Draft(definition, state, now)
    if state.over and not isinstance(fact, facts.CallLate):
        return replace(draft.finish(), ignored=True)
    if not _HANDLERS[type(fact)](draft, fact):
        return replace(Draft(definition, state, now).finish(), ignored=True)
    progress(draft)
    _settle(draft, state.status)
    return draft.finish()


def _settle(draft: Draft, before: RunStatus) -> None:
    """Derive running, waiting or paused from what is open, and log the change between them."""
    if draft.state.status in FINAL_RUN:
        return
    if draft.state.paused:
        draft.change(status=RunStatus.PAUSED)
        return
    if draft.state.call is not None and draft.state.call.pending:
        # The shell resolves the route within this transaction: nothing has begun to wait or to run yet.
        draft.change(status=before if before in (RunStatus.RUNNING, RunStatus.WAITING) else RunStatus.RUNNING)
        return
    working = any(agent.status in _WORKING for agent in draft.state.agents)
    after = RunStatus.RUNNING if working else RunStatus.WAITING
    draft.change(status=after)
    if after is RunStatus.WAITING and before is not after:
        draft.events.append(_run_event("run.waiting", {"waiting_for": _waiting_for(draft)}))
    elif after is RunStatus.RUNNING and before is RunStatus.WAITING:
        draft.events.append(_run_event("run.resumed", {}))


def _waiting_for(draft: Draft) -> list[dict[str, object]]:
    """What the run waits for, short, for the event that says so."""
    state = draft.state
    found: list[dict[str, object]] = []
    if state.gate is not None:
        found.append({"kind": "gate", "gate": state.gate.key})
    if state.call is not None:
        found.append({"kind": "workflow", "workflow": state.call.workflow})
    for agent in state.agents:
        if agent.status is AgentStatus.BLOCKED and agent.open_calls:
            found.append({"kind": "workflow", "agent": draft.agent_name(agent), "calls": len(agent.open_calls)})
        if agent.questions:
            found.append({"kind": "gate", "agent": draft.agent_name(agent), "questions": len(agent.questions)})
        if agent.status is AgentStatus.RETRYING:
            found.append({"kind": "retry", "agent": draft.agent_name(agent)})
    return found


def _run_event(kind: str, data: dict[str, Json]) -> NewEvent:
    return NewEvent(kind, None, None, data)


def _started(draft: Draft, fact: facts.Started) -> bool:
    return draft.state.phase is Phase.IDLE and not draft.state.paused


# Routed calls


def _route_opened(draft: Draft, fact: facts.RouteOpened) -> bool:
    call = draft.state.call
    if call is None or call.key != fact.call or not call.pending:
        return False
    draft.change(call=RoutedCall(call.key, fact.workflow, call.continue_at, pending=False))
    draft.emit(
        "workflow.triggered",
        None,
        workflow=fact.workflow,
        run_id=fact.run_id,
        input=fact.input,
        timeout=fact.timeout,
        by="rerun" if draft.state.restart else "route",
    )
    return True


def _route_refused(draft: Draft, fact: facts.RouteRefused) -> bool:
    call = draft.state.call
    if call is None or call.key != fact.call or not call.pending:
        return False
    draft.emit(
        "workflow.triggered", None, workflow=fact.workflow, run_id=None, by="route", refused=fact.detail or fact.message
    )
    return _route_ended(draft, fact.workflow, envelope("refused", error=fact.message), call.continue_at)


def _call_returned(draft: Draft, fact: facts.CallReturned) -> bool:
    call = draft.state.call
    if call is not None and call.key == fact.call:
        return _route_ended(draft, fact.workflow, fact.envelope, call.continue_at)
    return AGENT_HANDLERS[facts.CallReturned](draft, fact)


def _route_ended(draft: Draft, workflow: str, back: dict[str, Json], continue_at: str) -> bool:
    """Keep what came back, warn when it failed, and follow continue at regardless."""
    draft.remember(workflows={**draft.state.values.workflows, workflow: back})
    draft.emit("workflow.returned", None, workflow=workflow, **back)
    if draft.state.restart is not None:
        if back["status"] != "completed":
            draft.warn("failed_again", f"{workflow} was run again and {back['status']}: {back['error']}")
        draft.change(call=None, phase=Phase.IDLE)
        return True
    if back["status"] != "completed":
        where = "the end" if continue_at == "end" else continue_at
        draft.warn(
            "continued_after_failed_workflow",
            f"Continued at {where} after a failed workflow: {workflow} {back['status']}: {back['error']}",
        )
    draft.emit(
        "route.taken",
        None,
        outcome=draft.state.outcome,
        to="end" if continue_at == "end" else "stage",
        stage=continue_at,
        continued=True,
    )
    draft.change(call=None, phase=Phase.NEXT, target=continue_at)
    return True


def _call_late(draft: Draft, fact: facts.CallLate) -> bool:
    draft.emit("workflow.late", None, workflow=fact.workflow, **fact.envelope)
    return True


# People


def _cancelled(draft: Draft, fact: facts.Cancelled) -> bool:
    at_work = draft.state.phase in AT_WORK
    draft.drop_open_work()
    if at_work:
        end_visit(draft, StageStatus.CANCELLED)
    draft.end(RunStatus.CANCELLED, by=fact.by)
    return True


def _paused(draft: Draft, fact: facts.Paused) -> bool:
    if draft.state.paused:
        return False
    draft.change(paused=True)
    draft.events.append(_run_event("run.paused", {"by": fact.by}))
    return True


def _resumed(draft: Draft, fact: facts.Resumed) -> bool:
    if not draft.state.paused:
        return False
    draft.change(paused=False)
    draft.events.append(_run_event("run.resumed", {"by": fact.by}))
    return True


def _broken(draft: Draft, fact: facts.Broken) -> bool:
    fail_run(draft, fact.code, fact.message, fact.agent)
    return True


_HANDLERS: dict[type, Callable[[Draft, Any], bool]] = {
    **AGENT_HANDLERS,
    **GATE_HANDLERS,
    facts.Started: _started,
    facts.RouteOpened: _route_opened,
    facts.RouteRefused: _route_refused,
    facts.CallReturned: _call_returned,
    facts.CallLate: _call_late,
    facts.Cancelled: _cancelled,
    facts.Paused: _paused,
    facts.Resumed: _resumed,
    facts.Broken: _broken,
    facts.MessageReceived: messages.received,
}
