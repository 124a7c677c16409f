"""The small frozen state that the engine decides on, and its JSON form as the run row stores it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from runs.engine.asking import OpenGate, Question, gate_from_json, gate_to_json, questions_from_json, questions_to_json
from runs.engine.beside import Message, Restart, beside_to_json, messages_from_json, restart_from_json
from runs.engine.status import FINAL_AGENT, FINAL_RUN, AgentStatus, RunStatus

Json = Any


class Phase(StrEnum):
    """How far the current stage visit has come."""

    IDLE = "idle"  # no stage entered yet
    ENTRY = "entry"  # entry hooks, in order
    AGENTS = "agents"  # agents at work
    EXIT = "exit"  # exit hooks, in order
    LEAVE = "leave"  # hooks and agents are over: the outcome is decided and routed next
    CALL = "call"  # an outcome led to a workflow; the run waits for it
    NEXT = "next"  # that workflow is back: continue at is followed next
    OVER = "over"  # the run has ended


T = TypeVar("T", "AgentState", "RunState", "Values")


def altered(state: T, **fields: Any) -> T:
    """A quick `dataclasses.replace` for states, of which a run makes many. Raises TypeError for an unknown field."""
    made = object.__new__(type(state))
    vars(made).update(vars(state), **fields)
    if len(vars(made)) != len(vars(state)):
        raise TypeError(f"{type(state).__name__} has no {', '.join(fields.keys() - vars(state).keys())}")
    return made


@dataclass(frozen=True)
class AgentState:
    """One assignment at work in the current stage visit."""

    key: str  # "ENTRY/POSITION", unique in the run; the row's id derives from it
    position: int  # index of the assignment on its stage
    status: AgentStatus = AgentStatus.READY
    epoch: int = 0  # fencing number: raised by each claim, checked by each save
    turn: int = 0  # model answers stored so far
    base: int = 0  # turns before this number belong to the agent that a fallback agent replaced
    stand_in: bool = False  # the assignment's fallback agent has taken over
    spare_model: bool = False  # the fallback model is in use
    attempt: int = 0  # failed tries of the current turn with the current model
    failures: int = 0  # failed tries of the current turn, all models together
    open_calls: tuple[str, ...] = ()  # calls of the last turn that have not come back
    questions: tuple[Question, ...] = ()  # questions of the last turn that nobody has answered
    pending_tools: tuple[int, ...] = ()  # tools of the last turn that a worker still has to run
    workflow_calls: int = 0  # workflows started so far, against the limit
    decision: str | None = None
    wrong_decisions: int = 0
    retry_at: datetime | None = None
    text: str | None = None  # final text, or the error that stands in its place

    @property
    def over(self) -> bool:
        """Whether the agent has ended, one way or another."""
        return self.status in FINAL_AGENT


@dataclass(frozen=True, slots=True)
class RoutedCall:
    """The workflow that an outcome led to."""

    key: str  # "route/ENTRY"
    workflow: str
    continue_at: str
    pending: bool = True  # still to be resolved to a child or a refusal by the shell


@dataclass(frozen=True)
class Values:
    """What the run knows so far and later stages may read."""

    results: dict[str, Json] = field(default_factory=dict)
    hooks: dict[str, Json] = field(default_factory=dict)
    workflows: dict[str, Json] = field(default_factory=dict)
    narrative: str | None = None  # texts of the last stage that produced any


@dataclass(frozen=True, slots=True)
class Warn:
    """Something that people should know although the run goes on."""

    code: str
    message: str
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a completed run returns; `kind` is structured, narrative or notice."""

    kind: str
    value: Json


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run failed."""

    code: str
    message: str
    stage: str | None = None
    agent: str | None = None


@dataclass(frozen=True)
class RunState:
    """Everything a decision depends on, beside the frozen definition."""

    input: Json = ""
    status: RunStatus = RunStatus.QUEUED
    phase: Phase = Phase.IDLE
    paused: bool = False
    entry: int = 0  # how many stage visits have begun; also the number of the current one
    stage: int = -1  # index of the current stage
    visit: int = 0  # which visit to that stage this is, from 1
    visits: dict[str, int] = field(default_factory=dict)  # stage index (as text) -> visits used
    hook: int = 0  # next hook of the current edge
    gate: OpenGate | None = None
    call: RoutedCall | None = None
    target: str | None = None  # where continue at leads, in phase NEXT
    agents: tuple[AgentState, ...] = ()
    gate_outcome: str | None = None  # of the last answered exit gate of this visit
    gate_decided: bool = False
    outcome: str | None = None
    decided_by: str | None = None  # gate, deadline, agent, default, error or none
    values: Values = field(default_factory=Values)
    warnings: tuple[Warn, ...] = ()
    result: Result | None = None
    error: Failure | None = None
    restart: Restart | None = None  # of a re-run that has not reached its first stage
    messages: tuple[Message, ...] = ()  # of people, that not every agent has heard

    @property
    def over(self) -> bool:
        """Whether the run has ended; nothing changes it any more."""
        return self.status in FINAL_RUN

    def agent(self, key: str) -> AgentState | None:
        """The agent of the current visit with that key, if it belongs to it."""
        return next((agent for agent in self.agents if agent.key == key), None)


def _agent_to_json(agent: AgentState) -> list[Json]:
    return [
        agent.key,
        agent.position,
        agent.status.value,
        agent.epoch,
        agent.turn,
        agent.base,
        int(agent.stand_in),
        int(agent.spare_model),
        agent.attempt,
        agent.failures,
        list(agent.open_calls),
        list(agent.pending_tools),
        agent.workflow_calls,
        agent.decision,
        agent.wrong_decisions,
        agent.retry_at.isoformat() if agent.retry_at else None,
        agent.text,
        questions_to_json(agent.questions),
    ]


def _agent_from_json(raw: list[Json]) -> AgentState:
    (
        key,
        position,
        status,
        epoch,
        turn,
        base,
        stand_in,
        spare,
        attempt,
        failures,
        calls,
        tools,
        started,
        decision,
        wrong,
        retry_at,
        text,
        *later,  # what a run that an older version of Baton started does not have
    ) = raw
    return AgentState(
        key=key,
        position=position,
        status=AgentStatus(status),
        epoch=epoch,
        turn=turn,
        base=base,
        stand_in=bool(stand_in),
        spare_model=bool(spare),
        attempt=attempt,
        failures=failures,
        open_calls=tuple(calls),
        pending_tools=tuple(tools),
        workflow_calls=started,
        decision=decision,
        wrong_decisions=wrong,
        retry_at=datetime.fromisoformat(retry_at) if retry_at else None,
        text=text,
        questions=questions_from_json(later[0]) if later else (),
    )


def position_to_json(state: RunState) -> Json:
    """The part of the state that moves with every decision, for the run row's `position` column."""
    call = state.call
    return {
        "phase": state.phase.value,
        "paused": state.paused,
        "entry": state.entry,
        "stage": state.stage,
        "visit": state.visit,
        "visits": state.visits,
        "hook": state.hook,
        "gate": gate_to_json(state.gate),
        "call": [call.key, call.workflow, call.continue_at, call.pending] if call else None,
        "target": state.target,
        "agents": [_agent_to_json(agent) for agent in state.agents],
        "gate_outcome": state.gate_outcome,
        "gate_decided": state.gate_decided,
        "outcome": state.outcome,
        "decided_by": state.decided_by,
        **beside_to_json(state.restart, state.messages),
    }


def values_to_json(values: Values) -> Json:
    """The values as the run row's `values` column stores them."""
    return {
        "results": values.results,
        "hooks": values.hooks,
        "workflows": values.workflows,
        "narrative": values.narrative,
    }


@dataclass(frozen=True, slots=True)
class StoredRun:
    """The columns of a run row that make up its state, as plain JSON."""

    input: Json
    status: str
    position: Json
    values: Json
    warnings: list[dict[str, Json]]
    result: Json
    error: Json


def load_state(stored: StoredRun) -> RunState:
    """Rebuild the state from a run row; the inverse of `position_to_json` and `values_to_json`."""
    fresh = RunState(
        input=stored.input,
        status=RunStatus(stored.status),
        values=Values(**stored.values) if stored.values else Values(),
        warnings=tuple(Warn(**warning) for warning in stored.warnings),
        result=Result(**stored.result) if stored.result else None,
        error=Failure(**stored.error) if stored.error else None,
    )
    raw = stored.position
    if not raw:
        return fresh
    return altered(
        fresh,
        phase=Phase(raw["phase"]),
        paused=raw["paused"],
        entry=raw["entry"],
        stage=raw["stage"],
        visit=raw["visit"],
        visits=raw["visits"],
        hook=raw["hook"],
        gate=gate_from_json(raw["gate"]),
        call=RoutedCall(*raw["call"]) if raw["call"] else None,
        target=raw["target"],
        agents=tuple(_agent_from_json(agent) for agent in raw["agents"]),
        gate_outcome=raw["gate_outcome"],
        gate_decided=raw["gate_decided"],
        outcome=raw["outcome"],
        decided_by=raw["decided_by"],
        restart=restart_from_json(raw.get("restart")),
        messages=messages_from_json(raw.get("messages")),
    )
