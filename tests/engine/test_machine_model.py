"""A model that plays with the engine: facts in any order, doubled and lost; workers that die; people who interfere.

`ENGINE_EXAMPLES=2000` plays more of them, `ENGINE_STEPS` longer ones.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from builder.spec import ApprovalHook
from runs.engine import facts
from runs.engine.asking import Question
from runs.engine.draft import Definition
from runs.engine.results import envelope
from runs.engine.state import AgentState, RunState
from runs.engine.status import AgentStatus, CallStatus, RunStatus
from tests.engine.chance import ANSWERS, REFUSED, Answer, brought, workflows
from tests.engine.expected import applies, open_hook
from tests.engine.people import go_on, person_answers, said
from tests.engine.rows import check
from tests.engine.world import World

FROM_WORKERS = (facts.TurnTaken, facts.TurnFailed, facts.ToolsRun, facts.Released)
AGAIN = (facts.RetryDue, facts.GateAnswered)  # at a gate for several, a mind may change back
MOVES = st.sampled_from(
    ["deliver"] * 8
    + ["work"] * 6
    + ["something answers"] * 4
    + ["take over", "deliver again", "resume"] * 2
    + ["lose", "crash", "pause", "stop"]
)
STATUSES = st.sampled_from(["completed", "completed", "failed", "cancelled", "timed_out"])
PICK = st.integers(0, 1_000)  # which of the things that are there; small numbers shrink well
SEEN: Counter[str] = Counter()  # what the whole test met, so that it cannot pass by meeting nothing


@dataclass(slots=True)
class Worker:
    """Who holds an agent. A busy one has brought a fact that is not delivered yet; a dead one brings nothing more."""

    epoch: int
    busy: bool = False
    dead: bool = False


class Engine(RuleBasedStateMachine):
    """Runs of one workflow, one after the other, moved by chance and in the end by good will.

    There is one rule, with its moves weighed: left to itself, the chance of many rules mostly stands still.
    """

    def __init__(self) -> None:
        super().__init__()
        self.world: World
        self.bag: list[facts.Fact] = []  # on their way
        self.past: list[facts.Fact] = []  # were taken
        self.workers: dict[str, Worker] = {}
        self.told_late: set[str] = set()

    @initialize(workflow=workflows())
    def begin(self, workflow: Definition) -> None:
        self.world = World(workflow, refuse=REFUSED)
        self.bag, self.past, self.workers, self.told_late = [facts.Started()], [], {}, set()

    @rule(move=MOVES, pick=PICK, answer=ANSWERS, status=STATUSES)
    def move(self, move: str, pick: int, answer: Answer, status: str) -> None:
        possible: dict[str, Callable[[], bool]] = {
            "deliver": lambda: self.deliver(pick),
            "work": lambda: self.work(pick, answer),
            "something answers": lambda: self.something_answers(pick, status),
            "take over": lambda: self.take_over(pick),
            "resume": self.resume,
            "begin again": self.begin_again,
            "deliver again": lambda: self.deliver_again(pick),
            "lose": lambda: self.lose(pick),
            "crash": lambda: self.crash(pick),
            "pause": self.pause,
            "stop": lambda: self.stop(pick),
        }
        towards_the_end = list(possible.values())[:6]
        assert any(attempt() for attempt in [possible[move], *towards_the_end]), "the run is stuck"

    # Delivery

    def take(self, fact: facts.Fact) -> bool:
        """Deliver a fact; the engine must take it exactly when it applies."""
        wanted, before = applies(self.world, fact), self.world.state
        ignored = self.world.play(fact).ignored
        assert ignored is not wanted, fact
        SEEN[f"{type(fact).__name__} {'taken' if wanted else 'ignored'}"] += 1
        SEEN[f"run {self.world.status()}"] += 1
        if ignored:
            assert self.world.state == before
            self._keep_late(fact)
        else:
            self.past.append(fact)
        if self.world.state.paused:
            self._nothing_begins(before)
        self._let_go()
        return wanted

    def _nothing_begins(self, before: RunState) -> None:
        """A pause crosses no boundary: no stage, gate, route or agent begins, and no turn follows one that ended."""
        after = self.world.state
        assert (after.entry, after.call or before.call) == (before.entry, before.call)
        assert after.gate is None or (before.gate is not None and after.gate.key == before.gate.key)
        old = {agent.key: agent.turn for agent in before.agents}
        assert all(agent.key in old for agent in after.agents)
        assert all(agent.turn == old[agent.key] for agent in after.agents if agent.status is AgentStatus.RUNNING)

    def _keep_late(self, fact: facts.Fact) -> None:
        """What the store does when a child ends that nobody waits for: it tells the run, once."""
        if not isinstance(fact, facts.CallReturned) or fact.envelope["status"] == "timed_out":
            return
        given_up = self.world.rows.calls[fact.call] in (CallStatus.TIMED_OUT, CallStatus.CANCELLED)
        if given_up and fact.call not in self.told_late:
            self.told_late.add(fact.call)
            before = self.world.state
            assert not self.world.play(facts.CallLate(fact.call, fact.workflow, fact.envelope)).ignored
            assert self.world.state.values == before.values, "a late result was injected"
            assert self.world.status() is before.status
            SEEN["late"] += 1

    def _let_go(self) -> None:
        for key, worker in list(self.workers.items()):
            agent = self.world.rows.agents[key]
            if agent.status is not AgentStatus.RUNNING or agent.epoch != worker.epoch:
                del self.workers[key]

    # Every move says whether it was possible.

    def deliver(self, pick: int) -> bool:
        """Any of the facts arrives."""
        fact, worker = self._pick_fact(pick)
        if worker is not None:
            worker.busy = False
        if fact is not None:
            self.take(fact)
        return fact is not None

    def lose(self, pick: int) -> bool:
        """A message on its way is lost, or a worker dies before its commit."""
        fact, worker = self._pick_fact(pick)
        if worker is not None:
            worker.busy, worker.dead = False, True
        if isinstance(fact, facts.Started):
            self.bag.append(fact)  # the scheduler rings again for a run that nobody took up
        return fact is not None

    def _pick_fact(self, pick: int) -> tuple[facts.Fact | None, Worker | None]:
        if not self.bag:
            return None, None
        fact = self.bag.pop(pick % len(self.bag))
        return fact, self._worker_of(fact)

    def deliver_again(self, pick: int) -> bool:
        """A fact arrives that has been taken before."""
        if not self.past:
            return False
        fact = self.past[pick % len(self.past)]
        taken = self.take(fact)
        assert not taken or isinstance(fact, AGAIN), "a doubled fact counted twice"
        return True

    def _worker_of(self, fact: facts.Fact) -> Worker | None:
        """The worker that brings the fact, if it has not been replaced."""
        if not isinstance(fact, FROM_WORKERS):
            return None
        worker = self.workers.get(fact.agent)
        return worker if worker is not None and worker.epoch == fact.epoch else None

    # Workers

    def _agents(self, *statuses: AgentStatus) -> list[AgentState]:
        return [agent for agent in self.world.state.agents if agent.status in statuses]

    def _free(self) -> list[AgentState]:
        """Agents that a worker could go on with: ready ones, and those whose worker has nothing on its way."""
        idle = [key for key, worker in self.workers.items() if not worker.busy and not worker.dead]
        return [agent for agent in self.world.state.agents if agent.status is AgentStatus.READY or agent.key in idle]

    def work(self, pick: int, answer: Answer) -> bool:
        """A worker claims an agent, or goes on with the one it holds, and has something to bring."""
        free = self._free()
        if not free:
            return False
        agent = free[pick % len(free)]
        if agent.status is AgentStatus.READY and not self._claim(agent, lost=False):
            return False
        agent = self.world.rows.agents[agent.key]
        self.workers[agent.key].busy = True
        if agent.pending_tools:
            self.bag.append(facts.ToolsRun(agent.key, agent.epoch, agent.turn))
        else:
            self.bag.append(brought(answer, agent.key, agent.epoch, agent.turn + 1))
        return True

    def take_over(self, pick: int) -> bool:
        """Another worker claims an agent whose worker is gone."""
        lost = [key for key, worker in self.workers.items() if worker.dead]
        return bool(lost) and self._claim(self.world.rows.agents[lost[pick % len(lost)]], lost=True)

    def _claim(self, agent: AgentState, *, lost: bool) -> bool:
        refused = self.world.play(facts.Claimed(agent.key, lost=lost)).ignored
        assert refused is self.world.state.paused
        if not refused:
            SEEN["taken over" if lost else "claimed"] += 1
            self.workers[agent.key] = Worker(self.world.rows.agents[agent.key].epoch)
        return not refused

    def crash(self, pick: int) -> bool:
        """A worker dies, or only looks dead: what it has brought may still arrive, before or after it is replaced."""
        workers = list(self.workers.values())
        if workers:
            workers[pick % len(workers)].dead = True
        return bool(workers)

    # What the run waits for

    def something_answers(self, pick: int, status: str) -> bool:
        """A child, a clock or a person; a return and a time-out, or two answers, may be on their way at once."""
        waits = self._waits()
        if not waits:
            return False
        wait = waits[pick % len(waits)]
        if isinstance(wait, AgentState):
            self.world.now = max(self.world.now, wait.retry_at or self.world.now)
            self.bag.append(facts.RetryDue(wait.key))
        elif isinstance(wait, str):
            workflow = "Deploy" if wait.startswith("route") else "Report"
            self.bag.append(facts.CallReturned(wait, workflow, envelope(status, run_id=f"child of {wait}")))
        else:
            self.bag.append(person_answers(self.world, wait, pick))
        return True

    def _waits(self) -> list[AgentState | ApprovalHook | Question | str]:
        wanted = (CallStatus.WAITING, CallStatus.TIMED_OUT, CallStatus.CANCELLED)
        calls = [key for key, status in self.world.rows.calls.items() if status in wanted and key not in self.told_late]
        hook = open_hook(self.world)
        asked = [question for agent in self.world.state.agents for question in agent.questions]
        return [*calls, *self._agents(AgentStatus.RETRYING), *asked, *filter(None, [hook])]

    # People

    def pause(self) -> bool:
        """Somebody pauses the run."""
        return self._person(facts.Paused("ana"), not self.world.state.over and not self.world.state.paused)

    def resume(self) -> bool:
        """Somebody lets it go on."""
        return self._person(facts.Resumed("ana"), self.world.state.paused)

    def stop(self, pick: int) -> bool:
        """Somebody cancels the run, or it is given up, after it has come some way."""
        fact = facts.Cancelled("ana") if pick % 2 else facts.Broken("bug", "broken")
        return len(self.past) > 5 and self._person(fact, not self.world.state.over)

    def _person(self, fact: facts.Fact, applies_now: bool) -> bool:
        assert self.world.play(fact).ignored is not applies_now
        self._let_go()
        return applies_now

    def begin_again(self) -> bool:
        """The next run, when this one has ended and nothing is on its way."""
        if self.bag or not self.world.state.over:
            return False
        self.begin(self.world.definition)
        return True

    # What always holds

    @invariant()
    def everything_holds(self) -> None:
        check(self.world.definition, self.world.state, self.world.rows)
        held = {key for key, agent in self.world.rows.agents.items() if agent.status is AgentStatus.RUNNING}
        assert held == set(self.workers), "an agent at work that no worker holds"

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self._drain()
        final = self.world.state
        for fact in [*self.bag, *self.past]:
            self.take(fact)
        assert self.world.state == final
        assert self.world.rows.story.ended == 1

    def _drain(self) -> None:
        """Everything answers and nobody dies: the run ends, in a number of facts that its definition bounds."""
        stages = self.world.definition.workflow.stages
        visits_left = sum(stage.max_visits for stage in stages) + 1
        bound = visits_left * (2 * 2 + 1 + 2 * 3) + 10 + 3 * len(self.world.rows.calls) + len(self.world.rows.gates)
        for _ in range(bound):
            if self.world.state.over:
                return
            assert not self.world.play(self._next_good_fact()).ignored
        raise AssertionError(f"the run did not end within {bound} facts")

    def _next_good_fact(self) -> facts.Fact:
        state = self.world.state
        if state.paused:
            return facts.Resumed("ana")
        if state.status is RunStatus.QUEUED:
            return facts.Started()
        if state.gate is not None:
            return go_on(state.gate)
        if state.call is not None:
            return facts.CallReturned(state.call.key, state.call.workflow, envelope("completed"))
        return self._finish(next(agent for agent in state.agents if not agent.over))

    def _finish(self, agent: AgentState) -> facts.Fact:
        match agent.status:
            case AgentStatus.BLOCKED if agent.questions:
                return said(agent.questions[0])
            case AgentStatus.BLOCKED:
                return facts.CallReturned(agent.open_calls[0], "Report", envelope("completed"))
            case AgentStatus.RETRYING:
                self.world.now = max(self.world.now, agent.retry_at or self.world.now)
                return facts.RetryDue(agent.key)
            case AgentStatus.RUNNING if agent.key in self.workers and self.workers[agent.key].dead:
                del self.workers[agent.key]
                return facts.Claimed(agent.key, lost=True)
            case AgentStatus.RUNNING if agent.pending_tools:
                return facts.ToolsRun(agent.key, agent.epoch, agent.turn)
            case AgentStatus.RUNNING:
                return facts.TurnTaken(agent.key, agent.epoch, "done", turn=agent.turn + 1)
        return facts.Claimed(agent.key)


def test_the_machine_survives_lost_doubled_and_reordered_facts_and_dying_workers() -> None:
    """Rules 11.3, 11.4, 1.3 and 11.6: whatever happens in whatever order, every run keeps its promises and ends."""
    SEEN.clear()
    run_state_machine_as_test(
        Engine,
        settings=settings(
            max_examples=int(os.environ.get("ENGINE_EXAMPLES", "100")),
            stateful_step_count=int(os.environ.get("ENGINE_STEPS", "60")),
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

    told: tuple[str, ...] = ("Started", "TurnTaken", "TurnFailed", "ToolsRun", "Released", "RetryDue", "CallReturned")
    told += ("GateAnswered", "GateExpired", "GateReminded")
    wanted = {f"{fact} {what}" for fact in told for what in ("taken", "ignored")}
    wanted |= {f"run {status}" for status in RunStatus if status is not RunStatus.QUEUED}
    wanted |= {"late", "claimed", "taken over"}
    assert wanted <= set(SEEN), f"the model never met: {wanted - set(SEEN)}"
