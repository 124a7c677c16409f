"""Claims, doubles and the log: what keeps a run right when facts come twice, late or from the dead."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runs.engine import facts
from runs.engine.state import StoredRun, load_state
from runs.engine.status import AGENT_MOVES, RunStatus
from tests.engine.definitions import approval, definition, on, stage, to_workflow
from tests.engine.rows import stored
from tests.engine.story import KINDS
from tests.engine.world import World, run

# Claims


def test_an_agent_is_claimed_by_one_worker_only() -> None:
    """Rule 11.4: the second claim finds nothing."""
    world = run(stage("Work", "Ada"))
    world.claim("Ada")

    assert world.play(facts.Claimed("1/0")).ignored


def test_every_claim_raises_the_fencing_number() -> None:
    """Rule 11.4: after a release, a retry, a wait and a lost worker alike."""
    world = run(stage("Work", "Ada"))
    epochs = [world.claim("Ada").epoch]
    world.play(facts.Released("1/0", 1))
    epochs.append(world.claim("Ada").epoch)
    world.fail("Ada")
    world.wait_for_retry("Ada")
    epochs.append(world.claim("Ada").epoch)
    (call,) = world.trigger("Ada", "Report")
    world.comes_back(call, "Report")
    epochs.append(world.claim("Ada").epoch)
    epochs.append(world.claim("Ada", lost=True).epoch)

    assert epochs == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "fact",
    [
        facts.TurnTaken("1/0", 1, "text"),
        facts.TurnTaken("1/0", 1, None, (facts.Share(0, {"a": 1}),), ("share_results",)),
        facts.TurnFailed("1/0", 1, True, "timeout", "late"),
        facts.TurnFailed("1/0", 1, False, "bad_request", "late"),
        facts.ToolsRun("1/0", 1),
        facts.Released("1/0", 1),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_a_worker_that_lost_its_claim_cannot_write(fact: facts.Fact) -> None:
    """Rule 11.4: a fact with an old epoch changes nothing."""
    world = run(stage("Work", "Ada"))
    world.claim("Ada")
    world.claim("Ada", lost=True)

    assert world.play(fact).ignored


def test_an_epoch_from_the_future_is_wrong_too() -> None:
    """Rule 11.4: it must be the very claim."""
    world = run(stage("Work", "Ada"))
    world.claim("Ada")

    assert world.play(facts.TurnTaken("1/0", 2, "text")).ignored


def test_a_lost_claim_is_taken_over_where_it_stood() -> None:
    """Rule 11.3: the turns that were stored stay, and the log says what happened."""
    world = run(stage("Work", "Ada"))
    world.share("Ada", plan="A")
    taken = world.claim("Ada", lost=True)

    assert (taken.turn, taken.epoch) == (1, 2)
    assert world.told("agent.retrying") == [{"key": "1/0", "reason": "worker_lost", "turn": 2, "claim": 2}]
    assert len(world.told("agent.started")) == 1


def test_tools_that_a_lost_worker_left_are_still_to_run() -> None:
    """Rule 11.3: the answer is stored and not asked for again."""
    world = run(stage("Work", "Ada"))
    world.turn("Ada", None, facts.Pending(0))

    assert world.claim("Ada", lost=True).pending_tools == (0,)


def test_only_a_running_agent_can_be_taken_over() -> None:
    """Rule 11.4: what was given back, blocked or ended has no claim to lose."""
    world = run(stage("Work", "Ada", "Ben", "Cy", "Dan"))
    world.trigger("Ben", "Report")
    world.fail("Cy")
    world.say("Dan")
    assert world.statuses() == ["ready", "blocked", "retrying", "done"]

    assert all(world.play(facts.Claimed(agent.key, lost=True)).ignored for agent in world.state.agents)


# Doubles


def once(world: World, fact: facts.Fact) -> None:
    assert not world.play(fact).ignored
    before = world.state
    assert world.play(fact).ignored
    assert world.state == before


def with_gate() -> World:
    hook = approval({"Go": "go"}, deadline={"after": 60, "outcome": "go"})
    return run(stage("Work", outcomes=["go"], exit_hooks=[hook]), stage("Next", "Ada"))


def with_call() -> World:
    world = run(stage("Work", "Ada"))
    world.trigger("Ada", "Report")
    return world


def with_route() -> World:
    return run(
        stage("Work", outcomes=["go"], default_outcome="go", routes={"go": to_workflow("Deploy", then="Next")}),
        stage("Next", "Ada"),
    )


def with_retry() -> World:
    world = run(stage("Work", "Ada"))
    world.fail("Ada")
    world.later(60)
    return world


def claimed() -> World:
    world = run(stage("Work", "Ada", "Ben"))
    world.claim("Ada")
    return world


def with_tools() -> World:
    world = claimed()
    world.turn("Ada", None, facts.Pending(0))
    return world


_SHARED = facts.TurnTaken("1/0", 1, None, (facts.Share(0, {"a": 1}),), ("share_results",), turn=1)
_BACK = {"status": "completed", "kind": "narrative", "result": "x", "error": None, "run_id": "r"}


@pytest.mark.parametrize(
    ("world", "fact"),
    [
        (lambda: World(definition(stage("Work", "Ada"))), facts.Started()),
        (lambda: run(stage("Work", "Ada")), facts.Claimed("1/0")),
        (claimed, facts.Released("1/0", 1)),
        (claimed, facts.TurnTaken("1/0", 1, "text", turn=1)),
        (claimed, _SHARED),
        (claimed, facts.TurnTaken("1/0", 1, "hello", message=True, turn=1)),
        (claimed, facts.TurnFailed("1/0", 1, True, "timeout", "late")),
        (with_tools, facts.ToolsRun("1/0", 1, 1)),
        (with_retry, facts.RetryDue("1/0")),
        (with_call, facts.CallReturned("1/0/1/0", "Report", _BACK)),
        (with_route, facts.CallReturned("route/1", "Deploy", _BACK)),
        (with_gate, facts.GateAnswered("1/exit/0", "Go", "", "ana", "inbox")),
        (with_gate, facts.GateExpired("1/exit/0")),
        (claimed, facts.Paused("ana")),
        (claimed, facts.Cancelled("ana")),
        (claimed, facts.Broken("bug", "broken")),
    ],
    ids=lambda value: type(value).__name__ if not callable(value) else "",
)
def test_a_fact_that_comes_twice_counts_once(world: Callable[[], World], fact: facts.Fact) -> None:
    """Rule 11.4: the double changes nothing."""
    once(world(), fact)


def test_the_tools_of_an_earlier_turn_do_not_stand_for_those_of_a_later_one() -> None:
    """Rule 11.4: under one claim, the number of the turn tells doubles apart."""
    world = with_tools()
    world.play(facts.ToolsRun("1/0", 1, 1))
    world.turn("Ada", None, facts.Pending(0))

    assert world.play(facts.ToolsRun("1/0", 1, 1)).ignored
    assert world.agent("Ada").pending_tools == (0,)


def test_a_fact_about_an_earlier_visit_changes_nothing() -> None:
    """Rule 11.4: keys hold the number of the visit."""
    again = {"again": {"stage": "Work"}}
    world = run(stage("Work", "Ada", outcomes=["again"], default_outcome="again", routes=again))
    world.say("Ada")
    assert world.agent("Ada").key == "2/0"

    for fact in (facts.Claimed("1/0"), facts.TurnTaken("1/0", 1, "text"), facts.RetryDue("1/0")):
        assert world.play(fact).ignored


def test_a_fact_about_something_that_never_was_changes_nothing() -> None:
    """Rule 11.4: unknown agents, calls, routes and gates."""
    world = run(stage("Work", "Ada"))

    for fact in (
        facts.Claimed("7/7"),
        facts.Released("7/7", 1),
        facts.ToolsRun("7/7", 1),
        facts.RetryDue("7/7"),
        facts.CallReturned("7/7/1/0", "Report", _BACK),
        facts.RouteOpened("route/7", "Report", "r", "", None),
        facts.RouteRefused("route/7", "Report", "no"),
        facts.GateAnswered("7/exit/0", "Go", "", "ana", "inbox"),
        facts.GateExpired("7/exit/0"),
    ):
        assert world.play(fact).ignored


# The stored form


def test_an_empty_row_is_a_fresh_run() -> None:
    """Rule 11.1: a row that no worker has touched yet."""
    state = load_state(StoredRun("hi", "queued", {}, {}, [], None, None))

    assert state == World(definition(stage("Work", "Ada")), input="hi").state


def test_a_state_with_everything_in_it_survives_its_row() -> None:
    """Rule 11.1: the database is the only truth."""
    world = run(
        stage("One", outcomes=["go"], default_outcome="go", routes={"go": to_workflow("Deploy", then="Two")}),
        stage("Two", on("Ada", fallback_agent="Zoe", retries={"attempts": 1}), "Ben", "Cy", "Dan", outcomes=["go"]),
        input={"topic": "cats ✓"},
    )
    world.comes_back("route/1", "Deploy", "failed")
    world.fail("Ada")
    world.decide("Ada", "nope")
    world.decide("Ada", "go")
    world.trigger("Ben", "Report", "Deploy")
    world.turn("Cy", None, facts.Pending(0), facts.Share(1, {"deep": [{"a": None}]}))
    world.fail("Dan", retry_after=1.5)

    state = load_state(stored(world.state))

    assert state == world.state
    assert [agent.status for agent in state.agents] == ["running", "blocked", "running", "retrying"]
    assert state.agents[0].stand_in
    assert state.agents[3].retry_at is not None


# The log


def test_the_log_alone_explains_a_run_with_everything_in_it() -> None:
    """Rule 11.6: folding the events gives the statuses of the run, its stages and its agents, after every fact."""
    gate = approval({"Go": "go"})
    world = run(
        stage("One", "Ada", on("Ben", on_failure="continue"), "Cy", mode="sequence"),
        stage("Two", "Ada", "Ada", outcomes=["go"], routes={"go": to_workflow("Deploy")}, exit_hooks=[gate]),
    )
    world.fail_until_due("Ada", 1)
    world.say("Ada")
    world.fail("Ben", passing=False)
    world.play(facts.Paused("ana"))
    world.play(facts.Resumed("ana"))
    world.claim("Cy")
    world.claim("Cy", lost=True)
    (call,) = world.trigger("Cy", "Report")
    world.comes_back(call, "Report", "timed_out")
    world.say("Cy")
    world.say("2/0")
    world.say("2/1")
    world.answer("Go")
    world.play(facts.CallLate(call, "Report", _BACK))
    world.comes_back("route/2", "Deploy")

    assert world.status() is RunStatus.COMPLETED
    assert world.rows.story.agents == {
        "1/0": "done",
        "1/1": "failed",
        "1/2": "done",
        "2/0": "done",
        "2/1": "done",
    }
    assert {event.kind for event in world.events} <= KINDS


def test_events_say_at_which_stage_and_by_which_agent() -> None:
    """Rule 11.6: two assignments of one agent are told apart by their key."""
    world = run(stage("Work", "Ada", "Ada"))
    world.say("1/1", text="second")
    world.say("1/0", text="first")

    finished = [event for event in world.events if event.kind == "agent.finished"]
    assert [(event.stage, event.agent, event.data["key"]) for event in finished] == [
        ("Work", "Ada", "1/1"),
        ("Work", "Ada", "1/0"),
    ]


def test_an_ignored_fact_leaves_no_trace() -> None:
    """Rule 11.6: no transition, no event."""
    world = run(stage("Work", "Ada"))
    before = len(world.events)
    world.play(facts.RetryDue("1/0"))

    assert len(world.events) == before


def test_deciding_is_a_function_of_its_arguments() -> None:
    """Rule 11.3: the same facts at the same times give the same states, events and rows, in any process."""

    def story() -> World:
        world = run(stage("Work", "Ada", "Ben"))
        world.fail("Ada", jitter=0.7)
        world.trigger("Ben", "Report")
        return world

    first, second = story(), story()

    assert first.state == second.state
    assert first.events == second.events


def lone(step: str) -> World:
    """A run whose one agent stands at `step`."""
    world = run(stage("Work", "Ada"))
    if step != "ready":
        world.claim("Ada")
    if step == "blocked":
        world.trigger("Ada", "Report")
    if step == "retrying":
        world.fail("Ada")
    return world


ARROWS: dict[tuple[str, str], Callable[[World], object]] = {
    ("ready", "running"): lambda world: world.claim("Ada"),
    ("ready", "cancelled"): lambda world: world.play(facts.Cancelled("ana")),
    ("running", "ready"): lambda world: world.play(facts.Released("1/0", 1)),
    ("running", "blocked"): lambda world: world.trigger("Ada", "Report"),
    ("running", "retrying"): lambda world: world.fail("Ada"),
    ("running", "done"): lambda world: world.say("Ada"),
    ("running", "failed"): lambda world: world.fail("Ada", passing=False),
    ("running", "cancelled"): lambda world: world.play(facts.Cancelled("ana")),
    ("blocked", "ready"): lambda world: world.comes_back("1/0/1/0", "Report"),
    ("blocked", "cancelled"): lambda world: world.play(facts.Cancelled("ana")),
    ("retrying", "ready"): lambda world: world.wait_for_retry("Ada"),
    ("retrying", "cancelled"): lambda world: world.play(facts.Cancelled("ana")),
}


@pytest.mark.parametrize(("before", "after"), ARROWS)
def test_an_agent_moves_along_every_arrow_of_its_table(before: str, after: str) -> None:
    """Rule 11.4: what each move takes."""
    world = lone(before)
    assert world.statuses() == [before]

    ARROWS[before, after](world)

    assert world.rows.agents["1/0"].status == after


def test_the_table_of_agents_holds_no_other_arrow() -> None:
    """Rule 11.4: no arrow that nothing takes."""
    assert set(ARROWS) == {(before.value, after.value) for before, moves in AGENT_MOVES.items() for after in moves}
