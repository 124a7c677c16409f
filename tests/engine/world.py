"""A small world around the engine: it plays facts as the store and the workers do, and checks every step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from runs.engine import facts
from runs.engine.decision import Decision, NewEvent, RouteRequest
from runs.engine.draft import Definition
from runs.engine.machine import decide
from runs.engine.results import envelope
from runs.engine.state import AgentState, Result, RunState, position_to_json
from runs.engine.status import AgentStatus, CallStatus, RunStatus
from tests.engine.definitions import Block, definition
from tests.engine.rows import Rows, check

Json = Any
Refusals = dict[str, tuple[str, str | None]]
NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)


class World:
    """One run. `refuse` maps names of workflows to the message and the detail with which a route to them is refused."""

    def __init__(self, workflow: Definition, *, input: Json = "", refuse: Refusals | None = None) -> None:
        self.definition = workflow
        self.state = RunState(input=input)
        self.now = NOW
        self.rows = Rows()
        self.events: list[NewEvent] = []
        self.routes: list[RouteRequest] = []
        self.opened: list[Decision] = []
        self.refuse = refuse or {}

    # Facts

    def play(self, fact: facts.Fact) -> Decision:
        """Bring a fact to the run, resolve the workflow that it routes to, and check everything."""
        decision = self._take(fact)
        if decision.route is not None:
            self._resolve(decision.route)
        check(self.definition, self.state, self.rows)
        return decision

    def _take(self, fact: facts.Fact) -> Decision:
        decision = decide(self.definition, self.state, fact, self.now)
        if decision.ignored:
            assert decision == Decision(state=self.state, ignored=True)
            return decision
        # Those who write ahead of a transaction know by these that nothing else was decided meanwhile (decision 19).
        moved = position_to_json(decision.state) != position_to_json(self.state)
        assert decision.events or moved, f"{fact} left neither an event nor another position"
        self.rows.save(fact, decision)
        self.state = decision.state
        self.events.extend(decision.events)
        return decision

    def _resolve(self, route: RouteRequest) -> None:
        """What the shell does in the same transaction: the child is created or refused."""
        self.routes.append(route)
        if route.workflow in self.refuse:
            message, detail = self.refuse[route.workflow]
            self.rows.open_call(route.call, CallStatus.REFUSED)
            after = self._take(facts.RouteRefused(route.call, route.workflow, message, detail))
        else:
            self.rows.open_call(route.call, CallStatus.WAITING)
            run_id = f"child of {route.call}"
            after = self._take(facts.RouteOpened(route.call, route.workflow, run_id, route.input, route.timeout))
        assert not after.ignored
        if after.route is not None:
            self._resolve(after.route)

    def start(self) -> World:
        """Take the run up."""
        self.play(facts.Started())
        return self

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    # Agents at work

    def agent(self, name: str) -> AgentState:
        """The agent of the current visit whose assignment names it, or whose key it is."""
        assignments = self.definition.workflow.stages[self.state.stage].assignments
        return next(agent for agent in self.state.agents if name in (agent.key, assignments[agent.position].agent))

    def claim(self, name: str, *, lost: bool = False) -> AgentState:
        """Let a worker claim the agent; `lost` takes it over from one that has gone."""
        decision = self.play(facts.Claimed(self.agent(name).key, lost=lost))
        assert not decision.ignored
        return self.agent(name)

    def held(self, name: str) -> AgentState:
        """The agent in a worker's hands, claimed now if it was ready."""
        agent = self.agent(name)
        return self.claim(name) if agent.status is AgentStatus.READY else agent

    def turn(
        self, name: str, text: str | None = None, *acts: facts.Act, message: bool = False, last: bool = False
    ) -> Decision:
        """Let the agent's model answer with a text, or with tool calls."""
        agent = self.held(name)
        tools = tuple(type(act).__name__.lower() for act in acts)
        fact = facts.TurnTaken(agent.key, agent.epoch, text, acts, tools, message, last, turn=agent.turn + 1)
        decision = self.play(fact)
        assert not decision.ignored
        return decision

    def say(self, *names: str, text: str | None = None) -> None:
        """Let agents give their final texts (their own names where none is given)."""
        for name in names:
            self.turn(name, name if text is None else text)

    def share(self, name: str, **results: Json) -> None:
        """Let the agent share results and go on."""
        self.turn(name, None, facts.Share(0, results))

    def decide(self, name: str, outcome: str) -> Json:
        """Let the agent decide an outcome; returns what it is told."""
        return self.turn(name, None, facts.Decide(0, outcome)).replies[0]

    def trigger(self, name: str, *workflows: str, **fields: Json) -> tuple[str, ...]:
        """Let the agent call workflows and wait for them; returns the keys of the calls."""
        acts = self.triggers(name, *workflows, **fields)
        self.turn(name, None, *acts)
        return tuple(act.call for act in acts)

    def triggers(self, name: str, *workflows: str, **fields: Json) -> tuple[facts.Trigger, ...]:
        """The calls of one turn, as the shell hands them in."""
        agent = self.agent(name)
        keys = [f"{agent.key}/{agent.turn + 1}/{index}" for index in range(len(workflows))]
        defaults = {"waits": True, "timeout": 300}
        return tuple(
            facts.Trigger(index, key, workflow, **{"run_id": f"child of {key}", **defaults, **fields})
            for index, (key, workflow) in enumerate(zip(keys, workflows, strict=True))
        )

    def fail(self, name: str, *, passing: bool = True, kind: str = "rate_limit", **fields: Json) -> Decision:
        """Let a model call of the agent fail."""
        agent = self.held(name)
        return self.play(facts.TurnFailed(agent.key, agent.epoch, passing, kind, f"{kind} happened", **fields))

    def fail_until_due(self, name: str, times: int, **fields: Json) -> None:
        """Let model calls of the agent fail several times, each after its back-off."""
        for _ in range(times):
            self.fail(name, **fields)
            self.wait_for_retry(name)

    def wait_for_retry(self, name: str) -> None:
        """Let the back-off of the agent pass, if it has one."""
        agent = self.rows.agents[self.agent(name).key] if self.state.agents else None
        if agent is None or agent.retry_at is None or agent.status is not AgentStatus.RETRYING:
            return
        self.now = max(self.now, agent.retry_at)
        assert not self.play(facts.RetryDue(agent.key)).ignored

    # Calls and gates

    def comes_back(self, call: str, workflow: str, status: str = "completed", **fields: Json) -> Decision:
        """Let a workflow that the run waits for come back."""
        back = envelope(status, run_id=f"child of {call}", error=None if status == "completed" else f"{status}, sadly")
        return self.play(facts.CallReturned(call, workflow, {**back, **fields}))

    def completes(self, call: str, workflow: str, value: Json = "done") -> Decision:
        """Let a workflow that the run waits for complete with a result."""
        kind = "structured" if isinstance(value, dict) else "narrative"
        back = envelope("completed", result=Result(kind, value), run_id=f"child of {call}")
        return self.play(facts.CallReturned(call, workflow, back))

    @property
    def gate(self) -> str:
        """The key of the open gate."""
        assert self.state.gate is not None
        return self.state.gate.key

    def answer(self, option: str, *, by: str = "ana", comment: str = "") -> Decision:
        """Answer the open gate."""
        return self.play(facts.GateAnswered(self.gate, option, comment, by, "inbox"))

    def expire(self) -> Decision:
        """Let the deadline of the open gate pass."""
        return self.play(facts.GateExpired(self.gate))

    # Reading

    def status(self) -> RunStatus:
        """Where the run stands."""
        return self.state.status

    @property
    def path(self) -> list[str]:
        """The stages in the order in which they were visited."""
        return [event.stage or "" for event in self.events if event.kind == "stage.started"]

    @property
    def warned(self) -> list[str]:
        """The codes of the warnings so far."""
        return [warning.code for warning in self.state.warnings]

    def told(self, kind: str) -> list[dict[str, Json]]:
        """The data of every event of a kind."""
        return [event.data for event in self.events if event.kind == kind]

    def statuses(self) -> list[str]:
        """The statuses of the agents of the current visit, by position."""
        return [agent.status.value for agent in self.state.agents]

    def outcome_of(self, entry: int) -> tuple[str | None, str | None]:
        """The outcome of a visit, and who decided it."""
        stage = self.rows.stages[entry]
        return stage.outcome, stage.decided_by


def run(*stages: Block, input: Json = "", check: Callable[[Json], str | None] | None = None, **fields: Json) -> World:
    """A run of these stages that a worker has just taken up."""
    made = definition(*stages, check=check) if check else definition(*stages)
    return World(made, input=input, **fields).start()
