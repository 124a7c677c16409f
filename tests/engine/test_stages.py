"""Stages: their order, and how their agents work together."""

from __future__ import annotations

from typing import Any

import pytest

from runs.engine import facts
from runs.engine.status import RunStatus
from tests.engine.definitions import on, stage
from tests.engine.world import run


def test_stages_run_in_position_order_and_the_run_completes_after_the_last() -> None:
    """Rule 2.1: position order, unless a route says otherwise."""
    world = run(stage("One", "Ada"), stage("Two", "Ada"), stage("Three", "Ada"))
    for _ in range(3):
        world.say("Ada")

    assert world.path == ["One", "Two", "Three"]
    assert world.status() is RunStatus.COMPLETED


def test_all_agents_of_a_parallel_stage_are_ready_at_once() -> None:
    """Rule 2.2: parallel is the default, all work at the same time."""
    world = run(stage("Work", "Ada", "Ben", "Cy"))

    assert world.statuses() == ["ready"] * 3
    for name in ("Cy", "Ada", "Ben"):
        world.claim(name)
    assert world.statuses() == ["running"] * 3


def test_a_parallel_stage_ends_when_the_last_agent_has_ended() -> None:
    """Rule 2.2: nobody starts on the next stage before."""
    world = run(stage("Work", "Ada", "Ben"), stage("Next", "Cy"))
    world.say("Ben")
    assert world.path == ["Work"]

    world.say("Ada")

    assert world.path == ["Work", "Next"]


def test_in_sequence_each_agent_starts_when_the_one_before_has_ended() -> None:
    """Rule 2.2: position order, one after the other."""
    world = run(stage("Work", "Ada", "Ben", "Cy", mode="sequence"))
    assert world.statuses() == ["ready"]

    world.say("Ada")
    assert world.statuses() == ["done", "ready"]
    world.say("Ben")
    assert world.statuses() == ["done", "done", "ready"]
    world.say("Cy")

    assert world.status() is RunStatus.COMPLETED


def test_in_sequence_an_agent_knows_what_those_before_it_shared() -> None:
    """Rule 2.2: each sees what those before it produced."""
    world = run(stage("Work", "Ada", "Ben", mode="sequence"))
    world.share("Ada", plan="A")
    assert len(world.state.agents) == 1

    world.say("Ada")

    assert world.agent("Ben").turn == 0
    assert world.state.values.results == {"plan": "A"}


def test_in_sequence_a_blocked_agent_holds_up_those_after_it() -> None:
    """Rule 5.2: they have not started yet and wait for its output, as for any unfinished agent."""
    world = run(stage("Work", "Ada", "Ben", mode="sequence"))
    (call,) = world.trigger("Ada", "Report")
    assert world.statuses() == ["blocked"]

    world.comes_back(call, "Report")
    world.say("Ada")

    assert world.statuses() == ["done", "ready"]


def test_in_sequence_the_next_agent_starts_after_one_that_failed_and_may() -> None:
    """Rule 2.8: with on_failure continue the others go on."""
    world = run(stage("Work", on("Ada", on_failure="continue"), "Ben", mode="sequence"))
    world.fail("Ada", passing=False)

    assert world.statuses() == ["failed", "ready"]


def test_a_stage_without_agents_is_passed_through() -> None:
    """Rule 2.2: it runs its hooks only, in either mode."""
    for mode in ("parallel", "sequence"):
        world = run(stage("Empty", mode=mode), stage("Work", "Ada"))

        assert world.path == ["Empty", "Work"]
        assert world.outcome_of(1) == (None, "none")


def test_a_workflow_of_empty_stages_completes_when_it_is_taken_up() -> None:
    """Rule 2.1: there is nothing to wait for."""
    world = run(stage("One"), stage("Two"))

    assert world.status() is RunStatus.COMPLETED
    assert world.path == ["One", "Two"]


def test_every_visit_has_agents_of_its_own() -> None:
    """Rule 2.2: a stage that is visited again starts afresh."""
    world = run(stage("Work", "Ada", outcomes=["again"], routes={"again": {"stage": "Work"}}))
    world.decide("Ada", "again")
    world.say("Ada")

    agent = world.agent("Ada")
    assert agent.key == "2/0"
    assert (agent.turn, agent.epoch, agent.decision) == (0, 0, None)


def test_a_message_to_the_others_does_not_end_the_agents_work() -> None:
    """Rule 2.2: an agent that says something goes on until it gives its final text."""
    world = run(stage("Work", "Ada"))
    world.turn("Ada", "Hello all.", message=True)
    assert world.statuses() == ["running"]

    world.say("Ada", text="Done.")

    assert [data["text"] for data in world.told("agent.message")] == ["Hello all."]
    assert world.status() is RunStatus.COMPLETED


def test_an_agent_goes_on_under_the_same_claim_after_its_tools() -> None:
    """Rule 11.3: tools that touch only rows of the run need no new claim."""
    world = run(stage("Work", "Ada"))
    world.share("Ada", plan="A")

    assert world.agent("Ada").status == "running"
    assert world.agent("Ada").epoch == 1


def test_a_tool_that_is_answered_at_once_gets_the_answer_it_was_given() -> None:
    """Rule 2.4: a refused tool call is its result, the agent goes on."""
    world = run(stage("Work", "Ada"))

    replies = world.turn("Ada", None, facts.Reply(0, {"error": "off"}), facts.Share(1, {"b": 1, "a": 2})).replies

    assert replies == {0: {"error": "off"}, 1: {"shared": ["a", "b"]}}
    assert world.agent("Ada").status == "running"


def test_a_model_that_has_nothing_to_add_ends_its_work_with_its_tools() -> None:
    """interfaces.md 3: a script without `say` ends with its last tools; no turn is taken for an empty text."""
    world = run(stage("Work", "Ada", outcomes=["go", "stop"]))

    replies = world.turn("Ada", None, facts.Share(0, {"a": 1}), facts.Decide(1, "stop"), last=True).replies

    assert replies == {0: {"shared": ["a"]}, 1: {"decided": "stop"}}
    assert world.status() is RunStatus.COMPLETED
    assert world.state.values.results == {"a": 1}


@pytest.mark.parametrize("act", [facts.Pending(0), "call"])
def test_a_model_that_has_nothing_to_add_still_waits_for_its_tools(act: Any) -> None:
    """Rule 5.1: what it started and waits for comes back before its work ends."""
    world = run(stage("Work", "Ada"))
    if act == "call":
        (act,) = world.triggers("Ada", "Report")

    world.turn("Ada", None, act, last=True)

    assert world.agent("Ada").status in ("running", "blocked")
    assert world.status() in (RunStatus.RUNNING, RunStatus.WAITING)


def test_unknown_names_that_a_model_used_are_warned_about() -> None:
    """Rule 2.5: what the runtime reports as unknown becomes one warning each."""
    world = run(stage("Work", "Ada"))
    agent = world.held("Ada")
    world.play(facts.TurnTaken(agent.key, agent.epoch, "hi", warnings=("{{results.x}} names nothing",)))

    assert world.warned == ["unknown_value"]
