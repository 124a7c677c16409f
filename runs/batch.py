"""One transaction's decisions: the runs it holds, what follows for their callers, and the step to go on with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from builder.spec import FrozenVersion
from projects import gathering
from runs import store
from runs.children import final_envelope, new_child
from runs.dry_values import dry_answer
from runs.engine import facts
from runs.engine.decision import Decision, RouteRequest
from runs.engine.results import envelope
from runs.engine.state import AgentState, RunState
from runs.engine.status import AgentStatus, CallStatus
from runs.errors import Refused
from runs.leases import new_lease
from runs.models import WorkflowRun
from runs.store import NewCall, TurnRecord, Work
from runs.targets import find_target

_MAX_RINGS = 16  # rings for one run after one transaction


@dataclass(frozen=True, slots=True)
class Step:
    """A claimed piece of work: one turn of one agent, or the tools that its last turn left to run."""

    run: WorkflowRun
    state: RunState
    frozen: FrozenVersion
    agent: AgentState
    conversation: Any = None  # runs.effects.agent_turn.Conversation, when this worker holds it already

    def with_conversation(self, conversation: Any) -> Step:
        """The same step for a worker that knows the messages so far."""
        return replace(self, conversation=conversation)


@dataclass(slots=True)
class Outcome:
    """What one transaction leaves behind: the step this worker goes on with, and who else is to be told."""

    step: Step | None = None
    children: list[UUID] = field(default_factory=list)
    ready: list[UUID] = field(default_factory=list)  # runs with work for other workers, one entry per piece
    changed: dict[UUID, tuple[int, int]] = field(default_factory=dict)  # run -> (project, last event)
    gates: set[UUID] = field(default_factory=set)  # changed runs whose gates or questions changed
    ended: list[UUID] = field(default_factory=list)  # those of the changed runs that have ended
    hurry: bool = False  # one of these was started by no other run: whoever started it may wait for just this
    decision: Decision | None = None

    def add(self, other: Outcome) -> None:
        """Take in what another transaction leaves behind, which has no step."""
        self.children += other.children
        self.ready += other.ready
        self.changed |= other.changed
        self.gates |= other.gates
        self.ended += other.ended
        self.hurry = self.hurry or other.hurry


class Batch:
    """One transaction's works: the runs it locked, and what it decided for each."""

    def __init__(self, now: datetime, worker: bool) -> None:
        self.now = now
        self.worker = worker
        self.outcome = Outcome()
        self._works: dict[UUID, Work] = {}
        self._new: dict[UUID, Work] = {}  # children that it starts; those that nothing was decided for are saved last

    def lock(self, run_id: UUID) -> Work | None:
        """Lock a run, once per transaction."""
        if run_id not in self._works:
            held = store.lock(run_id)
            if held is None:
                return None
            self._works[run_id] = held
        return self._works[run_id]

    def hold(self, work: Work) -> None:
        """Take up a run as it is known, without its lock."""
        self._works[work.row.pk] = work

    def decide(
        self, held: Work, fact: facts.Fact, *, turn: TurnRecord | None = None, calls: Sequence[NewCall] = ()
    ) -> Decision:
        """Decide a fact, write the calls it opened, and resolve the workflow a route leads to."""
        decision = held.decide(fact, self.now)
        if decision.ignored:
            return decision
        if turn is not None:
            for tool in turn.tools:
                tool["result"] = decision.replies.get(tool["index"], tool["result"])
            held.turn = turn
        accepted = [call for call in calls if call.key in decision.accepted]
        if accepted:
            self._insert(held, accepted)
        if decision.route is not None:
            self._resolve_route(held, decision.route)
        if decision.opened and held.row.dry is not None:
            self._answer_gate(held)
        return decision

    def _answer_gate(self, held: Work) -> None:
        """The plan of a dry run answers its gates, unless people are to be asked."""
        answer = dry_answer(held)
        if answer is not None:
            self.decide(held, answer)

    def _insert(self, held: Work, calls: Sequence[NewCall]) -> None:
        # The rows that calls point to (agent run, stage run) are there: an agent calls after it began.
        for child in store.insert_calls(held, calls, self.now):
            self.outcome.children.append(child.row.pk)
            self._new[child.row.pk] = child

    def _resolve_route(self, held: Work, request: RouteRequest) -> None:
        row = held.row
        try:
            target = find_target(row.project_id, row.lineage, request.workflow, request.input, dry=row.dry)
        except Refused as refused:
            call = NewCall(
                request.call,
                refused.known or request.workflow,
                CallStatus.REFUSED,
                request.agent,
                envelope=envelope("refused", error=refused.message),
            )
            store.insert_calls(held, [call], self.now)
            self.decide(
                held,
                facts.RouteRefused(request.call, refused.known or request.workflow, refused.message, refused.detail),
            )
            return
        child = new_child(row, target, request.call, "agent" if request.agent else "route")
        call = NewCall(request.call, target.name, CallStatus.WAITING, request.agent, "", child, timeout=request.timeout)
        self._insert(held, [call])
        self.decide(held, facts.RouteOpened(request.call, target.name, str(child.id), target.input, request.timeout))

    def step_of(self, held: Work, key: str) -> None:
        """Make a claimed agent the step that this worker goes on with."""
        agent = held.state.agent(key)
        if agent is not None:
            self.outcome.step = Step(held.row, held.state, held.frozen, agent)

    def finish(self, held: Work, fact: facts.Fact | None) -> None:
        """Carry the end of runs to their callers, claim the next step, and write everything."""
        self._wake_callers(held)
        if self.worker:
            self._choose_step(fact)
        lease = new_lease() if self.worker else None
        with gathering.together():
            self._save(lease, fact)
        if self.outcome.step is not None:
            # The step was taken before the row was written: hand on the state as it stands now.
            work = self._works[self.outcome.step.run.pk]
            agent = work.state.agent(self.outcome.step.agent.key)
            self.outcome.step = replace(self.outcome.step, state=work.state, agent=agent or self.outcome.step.agent)

    def _save(self, lease: store.Lease | None, fact: facts.Fact | None) -> None:
        for work in (self._works | self._new).values():
            if work.decisions or work.start:
                self.outcome.gates |= {work.row.pk for decision in work.decisions if decision.asks_people}
                store.save(work, self.now, lease)
                self.outcome.changed[work.row.pk] = (work.row.project_id, work.row.seq)
                if work.state.over:
                    self.outcome.ended.append(work.row.pk)
                    self.outcome.hurry = self.outcome.hurry or work.row.parent_id is None
            if not work.state.paused:
                known = set() if isinstance(fact, facts.Resumed) else work.ready_before
                ready = sum(
                    1 for agent in work.state.agents if agent.status is AgentStatus.READY and agent.key not in known
                )
                self.outcome.ready.extend([work.row.pk] * min(ready, _MAX_RINGS))

    def _choose_step(self, fact: facts.Fact | None) -> None:
        """What this worker goes on with: a run that it holds, or else the child that was just created."""
        self._claim_first(fact)
        if self.outcome.step is None and self.outcome.children:
            child = self.outcome.children.pop(0)
            held = self._works[child] = self._new[child]
            self.decide(held, facts.Started())
            self._wake_callers(held)  # it may have nothing to do
            self._claim_first(None)

    def _claim_first(self, fact: facts.Fact | None) -> None:
        for work in list(self._works.values()):
            if self.outcome.step is None:
                self._claim_next(work, fact)

    def _claim_next(self, work: Work, fact: facts.Fact | None) -> None:
        """The same agent goes on under its claim; else the first that is ready."""
        if work.state.over or work.state.paused:
            return
        if isinstance(fact, facts.TurnTaken | facts.ToolsRun):
            same = work.state.agent(fact.agent)
            if same is not None and same.status is AgentStatus.RUNNING and same.epoch == fact.epoch and work.decisions:
                self.step_of(work, fact.agent)
                return
        ready = next((agent for agent in work.state.agents if agent.status is AgentStatus.READY), None)
        if ready is not None:
            self.decide(work, facts.Claimed(ready.key))
            self.step_of(work, ready.key)

    def _wake_callers(self, ended: Work) -> None:
        """A run that ended resolves the waits for it in this very transaction, and so on up the chain."""
        if not ended.state.over or not ended.decisions:
            return
        if ended.start is not None:
            gathering.needs_answer()  # the call on it is not written yet
        self.call_back(ended)

    def call_back(self, ended: Work) -> None:
        """Bring what a run has ended with to those who wait for it."""
        back = final_envelope(ended.row.pk, ended.state)
        for call in store.waiting_callers(ended.row.pk):
            caller = self.lock(call.run_id)
            if caller is None:
                continue
            if call.status != CallStatus.WAITING.value:
                if store.keep_late(call, back):
                    self.decide(caller, facts.CallLate(call.key, call.workflow_name, back))
                continue
            if store.resolve_call(call, CallStatus(back["status"]), back, self.now):
                self.decide(caller, facts.CallReturned(call.key, call.workflow_name, back))
                self._wake_callers(caller)
