"""Finding what should not be, and mending it: the same acts as in ordinary work, only asked for by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db.models import Count, F, Max, Q

from runs import bell
from runs.control import cancel_marked_child
from runs.engine.status import FINAL_RUN, AgentStatus, CallStatus, GateStatus, RunStatus
from runs.models import AgentRun, Event, Gate, WorkflowCall, WorkflowRun
from runs.waits import expire_call, expire_gate, retry_agent, return_if_ended, return_lost

_LATE = timedelta(seconds=30)  # the scheduler should long have seen it
_FINAL = [status.value for status in FINAL_RUN]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be; `repair` mends it, None means a person has to look."""

    code: str
    message: str
    repair: Callable[[], object] | None = None


def examine(now: datetime) -> Iterator[Finding]:
    """Everything that stands still without a reason, or contradicts itself."""
    for rule in (
        _finished_children,
        _deleted_children,
        _lapsed_leases,
        _unclaimed,
        _overdue,
        _orphans,
        _cascades,
        _gaps,
    ):
        yield from rule(now)


def _finished_children(now: datetime) -> Iterator[Finding]:
    for call in WorkflowCall.objects.filter(status=CallStatus.WAITING.value, child__status__in=_FINAL).select_related(
        "child"
    ):
        message = f"Call {call.pk} of run {call.run_id} waits for {call.workflow_name}, which has ended."
        yield Finding("wait_for_ended_run", message, partial(return_if_ended, call.run_id, call.key))


def _deleted_children(now: datetime) -> Iterator[Finding]:
    for call in WorkflowCall.objects.filter(status=CallStatus.WAITING.value, child__isnull=True):
        message = f"Call {call.pk} of run {call.run_id} waits for a run that does not exist any more."
        yield Finding("wait_for_deleted_run", message, partial(return_lost, call))


def _lapsed_leases(now: datetime) -> Iterator[Finding]:
    for agent in AgentRun.objects.filter(status=AgentStatus.RUNNING.value, lease_until__lte=now - _LATE):
        message = f"The lease of {agent.agent} in run {agent.run_id} has lapsed and nobody took over."
        yield Finding("lapsed_lease", message, partial(bell.ring, [agent.run_id]))


def _unclaimed(now: datetime) -> Iterator[Finding]:
    for run in WorkflowRun.objects.filter(status=RunStatus.QUEUED.value, created_at__lte=now - _LATE):
        yield Finding(
            "unclaimed_run",
            f"Run {run.pk} is queued since {run.created_at:%H:%M:%S}.",
            partial(bell.ring, [run.pk]),
        )
    ready = AgentRun.objects.filter(status=AgentStatus.READY.value, changed_at__lte=now - _LATE).exclude(
        run__status=RunStatus.PAUSED.value
    )
    for agent in ready:
        message = f"{agent.agent} in run {agent.run_id} is ready since {agent.changed_at:%H:%M:%S}."
        yield Finding("unclaimed_agent", message, partial(bell.ring, [agent.run_id]))


def _overdue(now: datetime) -> Iterator[Finding]:
    late = now - _LATE
    for call in WorkflowCall.objects.filter(status=CallStatus.WAITING.value, until__lte=late):
        yield Finding(
            "overdue_call",
            f"The wait of run {call.run_id} for {call.workflow_name} is overdue.",
            partial(expire_call, call, now),
        )
    for gate in Gate.objects.filter(status=GateStatus.OPEN.value, deadline__lte=late):
        yield Finding(
            "overdue_gate",
            f"The gate {gate.name} of run {gate.run_id} is overdue.",
            partial(expire_gate, gate),
        )
    for agent in AgentRun.objects.filter(status=AgentStatus.RETRYING.value, retry_at__lte=late):
        yield Finding(
            "overdue_retry",
            f"The retry of {agent.agent} in run {agent.run_id} is overdue.",
            partial(retry_agent, agent),
        )


def _orphans(now: datetime) -> Iterator[Finding]:
    """Open parts of runs that have ended, and open runs in which nothing is open."""
    for gate in Gate.objects.filter(status=GateStatus.OPEN.value, run__status__in=_FINAL):
        yield Finding("open_gate_of_ended_run", f"The gate {gate.pk} is open, its run {gate.run_id} has ended.")
    open_agent = Q(
        agent_runs__status__in=[
            AgentStatus.READY.value,
            AgentStatus.RUNNING.value,
            AgentStatus.BLOCKED.value,
            AgentStatus.RETRYING.value,
        ]
    )
    open_part = Q(gates__status=GateStatus.OPEN.value) | Q(calls__status=CallStatus.WAITING.value) | open_agent
    moving = WorkflowRun.objects.filter(status__in=[RunStatus.RUNNING.value, RunStatus.WAITING.value])
    for run in moving.exclude(pk__in=moving.filter(open_part).values("pk")):
        yield Finding("stuck_run", f"Run {run.pk} is {run.status} and nothing in it is open.")


def _cascades(now: datetime) -> Iterator[Finding]:
    for call in WorkflowCall.objects.filter(cancel_child=True, resolved_at__lte=now - _LATE):
        message = f"The child of call {call.pk} was to be cancelled with its parent and has not been."
        yield Finding("undelivered_cancel", message, partial(cancel_marked_child, call))


def _gaps(now: datetime) -> Iterator[Finding]:
    counted = Event.objects.values("run_id").annotate(last=Max("seq"), count=Count("seq")).exclude(last=F("count"))
    for row in counted:
        yield Finding(
            "event_gap", f"The log of run {row['run_id']} has {row['count']} events and ends at {row['last']}."
        )
