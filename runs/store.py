"""The only place that writes rows of runs: load with a lock, save what was decided in one transaction."""

from __future__ import annotations

import fcntl
import os
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import OperationalError, connection, transaction
from django.db.models import F, Q

from builder.publish import frozen
from builder.spec import ApprovalHook, FrozenVersion
from runs import rows
from runs.engine import facts, machine
from runs.engine.decision import AgentChange, ClosedGate, Decision, NewEvent, NewGate, StageChange
from runs.engine.draft import Definition
from runs.engine.results import envelope
from runs.engine.state import RunState, StoredRun, load_state, position_to_json, values_to_json
from runs.engine.status import FINAL_AGENT, FINAL_RUN, AgentStatus, CallStatus, GateStatus, StageStatus
from runs.ids import agent_run_id, call_id, child_run_id, gate_id, stage_run_id
from runs.models import (
    AgentRun,
    AgentTurn,
    Event,
    Gate,
    Heartbeat,
    RunCounter,
    ScheduledStart,
    StageRun,
    WorkflowCall,
    WorkflowRun,
)
from runs.schemas import result_problem

Json = Any
Row = dict[str, Any]
T = TypeVar("T")

_TRIES = 6


class _OneWriter:
    """SQLite has one writer. Whoever wants to write queues here, threads and processes alike, and is woken when it is
    their turn; the busy handler below would sleep and guess."""

    def __init__(self) -> None:
        self._threads = threading.Lock()
        self._file: int | None = None
        self._owner = 0

    def __enter__(self) -> None:
        self._threads.acquire()
        if self._owner != os.getpid():
            path = f"{connection.settings_dict['NAME']}.writer"
            self._file, self._owner = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), os.getpid()
        fcntl.flock(self._file or 0, fcntl.LOCK_EX)

    def __exit__(self, *raised: object) -> None:
        fcntl.flock(self._file or 0, fcntl.LOCK_UN)
        self._threads.release()


_ONE_WRITER = _OneWriter()
_FREE: AbstractContextManager[object] = nullcontext()


def _turn() -> AbstractContextManager[object]:
    alone = connection.vendor == "sqlite" and not connection.in_atomic_block
    return _ONE_WRITER if alone else _FREE


def in_transaction(work: Callable[[], T]) -> T:
    """Run `work` in one transaction; a few times more, with growing pauses, after a lock or a deadlock."""
    for attempt in range(_TRIES):
        try:
            with _turn(), transaction.atomic():
                return work()
        except OperationalError:
            if attempt == _TRIES - 1 or connection.in_atomic_block:
                raise
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)  # noqa: S311 - spreading retries is not cryptography
    raise AssertionError("unreachable")


# Reading


@lru_cache(maxsize=512)
def _definition(version_id: int) -> Definition:
    return Definition(frozen(version_id), lambda value: result_problem(version_id, value))


@dataclass(slots=True)
class TurnRecord:
    """One model answer to store: `tools` gets its results from the engine's replies before it is written."""

    agent_key: str
    number: int
    model: str
    request: Json
    response: Json
    tools: list[dict[str, Json]]
    usage: dict[str, Json]
    reasoning: str
    at: datetime
    seconds: float


@dataclass(slots=True)
class Work:
    """A locked run in the hands of one transaction: its row, its state, and the decisions not written yet."""

    row: WorkflowRun
    state: RunState
    decisions: list[Decision] = field(default_factory=list)
    turn: TurnRecord | None = None  # the model answer that this transaction stores
    ready_before: frozenset[str] = frozenset()  # agents that were ready when the run was locked

    @property
    def frozen(self) -> FrozenVersion:
        """The definition that the run executes, with its agents."""
        return frozen(self.row.version_id)

    def decide(self, fact: facts.Fact, now: datetime) -> Decision:
        """Let the engine decide; what it decided is written by `save`."""
        decision = machine.decide(_definition(self.row.version_id), self.state, fact, now)
        if not decision.ignored:
            self.decisions.append(decision)
            self.state = decision.state
        return decision


def lock(run_id: UUID) -> Work | None:
    """Load a run for a change, holding its row until the transaction ends. None when there is no such run."""
    row = rows.fetch(WorkflowRun, run_id, lock=True)
    if row is None:
        return None
    state = state_of(row)
    ready = frozenset(agent.key for agent in state.agents if agent.status is AgentStatus.READY)
    return Work(row, state, ready_before=ready)


def state_of(row: WorkflowRun) -> RunState:
    """The engine's state as the row holds it."""
    return load_state(StoredRun(row.input, row.status, row.position, row.values, row.warnings, row.result, row.error))


# Creating


@dataclass(frozen=True, slots=True)
class NewRun:
    """Everything that a start decides before a row exists."""

    project_id: int
    workflow_id: int
    workflow_name: str
    version_id: int
    version_number: int
    input: Json
    origin: str
    starter_id: int | None = None
    key: str | None = None
    metadata: dict[str, Json] = field(default_factory=dict)
    parent_id: UUID | None = None
    depth: int = 0
    lineage: tuple[tuple[int, str], ...] = ()  # of the run that asks, root first; empty for a root
    id: UUID | None = None


def next_number(project_id: int, count: int = 1) -> int:
    """Take `count` run numbers of a project; returns the first."""
    last = rows.next_value(RunCounter, project_id, "last", count)
    if last is None:
        RunCounter.objects.bulk_create([RunCounter(project_id=project_id, last=0)], ignore_conflicts=True)
        last = rows.next_value(RunCounter, project_id, "last", count) or count
    return last - count + 1


def insert_runs(new: Sequence[NewRun], now: datetime) -> list[WorkflowRun]:
    """Insert queued runs of one project, each with the first event of its log."""
    number = next_number(new[0].project_id, len(new))
    made = [_new_row(run, number + offset, now) for offset, run in enumerate(new)]
    rows.insert(WorkflowRun, [{name: getattr(row, name) for name in _RUN_FIELDS} for row in made])
    rows.insert(Event, [_event(row.pk, 1, now, _accepted(run)) for run, row in zip(new, made, strict=True)])
    return made


_RUN_FIELDS = tuple(field.attname for field in WorkflowRun._meta.concrete_fields)


def _accepted(run: NewRun) -> NewEvent:
    data = {"workflow": run.workflow_name, "version": run.version_number, "input": run.input}
    return NewEvent("run.started", None, None, data)


def _new_row(new: NewRun, number: int, now: datetime) -> WorkflowRun:
    row = WorkflowRun(
        project_id=new.project_id,
        number=number,
        workflow_id=new.workflow_id,
        workflow_name=new.workflow_name,
        version_id=new.version_id,
        origin=new.origin,
        starter_id=new.starter_id,
        key=new.key,
        input=new.input,
        metadata=new.metadata,
        depth=new.depth,
        parent_id=new.parent_id,
        lineage=[*(list(step) for step in new.lineage), [new.workflow_id, new.workflow_name]],
        seq=1,
        created_at=now,
    )
    if new.id is not None:
        row.id = new.id
    return row


@dataclass(frozen=True, slots=True)
class NewCall:
    """A workflow call to write, with the child it starts (None: it waits for, or was refused, an existing one)."""

    key: str
    workflow_name: str
    status: CallStatus
    agent_key: str | None = None
    tool_call_id: str = ""
    child: NewRun | None = None
    child_id: UUID | None = None
    timeout: float | None = None  # seconds
    envelope: dict[str, Json] | None = None
    caller_key: str | None = None


def insert_calls(work: Work, calls: Sequence[NewCall], now: datetime) -> list[WorkflowRun]:
    """Write calls of a run and the children they start; returns the children."""
    children = (
        insert_runs([call.child for call in calls if call.child is not None], now)
        if any(call.child for call in calls)
        else []
    )
    stage = work.frozen.workflow.stages[work.state.stage].name
    rows.insert(WorkflowCall, [_call_row(work, call, stage, now) for call in calls])
    return children


def _call_row(work: Work, call: NewCall, stage: str, now: datetime) -> Row:
    run_id = work.row.id
    ended = call.status not in (CallStatus.WAITING, CallStatus.STARTED)
    return {
        "id": call_id(run_id, call.key),
        "run_id": run_id,
        "agent_run_id": agent_run_id(run_id, call.agent_key) if call.agent_key else None,
        "key": call.key,
        "tool_call_id": call.tool_call_id,
        "stage": stage,
        "workflow_name": call.workflow_name,
        "child_id": call.child.id if call.child else call.child_id,
        "status": call.status.value,
        "envelope": call.envelope,
        "caller_key": call.caller_key,
        "cancel_child": False,
        "since": now,
        "until": now + timedelta(seconds=call.timeout) if call.timeout else None,
        "resolved_at": now if ended else None,
    }


def child_id_for(run_id: UUID, call_key: str) -> UUID:
    """The id that the child of a call has, whoever creates it."""
    return child_run_id(call_id(run_id, call_key))


# Saving


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds the agents that a decision claims, and until when."""

    owner: str
    until: datetime


def save(work: Work, now: datetime, lease: Lease | None = None) -> None:
    """Write everything that was decided for a locked run: its row, its parts, and its events."""
    decisions, work.decisions = work.decisions, []
    if not decisions:
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
    for decision in decisions:
        _save_gates(work, decision.opened, decision.closed, now)
    if work.turn is not None:
        _save_turn(work.row.id, work.turn)
    given_up = [key for decision in decisions for key in decision.given_up]
    if given_up:
        _give_up_calls(work.row.id, given_up, now)
    _save_row(work, [event for decision in decisions for event in decision.events], now)
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
            rows.update(StageRun, {"id": stage_run_id(work.row.id, change.entry)}, values)


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
            rows.update(AgentRun, {"id": agent_run_id(run_id, state.key)}, fields)
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
    return StageRun.objects.values_list("position", flat=True).get(pk=stage_run_id(work.row.id, change.entry))


def _save_gates(work: Work, opened: Sequence[NewGate], closed: Sequence[ClosedGate], now: datetime) -> None:
    for gate in opened:
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
            deadline=now + timedelta(seconds=gate.deadline) if gate.deadline else None,
        )
    for change in closed:
        Gate.objects.filter(pk=gate_id(work.row.id, change.key), status=GateStatus.OPEN.value).update(
            status=change.status.value, answer=change.answer, closed_at=now
        )


def _position_of(work: Work, entry: int) -> int:
    if entry == work.state.entry:
        return work.state.stage
    return StageRun.objects.values_list("position", flat=True).get(pk=stage_run_id(work.row.id, entry))


def _give_up_calls(run_id: UUID, keys: Sequence[str], now: datetime) -> None:
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
    counted = (
        {name: work.turn.usage[name] for name in _COUNTERS if work.turn.usage.get(name)}
        if work.turn is not None
        else {}
    )
    rows.update(WorkflowRun, {"id": row.pk}, changed, add=counted)
    append_events(row, events, now)
    for name, value in changed.items():
        setattr(row, name, value)


def append_events(row: WorkflowRun, events: Sequence[NewEvent], now: datetime) -> None:
    """Number events after the row's last one and insert them. The caller moves `seq` in the same transaction."""
    first = row.seq + 1
    rows.insert(Event, [_event(row.pk, first + place, now, event) for place, event in enumerate(events)])


def _event(run_id: UUID, seq: int, now: datetime, event: NewEvent) -> Row:
    return {
        "run_id": run_id,
        "seq": seq,
        "at": now,
        "kind": event.kind,
        "stage": event.stage,
        "agent": event.agent,
        "data": event.data,
    }


# Calls that come back


def waiting_callers(child_id: UUID) -> list[WorkflowCall]:
    """The calls on a run that has ended: those that wait for it, and those that stopped waiting."""
    statuses = [CallStatus.WAITING.value, CallStatus.TIMED_OUT.value, CallStatus.CANCELLED.value]
    return list(
        WorkflowCall.objects.filter(child_id=child_id, status__in=statuses, late_envelope__isnull=True).order_by(
            "run_id", "since"
        )
    )


def resolve_call(call: WorkflowCall, status: CallStatus, back: dict[str, Json], now: datetime) -> bool:
    """End a wait. False when something else has ended it before."""
    values = {"status": status.value, "envelope": back, "resolved_at": now}
    return rows.update(WorkflowCall, {"id": call.pk, "status": CallStatus.WAITING.value}, values) == 1


def keep_late(call: WorkflowCall, back: dict[str, Json]) -> bool:
    """Keep on the call what came after its wait had ended. False when it is kept already."""
    return WorkflowCall.objects.filter(pk=call.pk, late_envelope__isnull=True).update(late_envelope=back) == 1


def record_answer(gate: UUID, user_id: int | None) -> None:
    """Link the user account that answered a gate."""
    Gate.objects.filter(pk=gate).update(answered_by_id=user_id)


# Leases


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


# The scheduler's rows


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
    return len(doomed)
