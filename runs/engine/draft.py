"""One decision in the making: the state as it changes, and the rows and events that the changes call for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from builder.spec import AssignmentSpec, FrozenVersion, StageSpec, WorkflowSpec
from runs.engine.decision import (
    AgentChange,
    ClosedGate,
    Decision,
    GateChange,
    NewEvent,
    NewGate,
    NewQuestion,
    RouteRequest,
    StageChange,
)
from runs.engine.state import AgentState, Failure, Phase, Result, RunState, Warn, altered
from runs.engine.status import AgentStatus, GateStatus, RunStatus, StageStatus

Json = Any


@dataclass(frozen=True, slots=True)
class Definition:
    """The frozen workflow that a run executes, and the check of its result against the output schema."""

    frozen: FrozenVersion
    check_result: Callable[[Json], str | None]  # None when the result fits

    @property
    def workflow(self) -> WorkflowSpec:
        """The workflow's block."""
        return self.frozen.workflow


@dataclass(slots=True)
class Draft:
    """Collects what one fact changes; handlers call its methods, `finish` makes it a Decision."""

    definition: Definition
    state: RunState
    now: datetime
    events: list[NewEvent] = field(default_factory=list)
    stages: dict[int, StageChange] = field(default_factory=dict)
    agents: dict[str, AgentChange] = field(default_factory=dict)
    opened: list[NewGate] = field(default_factory=list)
    asked: list[NewQuestion] = field(default_factory=list)
    heard: list[GateChange] = field(default_factory=list)
    closed: list[ClosedGate] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    route: RouteRequest | None = None
    replies: dict[int, Json] = field(default_factory=dict)

    # Reading

    @property
    def stage(self) -> StageSpec:
        """The stage being visited."""
        return self.definition.workflow.stages[self.state.stage]

    @property
    def stage_name(self) -> str | None:
        """Its name, or None before the first stage."""
        return self.stage.name if self.state.stage >= 0 else None

    @property
    def at(self) -> str:
        """Now, as answers keep it: ISO 8601 in UTC."""
        return self.now.isoformat().replace("+00:00", "Z")

    def assignment(self, agent: AgentState) -> AssignmentSpec:
        """The assignment that an agent of this visit works on."""
        return self.stage.assignments[agent.position]

    def agent_name(self, agent: AgentState) -> str:
        """The agent at work: the assignment's own, or the fallback agent that took over."""
        assignment = self.assignment(agent)
        return assignment.fallback_agent if agent.stand_in and assignment.fallback_agent else assignment.agent

    # Changing

    def change(self, **fields: Any) -> None:
        """Set fields of the state."""
        self.state = altered(self.state, **fields)

    def emit(self, kind: str, agent: str | None = None, /, **data: Json) -> None:
        """Append an event of the current stage to the log."""
        self.events.append(NewEvent(kind, self.stage_name, agent, data))

    def tell(self, kind: str, agent: AgentState, /, **data: Json) -> None:
        """Append an event of one agent; its key tells two assignments of the same agent apart."""
        self.emit(kind, self.agent_name(agent), key=agent.key, **data)

    def warn(self, code: str, message: str) -> None:
        """Record something people should know although the run goes on."""
        self.change(warnings=(*self.state.warnings, Warn(code, message, self.stage_name)))
        self.emit("warning", code=code, message=message)

    def remember(self, **fields: Any) -> None:
        """Replace parts of the run's values."""
        values = altered(self.state.values, **fields)
        self.change(values=values)

    def put_agent(self, agent: AgentState, *, began: bool = False, failed: str | None = None) -> None:
        """Write an agent's new state, inserting it when it just began."""
        before = self.agents.get(agent.key)
        self.agents[agent.key] = AgentChange(
            agent,
            began or bool(before and before.began),
            self.state.entry,
            failed or (before.failed if before else None),
        )
        others = self.state.agents
        if self.state.agent(agent.key) is None:
            self.change(agents=(*others, agent))
            return
        self.change(agents=tuple(agent if other.key == agent.key else other for other in others))

    def put_stage(self, status: StageStatus, *, began: bool = False) -> None:
        """Write where the current visit stands."""
        state = self.state
        before = self.stages.get(state.entry)
        self.stages[state.entry] = StageChange(
            entry=state.entry,
            name=self.stage.name,
            position=state.stage,
            visit=state.visit,
            began=began or bool(before and before.began),
            status=status,
            outcome=state.outcome,
            decided_by=state.decided_by,
        )

    # Ending

    def drop_open_work(self) -> None:
        """End what is still open in this visit: agents, their calls, the gate, the routed call."""
        for agent in self.state.agents:
            if agent.over:
                continue
            self.put_agent(altered(self.give_up(agent), status=AgentStatus.CANCELLED))
        if self.state.call is not None:
            self.given_up.append(self.state.call.key)
        if self.state.gate is not None:
            gate = self.state.gate
            self.closed.append(ClosedGate(gate.key, GateStatus.CANCELLED, voices=gate.voices))
        self.change(gate=None, call=None)

    def give_up(self, agent: AgentState) -> AgentState:
        """Let go of everything that an agent waits for; returns it without."""
        self.given_up.extend(agent.open_calls)
        self.closed.extend(ClosedGate(question.key, GateStatus.CANCELLED) for question in agent.questions)
        return altered(agent, open_calls=(), questions=(), pending_tools=(), retry_at=None)

    def end(
        self, status: RunStatus, *, result: Result | None = None, error: Failure | None = None, **data: Json
    ) -> None:
        """End the run: the last event of its log."""
        self.change(status=status, phase=Phase.OVER, paused=False, result=result, error=error)
        self.events.append(NewEvent(f"run.{status.value}", None, None, data))

    def finish(self) -> Decision:
        """The decision as the store takes it."""
        return Decision(
            state=self.state,
            events=tuple(self.events),
            stages=tuple(self.stages.values()),
            agents=tuple(self.agents.values()),
            opened=tuple(self.opened),
            asked=tuple(self.asked),
            heard=tuple(self.heard),
            closed=tuple(self.closed),
            given_up=tuple(self.given_up),
            accepted=tuple(self.accepted),
            route=self.route,
            replies=self.replies,
        )
