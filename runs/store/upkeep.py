"""Leases, signs of life, later starts and old runs: what workers, the scheduler and the prune command write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from builder.models import WorkflowVersion
from runs.engine.status import FINAL_RUN, AgentStatus
from runs.ids import agent_run_id
from runs.models import (
    AgentRun,
    Heartbeat,
    ScheduledStart,
    WorkflowRun,
)


def renew_leases(owner: str, held: Sequence[UUID], until: datetime) -> set[UUID]:
    """Extend the leases that an owner still holds; returns those that it has lost."""
    ours = AgentRun.objects.filter(pk__in=held, lease_owner=owner, status=AgentStatus.RUNNING.value)
    if ours.update(lease_until=until) == len(held):
        return set()
    return set(held) - set(ours.values_list("pk", flat=True))


def expire_leases_of(owners: Sequence[str], now: datetime) -> int:
    """Let the leases of processes that are known to be dead lapse at once."""
    return AgentRun.objects.filter(
        lease_owner__in=owners, status=AgentStatus.RUNNING.value, lease_until__gt=now
    ).update(lease_until=now)


def count_lost_claim(run_id: UUID, key: str) -> int:
    """Count a claim that was lost with its worker since the last stored turn; returns the count."""
    row = AgentRun.objects.filter(pk=agent_run_id(run_id, key))
    row.update(lost_claims=F("lost_claims") + 1)
    return row.values_list("lost_claims", flat=True).get()


def mark_rung(run_ids: Sequence[UUID], now: datetime) -> None:
    """Remember when the scheduler last rang for these runs."""
    WorkflowRun.objects.filter(pk__in=run_ids).update(rung_at=now)


def beat(name: str, role: str, now: datetime) -> None:
    """Say that a worker or scheduler process is alive."""
    Heartbeat.objects.update_or_create(name=name, defaults={"role": role, "at": now})


def forget_beats(before: datetime) -> None:
    """Drop the signs of life of processes that have been silent for long."""
    Heartbeat.objects.filter(at__lt=before).delete()


def schedule_start(row: ScheduledStart) -> None:
    """Write a later start, once: the id derives from the tool call."""
    ScheduledStart.objects.bulk_create([row], ignore_conflicts=True)


def cancel_scheduled(run_id: UUID, scheduled: UUID) -> bool:
    """Cancel a start that is still pending and was scheduled by this run."""
    return ScheduledStart.objects.filter(pk=scheduled, run_id=run_id, status="pending").update(status="cancelled") == 1


def settle_scheduled(scheduled: UUID, *, child: UUID | None, error: str | None) -> None:
    """Record what became of a start that was due."""
    ScheduledStart.objects.filter(pk=scheduled).update(
        status="started" if child else "refused", child_id=child, error=error
    )


def delete_finished(before: datetime, project_id: int | None = None) -> int:
    """Delete finished runs that ended before a time; children whose parents stay lose nothing but their own rows."""
    old = WorkflowRun.objects.filter(finished_at__lt=before)
    if project_id is not None:
        old = old.filter(project_id=project_id)
    open_parent = Q(parent__isnull=False) & ~Q(parent__status__in=[status.value for status in FINAL_RUN])
    doomed = list(old.exclude(open_parent).values_list("pk", flat=True))
    for start in range(0, len(doomed), 500):
        WorkflowRun.objects.filter(pk__in=doomed[start : start + 500]).delete()
    # Stand-ins of dry runs, and what is left of deleted workflows.
    unused = WorkflowVersion.objects.filter(workflow=None, runs=None, created_at__lt=before)
    (unused if project_id is None else unused.filter(project_id=project_id)).delete()
    return len(doomed)
