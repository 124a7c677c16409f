"""Ending waits: a call whose child has ended or whose limit has passed, a gate's deadline, a back-off."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone

from builder.publish import frozen
from builder.spec import ApprovalHook
from runs.advance import announce, apply
from runs.batch import Outcome
from runs.children import final_envelope
from runs.engine import facts
from runs.engine.results import envelope
from runs.engine.status import CallStatus
from runs.faults import crash_point
from runs.ids import call_id
from runs.models import AgentRun, Gate, WorkflowCall, WorkflowRun
from runs.store import Work, resolve_call, state_of


class _TooLate(Exception):
    """Something else ended the wait first."""


def return_if_ended(run_id: UUID, call_key: str) -> bool:
    """Return a call whose child has ended without its wait having been resolved. True when this resolved it."""
    call = WorkflowCall.objects.filter(pk=call_id(run_id, call_key)).first()
    if call is None or call.status != CallStatus.WAITING.value or call.child_id is None:
        return False
    child = WorkflowRun.objects.get(pk=call.child_id)
    state = state_of(child)
    if not state.over:
        return False
    back = final_envelope(child.pk, state)
    return _return(call, CallStatus(back["status"]), back)


def expire_call(call: WorkflowCall, now: datetime) -> bool:
    """End a wait whose limit has passed: the caller is told, the child goes on. True when this ended it."""
    seconds = round((call.until - call.since).total_seconds()) if call.until else 0
    message = f"No result within {seconds} seconds; the workflow goes on by itself."
    back = envelope(CallStatus.TIMED_OUT.value, error=message, run_id=str(call.child_id) if call.child_id else None)
    return _return(call, CallStatus.TIMED_OUT, back)


def return_lost(call: WorkflowCall) -> bool:
    """End a wait whose child does not exist any more."""
    return _return(call, CallStatus.FAILED, envelope("failed", error="The run that was waited for has been deleted."))


def _return(call: WorkflowCall, status: CallStatus, back: dict[str, object]) -> bool:
    def resolve(work: Work) -> None:
        if not resolve_call(call, status, back, timezone.now()):
            raise _TooLate

    try:
        outcome = apply(call.run_id, facts.CallReturned(call.key, call.workflow_name, back), before=resolve)
    except _TooLate:
        return False
    crash_point("wait.resolved")
    announce(outcome)
    return True


def expire_gate(gate: Gate) -> bool:
    """Let the deadline of a gate or of a question decide. True when it did, False when an answer was first."""
    return _tell(apply(gate.run_id, facts.GateExpired(gate.key)))


def remind_of(gate: Gate, now: datetime) -> bool:
    """Remind of a gate. Reminders that passed while nobody looked count as one. True when this reminded."""
    hook = _hook_of(gate)
    due = [after for after in sorted(hook.reminders) if gate.opened_at + timedelta(seconds=after) <= now]
    return bool(due) and _tell(apply(gate.run_id, facts.GateReminded(gate.key, len(due))))


def _hook_of(gate: Gate) -> ApprovalHook:
    stage = frozen(gate.run.version_id).workflow.stages[gate.stage_run.position]
    _, edge, index = gate.key.split("/")
    hook = (stage.entry_hooks if edge == "entry" else stage.exit_hooks)[int(index)]
    if not isinstance(hook, ApprovalHook):
        raise TypeError(f"expected an approval hook at {gate.key}, got {hook.kind}")
    return hook


def retry_agent(agent: AgentRun) -> bool:
    """Make an agent ready whose back-off has passed."""
    return _tell(apply(agent.run_id, facts.RetryDue(agent.key)))


def _tell(outcome: Outcome) -> bool:
    announce(outcome)
    return bool(outcome.decision and not outcome.decision.ignored)
