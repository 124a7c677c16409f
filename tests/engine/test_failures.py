"""Model calls that fail: retries, stand-ins, and what becomes of the stage."""

from __future__ import annotations

from typing import Any

import pytest

from runs.engine import facts
from runs.engine.limits import TURNS
from runs.engine.state import Failure, Result
from runs.engine.status import AgentStatus, RunStatus
from tests.engine.definitions import on, stage, to_stage
from tests.engine.world import World, run

# Retries


def waited(world: World, **fields: Any) -> float:
    """Seconds until the next try after one more failure."""
    world.fail("Ada", **fields)
    agent = world.agent("Ada")
    assert agent.status is AgentStatus.RETRYING
    assert agent.retry_at is not None
    pause = (agent.retry_at - world.now).total_seconds()
    world.wait_for_retry("Ada")
    return pause


def test_a_model_call_is_tried_three_times_by_default() -> None:
    """Rule 2.7: two failures are retried, the third is the last."""
    world = run(stage("Work", "Ada"))
    world.fail_until_due("Ada", 2)
    assert world.statuses() == ["ready"]

    world.fail("Ada")

    assert world.statuses() == ["failed"]
    assert [data["attempt"] for data in world.told("agent.retrying")] == [1, 2]


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_the_assignment_says_how_often_a_call_is_tried(attempts: int) -> None:
    """Rule 2.7: attempts are set per assignment."""
    world = run(stage("Work", on("Ada", retries={"attempts": attempts})))
    world.fail_until_due("Ada", attempts - 1)
    assert world.statuses() == ["ready"]

    world.fail("Ada")

    assert world.statuses() == ["failed"]


def test_pauses_double_up_to_their_bound() -> None:
    """Rule 2.7: exponential back-off, at most max_backoff."""
    world = run(stage("Work", on("Ada", retries={"attempts": 10, "backoff": 2, "max_backoff": 30})))

    assert [waited(world) for _ in range(6)] == [2, 4, 8, 16, 30, 30]


def test_jitter_shortens_a_pause_and_never_lengthens_it() -> None:
    """Rule 2.7: the shell draws the jitter, between a half and one."""
    world = run(stage("Work", on("Ada", retries={"attempts": 10, "backoff": 2, "max_backoff": 30})))

    assert [waited(world, jitter=0.5), waited(world, jitter=0.75), waited(world, jitter=1.0)] == [1, 3, 8]


def test_a_provider_that_asks_for_more_time_gets_it() -> None:
    """Rule 2.7: Retry-After beats a shorter back-off, and max_backoff does not cut it."""
    world = run(stage("Work", on("Ada", retries={"attempts": 4, "backoff": 8, "max_backoff": 10})))

    assert waited(world, retry_after=90) == 90
    assert waited(world, retry_after=2) == 10


def test_a_provider_cannot_ask_for_more_than_an_hour() -> None:
    """Rule 2.7: an absurd Retry-After does not park the agent for ever."""
    world = run(stage("Work", "Ada"))

    assert waited(world, retry_after=1e9) == 3_600


def test_without_a_back_off_the_agent_is_ready_at_once() -> None:
    """Rule 2.7: a back-off of 0 waits for no timer."""
    world = run(stage("Work", on("Ada", retries={"backoff": 0})))
    world.fail("Ada")

    assert world.statuses() == ["ready"]


def test_an_agent_that_backs_off_holds_no_claim_and_wakes_when_it_is_due() -> None:
    """Rule 2.7: without holding a worker while waiting; every move is in the log."""
    world = run(stage("Work", "Ada"))
    world.fail("Ada")
    assert world.play(facts.Claimed("1/0")).ignored

    world.wait_for_retry("Ada")

    assert world.statuses() == ["ready"]
    assert world.told("agent.resumed") == [{"key": "1/0", "reason": "retry"}]


def test_a_timer_that_fires_before_its_time_wakes_nobody() -> None:
    """Rule 11.4: the ring of an earlier back-off that comes late does not cut a later one short."""
    world = run(stage("Work", "Ada"))
    world.fail("Ada")
    world.wait_for_retry("Ada")
    world.fail("Ada")

    assert world.play(facts.RetryDue("1/0")).ignored
    assert world.statuses() == ["retrying"]


def test_an_answer_forgets_the_failures_before_it() -> None:
    """Rule 2.7: attempts are counted for one model call, not for the agent's whole work."""
    world = run(stage("Work", "Ada"))
    world.fail_until_due("Ada", 2)
    world.share("Ada", plan="A")
    world.fail_until_due("Ada", 2)

    assert world.statuses() == ["ready"]
    assert world.told("agent.retrying")[-1]["attempt"] == 2


# Who steps in


def test_the_fallback_model_is_tried_when_the_attempts_are_used_up() -> None:
    """Rule 2.7: at once, with attempts of its own, by the same agent."""
    world = run(stage("Work", "Ada"))
    world.fail_until_due("Ada", 3, has_spare_model=True)

    agent = world.agent("Ada")
    assert (agent.status, agent.spare_model, agent.attempt, agent.failures) == ("ready", True, 0, 3)
    assert world.told("agent.retrying")[-1]["by"] == "fallback_model"
    world.fail_until_due("Ada", 2, has_spare_model=True)
    world.fail("Ada", has_spare_model=True)
    assert world.status() is RunStatus.FAILED


def test_the_fallback_agent_does_the_whole_assignment_over() -> None:
    """Rule 2.7: after the models; with a conversation, attempts and decisions of its own."""
    world = run(stage("Work", on("Ada", fallback_agent="Ben"), outcomes=["go", "no"]))
    world.decide("Ada", "no")
    world.fail_until_due("Ada", 3)

    agent = world.agent("Ada")
    assert (agent.stand_in, agent.base, agent.decision, agent.failures) == (True, 1, None, 0)
    world.turn("Ada", "Ben's work")
    assert world.events[-1].kind == "run.completed"
    assert [event.agent for event in world.events if event.kind == "agent.finished"] == ["Ben"]
    assert world.outcome_of(1) == (None, "none")


def test_the_fallback_agent_may_use_its_own_fallback_model() -> None:
    """Rule 2.7: the stand-in has a model and a fallback model like any agent."""
    world = run(stage("Work", on("Ada", fallback_agent="Ben", retries={"attempts": 1})))
    world.fail("Ada", has_spare_model=True)
    world.fail("Ada", has_spare_model=True)
    agent = world.agent("Ada")
    assert (agent.stand_in, agent.spare_model) == (True, False)

    world.fail("Ada", has_spare_model=True)

    assert world.agent("Ada").spare_model
    assert [data["by"] for data in world.told("agent.retrying")] == [
        "fallback_model",
        "fallback_agent",
        "fallback_model",
    ]


def test_the_last_resort_stands_as_the_answer_with_a_warning() -> None:
    """Rule 2.7: when model, fallback model and fallback agent have all failed."""
    world = run(stage("Work", on("Ada", fallback_agent="Ben", last_resort="Call us.", retries={"attempts": 1})))
    world.fail("Ada")
    world.fail("Ada")

    assert world.status() is RunStatus.COMPLETED
    assert world.state.result == Result("narrative", "Call us.")
    assert world.warned == ["last_resort"]


@pytest.mark.parametrize("kind", ["bad_key", "unknown_model", "bad_request", "no_model"])
def test_a_permanent_error_fails_at_once(kind: str) -> None:
    """Rule 2.7: no retry, no fallback model, no fallback agent, no last resort."""
    world = run(stage("Work", on("Ada", fallback_agent="Ben", last_resort="Call us.")))
    world.fail("Ada", passing=False, kind=kind, has_spare_model=True)

    assert world.status() is RunStatus.FAILED
    assert world.told("agent.retrying") == []


# The stage and the run


def test_a_failed_agent_fails_a_run_whose_stage_does_not_declare_error() -> None:
    """Rule 2.8: the error names stage, agent and cause."""
    world = run(stage("Check", "Ada", "Ben"), stage("Next", "Cy"))
    world.claim("Ben")
    world.fail("Ada", passing=False, kind="bad_request")

    assert world.status() is RunStatus.FAILED
    assert world.state.error == Failure(
        "bad_request", "Stage Check, agent Ada: bad_request happened", stage="Check", agent="Ada"
    )
    assert world.statuses() == ["failed", "cancelled"]
    assert world.rows.stages[1].status == "failed"


def test_a_stage_that_declares_error_routes_it() -> None:
    """Rule 2.8: the outcome error leads where its route says; the run goes on with a warning."""
    world = run(
        stage("Check", "Ada", outcomes=["ok", "error"], default_outcome="ok", routes={"error": to_stage("Repair")}),
        stage("Next", "Ben"),
        stage("Repair", "Cy"),
    )
    world.fail("Ada", passing=False)

    assert world.path == ["Check", "Repair"]
    assert world.outcome_of(1) == ("error", "error")
    assert world.rows.stages[1].status == "done"
    assert world.warned == ["stage_failed"]


def test_the_outcome_error_without_a_route_goes_to_the_next_stage() -> None:
    """Rules 2.8 and 3.4: declaring error is enough."""
    world = run(stage("Check", "Ada", outcomes=["error"]), stage("Next", "Ben"))
    world.fail("Ada", passing=False)

    assert world.path == ["Check", "Next"]


def test_a_failed_stage_ends_the_work_of_its_other_agents() -> None:
    """Rule 2.8: an agent that fails fails its stage, blocked and retrying agents included."""
    world = run(stage("Check", "Ada", "Ben", "Cy", outcomes=["error"]), stage("Next", "Dan"))
    (call,) = world.trigger("Ben", "Report")
    world.fail("Cy")
    given_up = world.fail("Ada", passing=False).given_up

    assert given_up == (call,)
    assert [world.rows.agents[f"1/{position}"].status for position in range(3)] == ["failed", "cancelled", "cancelled"]


def test_exit_gates_of_a_failed_stage_are_not_opened() -> None:
    """Rule 2.8: the outcome error is already decided."""
    gate = {"kind": "approval", "message": "ok?", "options": {"Yes": "yes"}}
    world = run(stage("Check", "Ada", outcomes=["yes", "error"], exit_hooks=[gate]), stage("Next", "Ben"))
    world.fail("Ada", passing=False)

    assert world.path == ["Check", "Next"]
    assert world.told("gate.opened") == []


def test_with_on_failure_continue_the_error_takes_the_place_of_the_output() -> None:
    """Rule 2.8: the others go on, a warning is recorded, the run is not failed."""
    world = run(stage("Check", on("Ada", on_failure="continue"), "Ben"))
    world.fail("Ada", passing=False)
    world.say("Ben", text="fine")

    assert world.status() is RunStatus.COMPLETED
    assert world.state.result == Result("narrative", "rate_limit happened\n\nfine")
    assert world.warned == ["agent_failed"]
    assert "Stage Check, agent Ada" in world.state.warnings[0].message


def test_on_failure_continue_beats_a_declared_error() -> None:
    """Rule 2.8: the assignment says what its failure means; the stage does not fail."""
    world = run(stage("Check", on("Ada", on_failure="continue"), outcomes=["error"]), stage("Next", "Ben"))
    world.fail("Ada", passing=False)

    assert world.outcome_of(1) == (None, "none")


# Agents without an end


def endless(world: World, turns: int) -> None:
    for _ in range(turns):
        world.turn("Ada", "again", message=True)


def test_an_agent_that_never_ends_fails_at_the_turn_limit() -> None:
    """Rule 6.5: a clear error instead of an endless conversation."""
    world = run(stage("Work", on("Ada", on_failure="continue"), "Ben"))
    endless(world, TURNS - 1)
    assert world.agent("Ada").status is AgentStatus.RUNNING

    endless(world, 1)

    assert world.agent("Ada").status is AgentStatus.FAILED
    assert str(TURNS) in (world.agent("Ada").text or "")


def test_an_agent_that_blocks_in_every_turn_meets_the_turn_limit_too() -> None:
    """Rule 6.5: waiting again and again on one run is no way around it, and leaves no call open."""
    world = run(stage("Work", on("Ada", on_failure="continue"), "Ben"))
    endless(world, TURNS - 1)
    act = facts.Trigger(0, f"1/0/{TURNS}/0", "Report", waits=True, timeout=1, run_id="a run", counts=False)
    decision = world.turn("Ada", None, act)

    assert world.agent("Ada").status is AgentStatus.FAILED
    assert world.agent("Ada").open_calls == ()
    assert decision.given_up == (act.call,)
    assert world.play(facts.CallReturned(act.call, "Report", {"status": "completed"})).ignored


def test_a_stand_in_has_turns_of_its_own() -> None:
    """Rule 2.7: the turns of the agent that it replaced do not count."""
    world = run(stage("Work", on("Ada", fallback_agent="Ben", retries={"attempts": 1})))
    endless(world, TURNS - 1)
    world.fail("Ada")

    endless(world, 2)

    assert world.agent("Ada").status is AgentStatus.RUNNING


def test_a_run_that_the_shell_gives_up_fails_with_its_reason() -> None:
    """Rule 2.8: a defect that no stage can route fails the run, whatever the stage declares."""
    world = run(stage("Work", "Ada", outcomes=["error"]), stage("Next", "Ben"))
    world.claim("Ada")
    world.play(facts.Broken("crash_loop", "Ada took its worker down.", "Ada"))

    assert world.state.error == Failure("crash_loop", "Ada took its worker down.", "Work", "Ada")
    assert world.rows.stages[1].status == "failed"
