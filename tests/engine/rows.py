"""The rows that the store would keep for a run, with a check of every move against the tables of statuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from runs.engine import facts
from runs.engine.decision import Decision, StageChange
from runs.engine.draft import Definition
from runs.engine.state import AgentState, RunState, StoredRun, load_state, position_to_json, values_to_json
from runs.engine.status import (
    AGENT_MOVES,
    CALL_MOVES,
    GATE_MOVES,
    RUN_MOVES,
    STAGE_MOVES,
    AgentStatus,
    CallStatus,
    GateStatus,
    RunStatus,
    StageStatus,
)
from tests.engine.story import Story

Json = Any
S = TypeVar("S", bound=StrEnum)
_AT_WORK = (AgentStatus.READY, AgentStatus.RUNNING)


def stored(state: RunState) -> StoredRun:
    """The columns of the run's row, after a trip through JSON text."""
    columns = {
        "input": state.input,
        "status": state.status.value,
        "position": position_to_json(state),
        "values": values_to_json(state.values),
        "warnings": [asdict(warning) for warning in state.warnings],
        "result": asdict(state.result) if state.result else None,
        "error": asdict(state.error) if state.error else None,
    }
    return StoredRun(**json.loads(json.dumps(columns, allow_nan=False)))


def _move(moves: Mapping[S, frozenset[S]], before: S, after: S, what: str) -> None:
    assert after is before or after in moves[before], f"{what} may not go from {before} to {after}"


@dataclass(slots=True)
class Rows:
    """The parts of one run, by their keys."""

    status: RunStatus = RunStatus.QUEUED
    stages: dict[int, StageChange] = field(default_factory=dict)
    agents: dict[str, AgentState] = field(default_factory=dict)
    calls: dict[str, CallStatus] = field(default_factory=dict)
    gates: dict[str, GateStatus] = field(default_factory=dict)
    story: Story = field(default_factory=Story)
    overrides: int = 0  # warnings that a person's choice went past the loop guard

    def save(self, fact: facts.Fact, decision: Decision) -> None:
        """Write what a fact decided, as the store would."""
        _move(RUN_MOVES, self.status, decision.state.status, "the run")
        self.status = decision.state.status
        for stage in decision.stages:
            self._save_stage(stage)
        for agent in decision.agents:
            self._save_agent(agent.state, began=agent.began)
        for gate in decision.opened:
            assert gate.key not in self.gates, f"the gate {gate.key} opened twice"
            self.gates[gate.key] = GateStatus.OPEN
        for question in decision.asked:
            assert question.key not in self.gates, f"the question {question.key} was asked twice"
            self.gates[question.key] = GateStatus.OPEN
        for change in decision.heard:
            assert self.gates[change.key] is GateStatus.OPEN
        for closed in decision.closed:
            _move(GATE_MOVES, self.gates[closed.key], closed.status, f"the gate {closed.key}")
            self.gates[closed.key] = closed.status
        self._save_calls(fact, decision)
        for event in decision.events:
            self.story.take(event)
            self.overrides += event.data.get("code") == "guard_overridden"

    def _save_stage(self, change: StageChange) -> None:
        before = self.stages.get(change.entry)
        assert change.began is (before is None)
        if before is not None:
            _move(STAGE_MOVES, before.status, change.status, f"the stage {change.name}")
        self.stages[change.entry] = change

    def _save_agent(self, agent: AgentState, *, began: bool) -> None:
        before = self.agents.get(agent.key)
        assert began is (before is None)
        if before is not None:
            _move(AGENT_MOVES, before.status, agent.status, f"the agent {agent.key}")
            assert agent.epoch >= before.epoch, "an epoch fell"
            assert agent.turn >= before.turn, "a turn was forgotten"
        self.agents[agent.key] = agent

    def _save_calls(self, fact: facts.Fact, decision: Decision) -> None:
        for act in fact.acts if isinstance(fact, facts.TurnTaken) else ():
            if isinstance(act, facts.Trigger) and act.call in decision.accepted:
                self.open_call(act.call, CallStatus.WAITING if act.waits else CallStatus.STARTED)
        if isinstance(fact, facts.CallReturned):
            self.move_call(fact.call, CallStatus(fact.envelope["status"]))
        for key in decision.given_up:
            if self.calls[key] is CallStatus.WAITING:
                self.move_call(key, CallStatus.CANCELLED)

    def open_call(self, key: str, status: CallStatus) -> None:
        """Write a new call."""
        assert key not in self.calls, f"the call {key} was made twice"
        self.calls[key] = status

    def move_call(self, key: str, status: CallStatus) -> None:
        """Write how a call ended."""
        _move(CALL_MOVES, self.calls[key], status, f"the call {key}")
        assert self.calls[key] is not status, f"the call {key} ended twice"
        self.calls[key] = status


def check(definition: Definition, state: RunState, rows: Rows) -> None:
    """Everything that holds for a run whenever no transaction is under way."""
    assert load_state(stored(state)) == state
    _rows_agree(state, rows)
    _log_agrees(rows)
    _status_is_right(state)
    if state.over:
        _nothing_is_open(rows)
    excess = 0
    for index, visits in state.visits.items():
        excess += max(0, visits - definition.workflow.stages[int(index)].max_visits)
    assert excess <= rows.overrides, "the loop guard let a visit through that no person chose"


def _rows_agree(state: RunState, rows: Rows) -> None:
    assert rows.status is state.status
    for agent in state.agents:
        assert rows.agents[agent.key] == agent
    gates = [key for key, status in rows.gates.items() if status is GateStatus.OPEN]
    asked = [question.key for agent in state.agents for question in agent.questions]
    assert set(gates) == {*([state.gate.key] if state.gate else []), *asked}
    waiting = {key for key, status in rows.calls.items() if status is CallStatus.WAITING}
    awaited = {call for agent in state.agents for call in agent.open_calls}
    assert waiting == awaited | ({state.call.key} if state.call else set())
    live = [entry for entry, stage in rows.stages.items() if stage.status is StageStatus.RUNNING]
    assert live in ([], [state.entry])
    old = [agent for key, agent in rows.agents.items() if not key.startswith(f"{state.entry}/")]
    assert all(agent.over for agent in old), "an agent of a visit that is over is still at work"


def _log_agrees(rows: Rows) -> None:
    story = rows.story
    assert story.status == rows.status.value
    told = [(visit.name, visit.visit, visit.status, visit.outcome) for visit in story.visits]
    kept = [(stage.name, stage.visit, stage.status.value, stage.outcome) for _, stage in sorted(rows.stages.items())]
    assert told == kept
    begun = {key: agent.status for key, agent in rows.agents.items() if agent.epoch}
    assert story.agents == {key: "at work" if status in _AT_WORK else status.value for key, status in begun.items()}


def _status_is_right(state: RunState) -> None:
    work = any(agent.status in _AT_WORK for agent in state.agents) or bool(state.call and state.call.pending)
    waits: list[Callable[[AgentState], bool]] = [
        lambda agent: agent.status is AgentStatus.BLOCKED and bool(agent.open_calls or agent.questions),
        lambda agent: agent.status is AgentStatus.RETRYING and agent.retry_at is not None,
    ]
    wait = bool(state.gate or state.call or any(waits_on(agent) for waits_on in waits for agent in state.agents))
    match state.status:
        case RunStatus.QUEUED:
            assert state.entry == 0
        case RunStatus.RUNNING:
            assert work
        case RunStatus.WAITING:
            assert wait and not work
        case RunStatus.PAUSED:
            assert state.paused
        case _:
            assert state.over and state.phase == "over" and not state.paused


def _nothing_is_open(rows: Rows) -> None:
    assert rows.story.ended == 1
    assert all(agent.over for agent in rows.agents.values())
    assert GateStatus.OPEN not in rows.gates.values()
    assert CallStatus.WAITING not in rows.calls.values()
    assert all(stage.status is not StageStatus.RUNNING for stage in rows.stages.values())
