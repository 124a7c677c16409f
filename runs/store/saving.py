"""Writing what was decided: the run's row, its parts, and its events, in the transaction that decided it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from projects import gathering, rows
from runs.engine.decision import AgentChange, Decision, NewEvent, StageChange
from runs.engine.state import position_to_json, values_to_json
from runs.engine.status import FINAL_AGENT, FINAL_RUN, AgentStatus, StageStatus
from runs.ids import agent_run_id, stage_run_id
from runs.models import (
    AgentRun,
    AgentTurn,
    StageRun,
    WorkflowRun,
)
from runs.store.calls import give_up_calls
from runs.store.creating import accepted, run_fields
from runs.store.events import append_events
from runs.store.gates import save_gates
from runs.store.routes import note_routes
from runs.store.work import TurnRecord, Work

Json = Any
Row = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds the agents that a decision claims, and until when."""

    owner: str
    until: datetime


def save(work: Work, now: datetime, lease: Lease | None = None) -> None:
    """Write everything that was decided for a locked or a new run: its row, its parts, and its events."""
    decisions, work.decisions = work.decisions, []
    if not decisions and work.start is None:
        return
    _save_stages(
        work, _last_by(decisions, lambda decision: decision.stages, lambda stage: stage.entry, _join_stage), now
    )
    _save_agents(
        work,
        _last_by(decisions, lambda decision: decision.agents, lambda agent: agent.state.key, _join_agent),
        now,
        lease,
    )
    save_gates(work, decisions, now)
    if work.turn is not None:
        _save_turn(work.row.id, work.turn)
    note_routes(work, decisions, now)
    given_up = [key for decision in decisions for key in decision.given_up]
    if given_up:
        give_up_calls(work.row.id, given_up, now)
    first = [] if work.start is None else [accepted(work.start)]
    _save_row(work, first + [event for decision in decisions for event in decision.events], now)
    work.turn = None


_COUNTERS = ("input_tokens", "output_tokens", "requests", "cost")


def _save_turn(run_id: UUID, turn: TurnRecord) -> None:
    rows.insert(
        AgentTurn,
        [
            {
                "agent_run_id": agent_run_id(run_id, turn.agent_key),
                "number": turn.number,
                "model": turn.model,
                "request": turn.request,
                "response": turn.response,
                "tools": turn.tools,
                "usage": turn.usage,
                "reasoning": turn.reasoning,
                "at": turn.at,
                "seconds": turn.seconds,
            }
        ],
    )


def save_tool_results(run_id: UUID, agent_key: str, number: int, results: dict[int, Json]) -> None:
    """Store what the tools of a turn returned that ran after the answer was stored."""
    turn = AgentTurn.objects.get(agent_run_id=agent_run_id(run_id, agent_key), number=number)
    for tool in turn.tools:
        if tool["index"] in results:
            tool["result"] = results[tool["index"]]
    turn.save(update_fields=["tools"])


def _last_by(
    decisions: Iterable[Decision],
    pick: Callable[[Decision], Sequence[T]],
    key: Callable[[T], Any],
    join: Callable[[T, T], T],
) -> list[T]:
    """The changes of several decisions, the last of each object, remembering whether it began among them."""
    merged: dict[Any, T] = {}
    for decision in decisions:
        for change in pick(decision):
            before = merged.get(key(change))
            merged[key(change)] = change if before is None else join(before, change)
    return list(merged.values())


def _join_stage(before: StageChange, after: StageChange) -> StageChange:
    return replace(after, began=before.began or after.began)


def _join_agent(before: AgentChange, after: AgentChange) -> AgentChange:
    return replace(after, began=before.began or after.began, failed=after.failed or before.failed)


def _save_stages(work: Work, changes: Sequence[StageChange], now: datetime) -> None:
    rows.insert(StageRun, [_stage_row(work, change, now) for change in changes if change.began])
    for change in changes:
        if not change.began:
            finished = now if change.status is not StageStatus.RUNNING else None
            values = {
                "status": change.status.value,
                "outcome": change.outcome,
                "decided_by": change.decided_by,
                "finished_at": finished,
            }
            rows.change(StageRun, {"id": stage_run_id(work.row.id, change.entry)}, values)


def _stage_row(work: Work, change: StageChange, now: datetime) -> Row:
    return {
        "id": stage_run_id(work.row.id, change.entry),
        "run_id": work.row.id,
        "entry": change.entry,
        "position": change.position,
        "name": change.name,
        "visit": change.visit,
        "status": change.status.value,
        "outcome": change.outcome,
        "decided_by": change.decided_by,
        "started_at": now,
        "finished_at": now if change.status is not StageStatus.RUNNING else None,
    }


def _agent_fields(change: AgentChange, now: datetime, lease: Lease | None) -> dict[str, Any]:
    state = change.state
    running = state.status is AgentStatus.RUNNING
    fields: dict[str, Any] = {
        "status": state.status.value,
        "turns": state.turn,
        "text": state.text,
        "error": change.failed,
        "retry_at": state.retry_at,
        "lease_epoch": state.epoch,
        "changed_at": now,
    }
    if running and lease is not None:
        fields.update(lease_owner=lease.owner, lease_until=lease.until)
    elif not running:
        fields.update(lease_owner="", lease_until=None)
    if state.status in FINAL_AGENT:
        fields["finished_at"] = now
    return fields


def _save_agents(work: Work, changes: Sequence[AgentChange], now: datetime, lease: Lease | None) -> None:
    run_id = work.row.id
    new = []
    for change in changes:
        state = change.state
        fields = _agent_fields(change, now, lease)
        if work.turn is not None and work.turn.agent_key == state.key:
            fields["lost_claims"] = 0  # it made progress: what was lost before is no poison
        if not change.began:
            rows.change(AgentRun, {"id": agent_run_id(run_id, state.key)}, fields)
            continue
        assignment = work.frozen.workflow.stages[_stage_of(work, change)].assignments[state.position]
        new.append(
            {
                "id": agent_run_id(run_id, state.key),
                "run_id": run_id,
                "stage_run_id": stage_run_id(run_id, change.entry),
                "key": state.key,
                "position": state.position,
                "agent": assignment.agent,
                "started_at": now,
                "lost_claims": 0,
                "lease_owner": "",
                "lease_until": None,
                "finished_at": None,
                **fields,
            }
        )
    rows.insert(AgentRun, new)


def _stage_of(work: Work, change: AgentChange) -> int:
    """Index of the stage that an agent change belongs to: agents begin in the visit that is current then."""
    if change.entry == work.state.entry:
        return work.state.stage
    gathering.flush()
    return StageRun.objects.values_list("position", flat=True).get(pk=stage_run_id(work.row.id, change.entry))


def _save_row(work: Work, events: Sequence[NewEvent], now: datetime) -> None:
    row, state = work.row, work.state
    changed: dict[str, Any] = {"position": position_to_json(state), "seq": row.seq + len(events)}
    if row.status != state.status.value:
        changed["status"] = state.status.value
        if state.status in FINAL_RUN:
            changed["finished_at"] = now
    if row.started_at is None and state.entry:
        changed["started_at"] = now
    values = values_to_json(state.values)
    if values != row.values:
        changed["values"] = values
    if len(state.warnings) != len(row.warnings):
        changed["warnings"] = [asdict(warning) for warning in state.warnings]
    if state.result is not None and row.result is None:
        changed["result"] = asdict(state.result)
    if state.error is not None and row.error is None:
        changed["error"] = asdict(state.error)
    _write_row(work, changed)
    append_events(row, events, now)
    for name, value in changed.items():
        setattr(row, name, value)


def _write_row(work: Work, changed: Row) -> None:
    """Change the row of a run, or insert a new run's as it stands after its first decisions."""
    if work.start is None:
        usage = work.turn.usage if work.turn is not None else {}
        counted = {name: usage[name] for name in _COUNTERS if usage.get(name)}
        known = {"seq": work.row.seq, "position": work.row.position}  # a decision changes one of them
        rows.change_known(WorkflowRun, {"id": work.row.pk}, known, changed, add=counted)
        return
    fields = {**run_fields(work.row), **changed}
    if work.number is None:
        rows.insert(WorkflowRun, [fields])
    else:
        del fields["number"]
        rows.insert_counted(WorkflowRun, fields, "number", work.number)
    work.start = work.number = None
