"""Calls that come back, are given up, or come too late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from projects import gathering, rows
from runs.engine.results import envelope
from runs.engine.status import CallStatus
from runs.models import WorkflowCall

Json = Any


def give_up_calls(run_id: UUID, keys: Sequence[str], now: datetime) -> None:
    """Nobody waits for these any more; whether their children are cancelled is marked by `mark_cascade`."""
    back = envelope(CallStatus.CANCELLED.value, error="The caller stopped waiting.")
    WorkflowCall.objects.filter(run_id=run_id, key__in=keys, status=CallStatus.WAITING.value).update(
        status=CallStatus.CANCELLED.value, envelope=back, resolved_at=now
    )


def mark_cascade(run_id: UUID, keys: Sequence[str]) -> None:
    """The children of these calls are to be cancelled; kept in rows so that a crash cannot forget it.

    A run that was only waited for, and that others started, is nobody's child here.
    """
    WorkflowCall.objects.filter(run_id=run_id, key__in=keys, child__parent_id=run_id).update(cancel_child=True)


def clear_cascade(call: UUID) -> None:
    """The child of this call has been cancelled, or had ended by itself."""
    WorkflowCall.objects.filter(pk=call).update(cancel_child=False)


def waiting_callers(child_id: UUID) -> list[WorkflowCall]:
    """The calls on a run that has ended: those that wait for it, and those that stopped waiting."""
    statuses = [CallStatus.WAITING.value, CallStatus.TIMED_OUT.value, CallStatus.CANCELLED.value]
    waiting = "child_id = %s AND status IN (%s, %s, %s) AND late_envelope IS NULL ORDER BY run_id, since"
    return rows.select(WorkflowCall, waiting, [child_id, *statuses])


def resolve_call(call: WorkflowCall, status: CallStatus, back: dict[str, Json], now: datetime) -> bool:
    """End a wait. False when something else has ended it before; `ahead` of the transaction that shows later."""
    values = {"status": status.value, "envelope": back, "resolved_at": now}
    known = {"status": CallStatus.WAITING.value}
    if gathering.is_ahead():
        rows.change_known(WorkflowCall, {"id": call.pk}, known, values)
        return True
    return rows.update(WorkflowCall, {"id": call.pk, **known}, values) == 1


def keep_late(call: WorkflowCall, back: dict[str, Json]) -> bool:
    """Keep on the call what came after its wait had ended. False when it is kept already."""
    return WorkflowCall.objects.filter(pk=call.pk, late_envelope__isnull=True).update(late_envelope=back) == 1
