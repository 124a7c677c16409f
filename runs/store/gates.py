"""Gates and questions as rows: opened, answered in part, reminded of, closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from builder.spec import ApprovalHook
from projects import gathering, rows
from runs.engine.decision import ClosedGate, Decision, GateChange, NewGate, NewQuestion
from runs.engine.status import GateStatus
from runs.ids import agent_run_id, gate_id, stage_run_id
from runs.models import Gate, StageRun
from runs.store.work import Work


def save_gates(work: Work, decisions: Sequence[Decision], now: datetime) -> None:
    """Write what decisions did to gates and questions, one after the other; no statement where they did nothing."""
    is_new = False
    for decision in decisions:
        if is_new and (decision.heard or decision.closed):
            gathering.flush()  # a gate that is answered in the transaction that opened it has to be there
        _save(work, decision, now)
        is_new = is_new or bool(decision.opened or decision.asked)


def _save(work: Work, decision: Decision, now: datetime) -> None:
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
    new = {
        **_new_row(work, gate.key, gate.entry, stage.name, now),
        "name": hook.name or stage.name,
        "message": gate.message,
        "options": [{"label": label, "outcome": outcome} for label, outcome in hook.options.items()],
        "deadline": _later(now, gate.deadline),
        "approvers": list(hook.approvers),
        "quorum": hook.quorum,
        "starter_may_answer": hook.starter_may_answer,
        "remind_at": _later(now, gate.reminder),
    }
    rows.insert(Gate, [new])


def _ask(work: Work, question: NewQuestion, now: datetime) -> None:
    stage = work.frozen.workflow.stages[_position_of(work, question.entry)]
    new = {
        **_new_row(work, question.key, question.entry, stage.name, now),
        "agent_run_id": agent_run_id(work.row.id, question.agent_key),
        "name": question.agent,
        "message": question.asked.message,
        "options": [{"label": label, "outcome": None} for label in question.asked.options],
        "deadline": _later(now, question.asked.timeout),
    }
    rows.insert(Gate, [new])


def _new_row(work: Work, key: str, entry: int, stage: str, now: datetime) -> dict[str, Any]:
    """What all of them have, and every field that may be left as it is in a new one."""
    return {
        "id": gate_id(work.row.id, key),
        "run_id": work.row.id,
        "stage_run_id": stage_run_id(work.row.id, entry),
        "agent_run_id": None,
        "key": key,
        "stage": stage,
        "status": GateStatus.OPEN.value,
        "opened_at": now,
        "approvers": [],
        "quorum": 1,
        "starter_may_answer": True,
        "answers": [],
        "remind_at": None,
        "reminded": 0,
        "answer": None,
        "answered_by_id": None,
        "closed_at": None,
    }


def _later(now: datetime, seconds: float | None) -> datetime | None:
    return now + timedelta(seconds=seconds) if seconds else None


def _hear(work: Work, change: GateChange) -> None:
    values: dict[str, Any] = {"answers": [voice.to_json() for voice in change.voices], "reminded": change.reminded}
    values["remind_at"] = None if change.reminder is None else F("opened_at") + timedelta(seconds=change.reminder)
    Gate.objects.filter(pk=gate_id(work.row.id, change.key)).update(**values)


def _close(work: Work, change: ClosedGate, now: datetime) -> None:
    values = {
        "status": change.status.value,
        "answer": change.answer,
        "answers": [voice.to_json() for voice in change.voices],
        "answered_by_id": work.answerer if change.status is GateStatus.ANSWERED else None,
        "closed_at": now,
        "remind_at": None,
    }
    rows.change(Gate, {"id": gate_id(work.row.id, change.key), "status": GateStatus.OPEN.value}, values)


def _position_of(work: Work, entry: int) -> int:
    if entry == work.state.entry:
        return work.state.stage
    gathering.flush()
    return StageRun.objects.values_list("position", flat=True).get(pk=stage_run_id(work.row.id, entry))
