"""What people do to a run: cancel, pause, resume."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runs.engine import facts
from runs.engine.status import CallStatus, RunStatus
from tests.engine.definitions import approval, definition, stage, to_stage, to_workflow
from tests.engine.world import World, run

# Cancel


def ready() -> World:
    return run(stage("Work", "Ada", "Ben"))


def running() -> World:
    world = ready()
    world.claim("Ada")
    return world


def blocked() -> World:
    world = ready()
    world.trigger("Ada", "Report")
    return world


def retrying() -> World:
    world = ready()
    world.fail("Ada")
    return world


def gated() -> World:
    return run(stage("Work", "Ada", outcomes=["go"], entry_hooks=[approval({"Go": None})]))


def routed() -> World:
    return run(stage("Work", outcomes=["go"], default_outcome="go", routes={"go": to_workflow("Deploy")}))


def queued() -> World:
    return World(definition(stage("Work", "Ada")))


def paused() -> World:
    world = blocked()
    world.play(facts.Paused("ana"))
    return world


ANYWHERE = [queued, ready, running, blocked, retrying, gated, routed, paused]


@pytest.mark.parametrize("somewhere", ANYWHERE, ids=lambda make: make.__name__)
def test_a_run_can_be_cancelled_wherever_it_stands(somewhere: Callable[[], World]) -> None:
    """Rule 10.1: everything that was open ends with it, and the log says by whom."""
    world = somewhere()
    world.play(facts.Cancelled("ana"))

    assert world.status() is RunStatus.CANCELLED
    assert world.events[-1].kind == "run.cancelled"
    assert world.events[-1].data == {"by": "ana"}


def test_cancelling_gives_up_the_calls_that_were_waited_for() -> None:
    """Rule 10.1: so that the cascade knows the waiting children; background runs are none of them."""
    world = ready()
    world.turn("Ben", None, *world.triggers("Ben", "Report", waits=False))
    (call,) = world.trigger("Ada", "Report")
    decision = world.play(facts.Cancelled("ana"))

    assert decision.given_up == (call,)
    assert world.rows.calls == {"1/1/1/0": CallStatus.STARTED, call: CallStatus.CANCELLED}


def test_cancelling_gives_up_a_routed_call() -> None:
    """Rule 10.1: a parent that waits by a route cascades too; its finished stage stays finished."""
    world = routed()

    assert world.play(facts.Cancelled("ana")).given_up == ("route/1",)
    assert world.rows.stages[1].status == "done"


def test_a_result_that_comes_after_the_cancellation_never_overwrites_it() -> None:
    """Rule 10.1: the model call in flight is abandoned, its result dropped."""
    world = running()
    held = world.agent("Ada")
    world.play(facts.Cancelled("ana"))

    assert world.play(facts.TurnTaken(held.key, held.epoch, "late")).ignored
    assert world.status() is RunStatus.CANCELLED
    assert world.state.result is None


def test_a_cancelled_run_cannot_be_cancelled_again() -> None:
    """Rule 10.1: a finished run refuses it."""
    world = ready()
    world.play(facts.Cancelled("ana"))

    assert world.play(facts.Cancelled("ben")).ignored


def test_the_stage_that_was_under_way_is_cancelled_and_the_log_says_so() -> None:
    """Rules 10.1 and 11.6: a stage that ends leaves an event."""
    world = ready()
    world.play(facts.Cancelled("ana"))

    assert world.rows.stages[1].status == "cancelled"
    assert world.told("stage.finished") == [{"outcome": None, "visit": 1, "cancelled": True}]


def test_an_outcome_that_a_pause_held_back_does_not_stand_after_a_cancellation() -> None:
    """Rule 10.1: a cancelled stage has no outcome, in its row as in the log."""
    world = run(stage("Work", outcomes=["skip"], entry_hooks=[approval({"Skip": "skip"})]), stage("Next", "Ben"))
    world.play(facts.Paused("ana"))
    world.answer("Skip")
    world.play(facts.Cancelled("ana"))

    assert world.outcome_of(1) == (None, None)
    assert world.rows.stages[1].status == "cancelled"


# Pause


def test_a_pause_lets_turns_in_flight_end_and_claims_nothing_new() -> None:
    """Rule 10.2: at the next boundary the agent is given back."""
    world = running()
    world.play(facts.Paused("ana"))
    assert world.status() is RunStatus.PAUSED
    assert world.play(facts.Claimed(world.agent("Ben").key)).ignored

    world.share("Ada", plan="A")

    assert world.statuses() == ["ready", "ready"]
    assert world.play(facts.Claimed(world.agent("Ada").key)).ignored
    assert world.state.values.results == {"plan": "A"}


def test_a_paused_run_does_not_take_over_lost_claims() -> None:
    """Rule 10.2: nothing new starts; the claim is taken over after the pause."""
    world = running()
    world.play(facts.Paused("ana"))
    assert world.play(facts.Claimed("1/0", lost=True)).ignored

    world.play(facts.Resumed("ana"))

    assert world.claim("Ada", lost=True).epoch == 2


def test_a_stage_that_ends_during_a_pause_is_left_when_the_run_goes_on() -> None:
    """Rule 10.2: the boundary is not crossed while paused."""
    world = run(stage("One", "Ada"), stage("Two", "Ben"))
    world.claim("Ada")
    world.play(facts.Paused("ana"))
    world.say("Ada")
    assert world.path == ["One"]
    assert world.status() is RunStatus.PAUSED

    world.play(facts.Resumed("ana"))

    assert world.path == ["One", "Two"]
    assert world.status() is RunStatus.RUNNING


def test_the_end_of_a_run_waits_for_the_end_of_its_pause() -> None:
    """Rule 10.2: it completes when it is resumed."""
    world = run(stage("One", "Ada"))
    world.claim("Ada")
    world.play(facts.Paused("ana"))
    world.say("Ada")
    world.play(facts.Resumed("ana"))

    assert world.status() is RunStatus.COMPLETED


def test_a_workflow_that_comes_back_during_a_pause_is_kept() -> None:
    """Rule 10.2: the fact is not lost, the agent goes on after the pause."""
    world = blocked()
    world.play(facts.Paused("ana"))
    world.comes_back("1/0/1/0", "Report")
    assert world.status() is RunStatus.PAUSED
    assert world.state.values.workflows["Report"]["status"] == "completed"

    world.play(facts.Resumed("ana"))

    assert world.statuses()[0] == "ready"
    assert world.status() is RunStatus.RUNNING


def test_a_gate_may_be_answered_during_a_pause() -> None:
    """Rule 10.2: the answer stands; what follows from it waits."""
    world = gated()
    world.play(facts.Paused("ana"))
    world.answer("Go")
    assert world.state.agents == ()

    world.play(facts.Resumed("ana"))

    assert world.statuses() == ["ready"]


def test_a_gate_may_expire_during_a_pause() -> None:
    """Rule 10.2: the clock of a gate does not stop."""
    hook = approval({"Go": "go"}, deadline={"after": 60, "outcome": "go"})
    world = run(stage("Work", outcomes=["go"], exit_hooks=[hook]), stage("Next", "Ben"))
    world.play(facts.Paused("ana"))
    world.expire()
    assert world.path == ["Work"]

    world.play(facts.Resumed("ana"))

    assert world.path == ["Work", "Next"]


def test_a_routed_workflow_that_comes_back_during_a_pause_is_continued_after_it() -> None:
    """Rule 10.2: continue at is followed when the run goes on."""
    world = routed()
    world.play(facts.Paused("ana"))
    world.comes_back("route/1", "Deploy", "failed")
    assert world.status() is RunStatus.PAUSED

    world.play(facts.Resumed("ana"))

    assert world.status() is RunStatus.COMPLETED
    assert world.warned == ["continued_after_failed_workflow"]


def test_a_back_off_that_passes_during_a_pause_is_kept() -> None:
    """Rule 10.2: the agent is ready when the run goes on."""
    world = retrying()
    world.play(facts.Paused("ana"))
    world.wait_for_retry("Ada")
    assert world.status() is RunStatus.PAUSED

    world.play(facts.Resumed("ana"))

    assert world.statuses() == ["ready", "ready"]


def test_an_agent_that_blocks_during_a_pause_is_blocked_after_it() -> None:
    """Rule 10.2: a turn in flight is kept with its calls."""
    world = run(stage("Work", "Ada"))
    world.claim("Ada")
    world.play(facts.Paused("ana"))
    world.trigger("Ada", "Report")
    world.play(facts.Resumed("ana"))

    assert world.statuses() == ["blocked"]
    assert world.status() is RunStatus.WAITING


def test_tools_of_a_turn_that_a_pause_held_back_are_run_after_it() -> None:
    """Rule 10.2: the claim is given back with the tools still to run."""
    world = run(stage("Work", "Ada"))
    world.claim("Ada")
    world.play(facts.Paused("ana"))
    world.turn("Ada", None, facts.Pending(0))
    assert world.statuses() == ["ready"]

    world.play(facts.Resumed("ana"))
    held = world.claim("Ada")
    world.play(facts.ToolsRun(held.key, held.epoch, held.turn))

    assert world.agent("Ada").pending_tools == ()


def test_a_failure_during_a_pause_fails_the_run() -> None:
    """Rules 10.2 and 2.8: there is no boundary left to wait at."""
    world = running()
    world.play(facts.Paused("ana"))
    world.fail("Ada", passing=False)

    assert world.status() is RunStatus.FAILED


def test_an_error_that_is_routed_during_a_pause_is_routed_after_it() -> None:
    """Rules 10.2 and 2.8: the route is the next boundary."""
    world = run(stage("Work", "Ada", outcomes=["error"], routes={"error": to_stage("Repair")}), stage("Repair", "Ben"))
    world.claim("Ada")
    world.play(facts.Paused("ana"))
    world.fail("Ada", passing=False)
    assert world.path == ["Work"]

    world.play(facts.Resumed("ana"))

    assert world.path == ["Work", "Repair"]


def test_a_run_may_be_paused_before_it_was_taken_up() -> None:
    """Rule 10.2: it starts when it is resumed."""
    world = queued()
    world.play(facts.Paused("ana"))
    assert world.play(facts.Started()).ignored

    world.play(facts.Resumed("ana"))

    assert world.path == ["Work"]
    assert world.status() is RunStatus.RUNNING


def test_pausing_twice_and_resuming_what_is_not_paused_change_nothing() -> None:
    """Rule 10.2: the shell refuses them; the engine ignores them."""
    world = ready()
    assert world.play(facts.Resumed("ana")).ignored
    world.play(facts.Paused("ana"))

    assert world.play(facts.Paused("ben")).ignored


def test_the_log_says_who_paused_and_who_resumed() -> None:
    """Rule 11.6: both are events."""
    world = ready()
    world.play(facts.Paused("ana"))
    world.play(facts.Resumed("ben"))

    assert world.told("run.paused") == [{"by": "ana"}]
    assert world.told("run.resumed") == [{"by": "ben"}]


def test_a_run_that_waited_before_its_pause_waits_after_it() -> None:
    """Rules 1.3 and 10.2: the status is derived anew."""
    world = gated()
    world.play(facts.Paused("ana"))
    world.play(facts.Resumed("ana"))

    assert world.status() is RunStatus.WAITING
