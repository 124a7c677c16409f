"""Outcomes: who decides them, and where they lead."""

from __future__ import annotations

import pytest

from runs.engine.status import RunStatus
from tests.engine.definitions import approval, stage, to_stage
from tests.engine.world import World, run

LABELS = ["approve", "reject", "revise"]


def review(*agents: str, **fields: object) -> World:
    """A stage with three outcomes between two others."""
    routes = {"reject": to_stage("Archive"), "revise": to_stage("Review")}
    block = stage("Review", *agents, outcomes=LABELS, routes=routes)
    return run({**block, **fields}, stage("Publish", "Cy"), stage("Archive", "Cy"))


def test_a_stage_without_outcomes_goes_to_the_next() -> None:
    """Rule 3.1: and nothing is decided."""
    world = run(stage("One", "Ada"), stage("Two", "Ada"))
    world.say("Ada")

    assert world.path == ["One", "Two"]
    assert world.outcome_of(1) == (None, "none")
    assert world.told("outcome.decided") == []


def test_outcomes_are_case_sensitive() -> None:
    """Rule 3.1: Approve is not approve."""
    world = review("Ada")

    assert "error" in world.decide("Ada", "Approve")
    assert world.decide("Ada", "approve") == {"decided": "approve"}


def test_labels_that_differ_in_case_alone_are_two_outcomes() -> None:
    """Rule 3.1: labels are compared exactly, in routes too."""
    routes = {"ok": to_stage("Archive"), "OK": to_stage("end")}
    world = run(stage("Review", "Ada", outcomes=["ok", "OK"], routes=routes), stage("Publish"), stage("Archive", "Cy"))
    world.decide("Ada", "OK")
    world.say("Ada")

    assert world.status() is RunStatus.COMPLETED


def test_the_last_exit_gate_decides_before_any_agent() -> None:
    """Rule 3.2: a person's answer comes first."""
    world = review("Ada", exit_hooks=[approval({"Yes": "approve", "No": "reject"})], default_outcome="revise")
    world.decide("Ada", "revise")
    world.say("Ada")
    world.answer("No")

    assert world.outcome_of(1) == ("reject", "gate")
    assert world.path == ["Review", "Archive"]


def test_of_two_exit_gates_the_last_decides() -> None:
    """Rule 3.2: the answer to the last blocking exit gate."""
    gates = [approval({"Yes": "approve", "No": "reject"}), approval({"Yes": "approve", "No": "reject"})]
    world = review(exit_hooks=gates)
    world.answer("No")
    assert world.path == ["Review"]

    world.answer("Yes")

    assert world.outcome_of(1) == ("approve", "gate")


def test_a_skipped_last_gate_leaves_the_decision_to_the_one_before() -> None:
    """Rule 3.2: a gate that was never asked has no answer."""
    never = approval({"Yes": "approve"}, when={"path": "results.x", "op": "exists"})
    world = review(exit_hooks=[approval({"No": "reject"}), never])
    world.answer("No")

    assert world.outcome_of(1) == ("reject", "gate")


def test_an_answer_without_an_outcome_leaves_the_decision_to_the_next_decider() -> None:
    """Rule 3.2: first that applies; an option may be mapped to no outcome."""
    world = review("Ada", exit_hooks=[approval({"Let them": None})])
    world.decide("Ada", "reject")
    world.say("Ada")
    world.answer("Let them")

    assert world.outcome_of(1) == ("reject", "agent")


def test_an_answer_counts_for_its_own_visit_only() -> None:
    """Rule 3.2: on the next visit the gate is not asked, and the answer of the first does not linger."""
    once = approval({"Again": "revise"}, when={"path": "visit", "op": "lt", "value": 2})
    world = review("Ada", exit_hooks=[once], default_outcome="reject")
    world.say("Ada")
    world.answer("Again")
    world.say("Ada")

    assert world.outcome_of(1) == ("revise", "gate")
    assert world.outcome_of(2) == ("reject", "default")


def test_an_agents_decision_comes_before_the_default() -> None:
    """Rule 3.2: second in the order."""
    world = review("Ada", default_outcome="approve")
    world.decide("Ada", "reject")
    world.say("Ada")

    assert world.outcome_of(1) == ("reject", "agent")


def test_the_default_outcome_applies_when_nobody_decided() -> None:
    """Rule 3.2: third in the order."""
    world = review("Ada", default_outcome="reject")
    world.say("Ada")

    assert world.outcome_of(1) == ("reject", "default")
    assert world.path == ["Review", "Archive"]


def test_nobody_and_no_default_is_no_outcome() -> None:
    """Rules 3.2 and 3.4: none goes to the next stage."""
    world = review("Ada")
    world.say("Ada")

    assert world.outcome_of(1) == (None, "none")
    assert world.path == ["Review", "Publish"]


def test_if_several_agents_decided_the_last_by_position_counts() -> None:
    """Rule 3.2: position, not time; the others are recorded."""
    world = review("Ada", "Ben", "Cy")
    world.decide("Ben", "reject")
    world.decide("Ada", "revise")
    world.say("Ben", "Cy", "Ada")

    assert world.outcome_of(1) == ("reject", "agent")
    decided = world.told("outcome.decided")[0]
    assert decided["by"] == "Ben"
    assert decided["others"] == [{"agent": "Ada", "outcome": "revise"}]


def test_the_same_agent_at_two_places_is_recorded_twice() -> None:
    """Rule 3.2: two assignments of one agent do not hide each other."""
    world = review("Ada", "Ada", "Ada")
    for key, outcome in (("1/0", "approve"), ("1/1", "revise"), ("1/2", "reject")):
        world.decide(key, outcome)
        world.say(key)

    assert [other["outcome"] for other in world.told("outcome.decided")[0]["others"]] == ["approve", "revise"]


def test_an_agent_may_change_its_mind() -> None:
    """Rule 3.2: its last decision is its decision."""
    world = review("Ada")
    world.decide("Ada", "approve")
    world.decide("Ada", "reject")
    world.say("Ada")

    assert world.outcome_of(1) == ("reject", "agent")


def test_a_wrong_label_goes_back_once_with_the_allowed_ones() -> None:
    """Rule 3.3: the agent is told what it may decide."""
    world = review("Ada")

    assert world.decide("Ada", "maybe")["allowed"] == LABELS
    assert world.warned == []


def test_a_wrong_label_after_that_counts_as_none() -> None:
    """Rule 3.3: with a warning; the default applies as if nobody had decided."""
    world = review("Ada", default_outcome="reject")
    world.decide("Ada", "maybe")
    told = world.decide("Ada", "perhaps")
    world.say("Ada")

    assert "allowed" not in told
    assert world.warned == ["decision_ignored"]
    assert world.outcome_of(1) == ("reject", "default")


def test_a_right_label_after_a_wrong_one_is_taken() -> None:
    """Rule 3.3: that is what it was sent back for."""
    world = review("Ada")
    world.decide("Ada", "maybe")
    world.decide("Ada", "reject")
    world.say("Ada")

    assert world.outcome_of(1) == ("reject", "agent")


def test_on_a_stage_without_outcomes_every_decision_is_wrong() -> None:
    """Rule 3.3: there are no labels to choose from."""
    world = run(stage("Work", "Ada"))

    assert world.decide("Ada", "go")["allowed"] == []


@pytest.mark.parametrize(
    ("outcome", "path"),
    [("approve", ["Review", "Publish"]), ("reject", ["Review", "Archive"]), ("revise", ["Review", "Review"])],
)
def test_an_outcome_leads_where_its_route_says_and_without_one_to_the_next_stage(outcome: str, path: list[str]) -> None:
    """Rule 3.4: to a stage, forward or back."""
    world = review("Ada")
    world.decide("Ada", outcome)
    world.say("Ada")

    assert world.path == path


def test_a_route_to_the_end_completes_the_run() -> None:
    """Rule 3.4: whatever stages are left."""
    world = review("Ada", routes={"approve": to_stage("end")})
    world.decide("Ada", "approve")
    world.say("Ada")

    assert world.status() is RunStatus.COMPLETED
    assert world.told("route.taken") == [{"outcome": "approve", "to": "end", "stage": "end"}]


def test_the_log_says_which_outcome_was_decided_by_whom_and_which_route_was_taken() -> None:
    """Rule 11.6: outcome, then the end of the stage, then the route."""
    world = review("Ada")
    world.decide("Ada", "reject")
    world.say("Ada")

    kinds = [event.kind for event in world.events][-4:]
    assert kinds == ["outcome.decided", "stage.finished", "route.taken", "stage.started"]
