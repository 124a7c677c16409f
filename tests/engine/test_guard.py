"""The loop guard, and the hard stop behind it."""

from __future__ import annotations

from typing import Any

import pytest

from runs.engine.limits import STAGE_RUNS
from runs.engine.status import RunStatus
from tests.engine.definitions import approval, on, stage, to_stage, to_workflow
from tests.engine.world import World, run

Json = Any


def loop(*, max_visits: int, back_to: str = "Draft", after: bool = True) -> World:
    """Draft, then Review, whose agent may send it back; then Archive."""
    review = stage("Review", on("Ada"), outcomes=["revise", "ok"], routes={"revise": to_stage(back_to)}, max_visits=100)
    stages = [stage("Draft", max_visits=max_visits), review, *([stage("Archive", "Cy")] if after else [])]
    return run(*stages)


def send_back(world: World) -> None:
    world.decide("Ada", "revise")
    world.say("Ada")


def test_a_stage_may_be_visited_five_times_by_default_counted_with_the_first() -> None:
    """Rule 2.9: the sixth visit is not made."""
    world = run(
        stage("Draft"),
        stage("Review", "Ada", outcomes=["revise"], routes={"revise": to_stage("Draft")}, max_visits=100),
        stage("Archive", "Cy"),
    )
    for _ in range(5):
        send_back(world)

    assert world.path == ["Draft", "Review"] * 5 + ["Archive"]


@pytest.mark.parametrize("max_visits", [1, 2, 3])
def test_a_route_to_a_used_up_stage_is_forced_forward(max_visits: int) -> None:
    """Rule 2.9: to the stage after the one that wanted to loop, recorded as such."""
    world = loop(max_visits=max_visits)
    for _ in range(max_visits):
        send_back(world)

    assert world.path == ["Draft", "Review"] * max_visits + ["Archive"]
    assert world.told("guard.reached") == [{"wanted": "Draft", "max_visits": max_visits, "instead": "Archive"}]
    assert world.warned == ["guard_reached"]


def test_forward_means_after_the_stage_that_wanted_to_loop_not_after_its_target() -> None:
    """Rule 2.9: the stages between the two are not run again."""
    world = run(
        stage("One", max_visits=1),
        stage("Two", max_visits=100),
        stage("Three", "Ada", outcomes=["revise"], routes={"revise": to_stage("One")}),
        stage("Four", "Cy"),
    )
    send_back(world)

    assert world.path == ["One", "Two", "Three", "Four"]


def test_where_there_is_no_stage_after_the_run_completes_with_a_warning() -> None:
    """Rule 2.9: nowhere to go is the end, not a failure."""
    world = loop(max_visits=1, after=False)
    send_back(world)

    assert world.status() is RunStatus.COMPLETED
    assert world.warned == ["guard_reached"]
    assert world.told("guard.reached")[0]["instead"] == "end"


def test_a_stage_that_routes_to_itself_is_guarded() -> None:
    """Rule 2.9: the shortest loop."""
    world = run(
        stage("Work", "Ada", outcomes=["revise"], routes={"revise": to_stage("Work")}, max_visits=3),
        stage("Next", "Cy"),
    )
    for _ in range(3):
        send_back(world)

    assert world.path == ["Work"] * 3 + ["Next"]


def test_a_stage_in_the_way_forward_that_is_used_up_is_passed_over() -> None:
    """Rule 2.9: being forced forward never makes a visit too many."""
    world = run(
        stage("One", "Ada", outcomes=["revise"], routes={"revise": to_stage("One")}, max_visits=2),
        stage("Two", "Ada", outcomes=["revise"], routes={"revise": to_stage("One")}, max_visits=1),
        stage("Three", "Cy"),
    )
    world.say("Ada")
    send_back(world)
    assert world.path == ["One", "Two", "One"]

    send_back(world)

    assert world.path == ["One", "Two", "One", "Three"]


def test_the_next_stage_is_guarded_too_when_no_route_says_so() -> None:
    """Rule 2.9: a loop that comes by a stage in position order does not exceed its visits."""
    world = run(
        stage("One", max_visits=5),
        stage("Two", max_visits=1),
        stage("Three", "Ada", outcomes=["revise"], routes={"revise": to_stage("One")}, max_visits=2),
    )
    send_back(world)

    assert world.path == ["One", "Two", "Three", "One", "Three"]
    assert world.told("guard.reached")[0]["wanted"] == "Two"


def test_the_guard_never_overrides_what_a_person_chose() -> None:
    """Rule 2.9: the route of a gate's answer is followed, with a warning."""
    gate = approval({"Revise": "revise", "Approve": "approve"})
    world = run(
        stage("Draft", max_visits=2),
        stage("Review", outcomes=["revise", "approve"], routes={"revise": to_stage("Draft")}, exit_hooks=[gate]),
    )
    for _ in range(4):
        world.answer("Revise")
    world.answer("Approve")

    assert world.path == ["Draft", "Review"] * 5
    assert world.warned == ["guard_overridden"] * 3
    assert world.told("guard.reached") == []
    assert world.status() is RunStatus.COMPLETED


def test_a_person_who_answers_at_the_entry_is_not_overridden_either() -> None:
    """Rule 2.9: an outcome that a person chose, at whichever edge."""
    gate = approval({"Revise": "revise"})
    world = run(
        stage("Draft", max_visits=1),
        stage("Review", "Ada", outcomes=["revise"], routes={"revise": to_stage("Draft")}, entry_hooks=[gate]),
    )
    world.answer("Revise")

    assert world.path == ["Draft", "Review", "Draft", "Review"]
    assert world.warned == ["guard_overridden"]


def test_a_deadline_is_not_a_person() -> None:
    """Rule 2.9: an expired gate's outcome is guarded like any other."""
    gate = approval({"Revise": "revise"}, deadline={"after": 60, "outcome": "revise"})
    world = run(
        stage("Draft", max_visits=1),
        stage("Review", outcomes=["revise"], routes={"revise": to_stage("Draft")}, exit_hooks=[gate]),
        stage("Archive", "Cy"),
    )
    world.expire()

    assert world.path == ["Draft", "Review", "Archive"]
    assert world.warned == ["guard_reached"]


def after_deploy(decider: str, *, then: str, max_visits: int) -> World:
    """Draft, Review; Review's outcome starts Deploy and continues at `then`."""
    hooks: list[Json] = [approval({"Go": "go"})] if decider == "gate" else []
    default = None if decider == "gate" else "go"
    review = stage("Review", outcomes=["go"], default_outcome=default, routes={"go": to_workflow("Deploy", then=then)})
    return run(stage("Draft", max_visits=max_visits), {**review, "exit_hooks": hooks}, stage("Archive", "Cy"))


def test_continue_at_counts_as_a_route() -> None:
    """Rule 2.9: continuing at a used-up stage is forced forward."""
    world = after_deploy("default", then="Draft", max_visits=1)
    world.comes_back("route/2", "Deploy")

    assert world.path == ["Draft", "Review", "Archive"]
    assert world.warned == ["guard_reached"]


def test_continue_at_of_an_outcome_that_a_person_chose_is_followed() -> None:
    """Rule 2.9: with a warning, after the workflow has come back."""
    world = after_deploy("gate", then="Draft", max_visits=1)
    world.answer("Go")
    world.comes_back("route/2", "Deploy")

    assert world.path == ["Draft", "Review", "Draft", "Review"]
    assert world.warned == ["guard_overridden"]


def test_a_run_makes_at_most_a_thousand_stage_visits() -> None:
    """Rule 6.5: the hard stop fails the run with its reason; what was finished stays finished."""
    world = run(
        stage("One", outcomes=["again"], default_outcome="again", routes={"again": to_stage("Two")}, max_visits=1_000),
        stage("Two", outcomes=["again"], default_outcome="again", routes={"again": to_stage("One")}, max_visits=1_000),
    )

    assert len(world.path) == STAGE_RUNS == 1_000
    assert world.status() is RunStatus.FAILED
    assert world.state.error is not None
    assert world.state.error.code == "stage_limit"
    assert "1000" in world.state.error.message
    assert {change.status for change in world.rows.stages.values()} == {"done"}


def test_the_hard_stop_holds_for_people_too() -> None:
    """Rule 2.9: the guard never overrides a person, the hard stop of 6.5 does."""
    gate = approval({"Again": "again"})
    world = run(
        stage("Spin", outcomes=["more"], default_outcome="more", routes={"more": to_stage("Spin")}, max_visits=998),
        stage("Ask", outcomes=["again"], routes={"again": to_stage("Ask")}, exit_hooks=[gate], max_visits=1),
    )
    world.answer("Again")
    assert world.status() is RunStatus.WAITING
    assert len(world.path) == STAGE_RUNS

    world.answer("Again")

    assert world.status() is RunStatus.FAILED
    assert world.state.error is not None
    assert world.state.error.code == "stage_limit"
