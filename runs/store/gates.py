"""Gates and questions as rows: opened, answered in part, reminded of, closed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from builder.spec import ApprovalHook
from runs import rows
from runs.engine.decision import ClosedGate, Decision, GateChange, NewGate, NewQuestion
from runs.engine.status import GateStatus
from runs.ids import agent_run_id, gate_id, stage_run_id
from runs.models import Gate, StageRun
from runs.store.work import Work


def save_gates(work: Work, decision: Decision, now: datetime) -> None:
    """Write what a decision did to gates and questions; no statement where it did nothing."""
    for gate in decision.opened:
        _open(work, gate, now)
    for question in decision.asked:
        _ask(work, question, now)
    for change in decision.heard:
        _hear(work, change)
    for closed in decision.closed:
        _close(work, closed, now)


def _open(work: Work, gate: NewGate, now: datetime) -> None:
    stage = work.frozen.workflow.stages[_position_of(work, gate.entry)]
    hook = (stage.entry_hooks if gate.edge == "entry" else stage.exit_hooks)[gate.index]
    if not isinstance(hook, ApprovalHook):
        raise TypeError(f"expected an approval hook at {gate.key}, got {hook.kind}")
    Gate.objects.create(
        id=gate_id(work.row.id, gate.key),
        run_id=work.row.id,
        stage_run_id=stage_run_id(work.row.id, gate.entry),
        key=gate.key,
        stage=stage.name,
        name=hook.name or stage.name,
        message=gate.message,
        options=[{"label": label, "outcome": outcome} for label, outcome in hook.options.items()],
        status=GateStatus.OPEN.value,
        opened_at=now,
        deadline=_later(now, gate.deadline),
        approvers=list(hook.approvers),
        quorum=hook.quorum,
        starter_may_answer=hook.starter_may_answer,
        remind_at=_later(now, gate.reminder),
    )


def _ask(work: Work, question: NewQuestion, now: datetime) -> None:
    # The agent's row is there: an agent asks after it began, and its first turn may be in this very transaction.
    rows.flush()
    Gate.objects.create(
        id=gate_id(work.row.id, question.key),
        run_id=work.row.id,
        stage_run_id=stage_run_id(work.row.id, question.entry),
        agent_run_id=agent_run_id(work.row.id, question.agent_key),
        key=question.key,
        stage=work.frozen.workflow.stages[_position_of(work, question.entry)].name,
        name=question.agent,
        message=question.asked.message,
        options=[{"label": label, "outcome": None} for label in question.asked.options],
        status=GateStatus.OPEN.value,
        opened_at=now,
        deadline=_later(now, question.asked.timeout),
    )


def _later(now: datetime, seconds: float | None) -> datetime | None:
    return now + timedelta(seconds=seconds) if seconds else None


def _hear(work: Work, change: GateChange) -> None:
    values: dict[str, Any] = {"answers": [voice.to_json() for voice in change.voices], "reminded": change.reminded}
    values["remind_at"] = None if change.reminder is None else F("opened_at") + timedelta(seconds=change.reminder)
    Gate.objects.filter(pk=gate_id(work.row.id, change.key)).update(**values)


def _close(work: Work, change: ClosedGate, now: datetime) -> None:
    Gate.objects.filter(pk=gate_id(work.row.id, change.key), status=GateStatus.OPEN.value).update(
        status=change.status.value,
        answer=change.answer,
        answers=[voice.to_json() for voice in change.voices],
        closed_at=now,
        remind_at=None,
    )


def _position_of(work: Work, entry: int) -> int:
    if entry == work.state.entry:
        return work.state.stage
    rows.flush()
    return StageRun.objects.values_list("position", flat=True).get(pk=stage_run_id(work.row.id, entry))
