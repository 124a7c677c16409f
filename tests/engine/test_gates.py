"""Gates: when they open, what an answer does, and what happens when none comes."""

from __future__ import annotations

from typing import Any

import pytest

from runs.engine import facts
from runs.engine.status import GateStatus, RunStatus
from tests.engine.definitions import approval, stage, to_stage
from tests.engine.world import World, run

Json = Any


def reviewed(**gate: Json) -> World:
    """A stage with an exit gate, its agent done."""
    hook = approval({"Approve": "approve", "Reject": "reject"}, output_key="decision", **gate)
    world = run(
        stage(
            "Review",
            "Ada",
            outcomes=["approve", "reject"],
            routes={"reject": to_stage("Archive")},
            exit_hooks=[hook],
        ),
        stage("Publish", "Ben"),
        stage("Archive", "Cy"),
    )
    world.share("Ada", plan="A")
    world.say("Ada")
    return world


# Exit


def test_an_exit_gate_suspends_the_run_after_the_agents() -> None:
    """Rule 7.2: nobody works while a person is asked."""
    world = reviewed()

    assert world.status() is RunStatus.WAITING
    assert world.path == ["Review"]
    assert world.rows.gates == {"1/exit/0": GateStatus.OPEN}


def test_the_message_is_sent_with_values_put_in_and_the_options() -> None:
    """Rule 7.2: message and options, as the person will see them."""
    hook = approval({"Yes": "go", "No": None}, message="Publish {{results.plan}}?")
    world = run(stage("Review", "Ada", outcomes=["go"], exit_hooks=[hook]))
    world.share("Ada", plan="A")
    decision = world.turn("Ada", "done")

    assert decision.opened[0].message == "Publish A?"
    assert world.told("gate.opened")[0]["options"] == ["Yes", "No"]


def test_a_name_that_stands_for_nothing_stays_in_the_message_with_a_warning() -> None:
    """Rule 7.2: a message never fails its gate; what is not known yet is no name."""
    hook = approval({"Yes": "go"}, message="{{results.plan}} {{outcome}} {{agent}}")
    world = World(run(stage("Review", outcomes=["go"], exit_hooks=[hook])).definition)
    decision = world.play(facts.Started())

    assert decision.opened[0].message == "{{results.plan}} {{outcome}} {{agent}}"
    assert world.warned == ["unknown_value"]


@pytest.mark.parametrize(("option", "path"), [("Approve", ["Review", "Publish"]), ("Reject", ["Review", "Archive"])])
def test_the_answer_becomes_the_stages_outcome(option: str, path: list[str]) -> None:
    """Rule 7.2: each option maps to an outcome, the outcome to a route."""
    world = reviewed()
    world.answer(option, by="ana", comment="because")

    assert world.path == path
    assert world.rows.gates == {"1/exit/0": GateStatus.ANSWERED}
    answered = world.told("gate.answered")[0]
    assert (answered["option"], answered["by"], answered["comment"], answered["channel"]) == (
        option,
        "ana",
        "because",
        "inbox",
    )


def test_the_first_answer_wins() -> None:
    """Rule 7.3: every later one changes nothing, the same person's same answer included."""
    world = reviewed()
    gate = world.gate
    world.answer("Approve")
    before = world.state

    for option, by in (("Reject", "ben"), ("Approve", "ana")):
        assert world.play(facts.GateAnswered(gate, option, "", by, "telegram")).ignored
    assert world.state == before
    assert len(world.told("gate.answered")) == 1


def test_an_option_that_is_not_offered_is_no_answer() -> None:
    """Rule 7.3: the gate stays open for the person who reads the options."""
    world = reviewed()

    assert world.play(facts.GateAnswered(world.gate, "approve", "", "ana", "inbox")).ignored
    assert world.state.gate is not None


def test_an_answer_to_the_gate_of_an_earlier_visit_is_none() -> None:
    """Rule 7.3: each visit has a gate of its own."""
    hook = approval({"Again": "again"})
    world = run(stage("Review", outcomes=["again"], routes={"again": to_stage("Review")}, exit_hooks=[hook]))
    first = world.gate
    world.answer("Again")

    assert world.gate == "2/exit/0"
    assert world.play(facts.GateAnswered(first, "Again", "", "ana", "inbox")).ignored


# Entry


def at_entry(options: dict[str, str | None]) -> World:
    return run(
        stage("Work", "Ada", outcomes=["skip"], routes={"skip": to_stage("Archive")}, entry_hooks=[approval(options)]),
        stage("Next", "Ben"),
        stage("Archive", "Cy"),
    )


def test_an_entry_gate_holds_the_stage_before_its_agents() -> None:
    """Rule 7.2: no agent has started."""
    world = at_entry({"Go": None, "Skip": "skip"})

    assert world.status() is RunStatus.WAITING
    assert world.state.agents == ()


def test_an_option_without_an_outcome_lets_the_agents_start() -> None:
    """Rule 7.2: at entry, null means go on."""
    world = at_entry({"Go": None, "Skip": "skip"})
    world.answer("Go")

    assert world.statuses() == ["ready"]
    world.say("Ada")
    assert world.outcome_of(1) == (None, "none")
    assert world.path == ["Work", "Next"]


def test_an_option_with_an_outcome_ends_the_stage_and_no_agent_starts() -> None:
    """Rule 7.2: at entry, an outcome ends the stage with it."""
    world = at_entry({"Go": None, "Skip": "skip"})
    world.answer("Skip")

    assert world.path == ["Work", "Archive"]
    assert world.outcome_of(1) == ("skip", "gate")
    assert [event for event in world.events if event.kind == "agent.started" and event.stage == "Work"] == []


def test_entry_gates_are_asked_in_order_and_the_first_outcome_ends_the_stage() -> None:
    """Rule 7.1: hooks run in order; what comes after the end of a stage is not asked."""
    gates = [approval({"Go": None}), approval({"Skip": "skip"}), approval({"Go": None})]
    world = run(stage("Work", "Ada", outcomes=["skip"], entry_hooks=gates), stage("Next", "Ben"))
    world.answer("Go")
    assert world.gate == "1/entry/1"

    world.answer("Skip")

    assert world.path == ["Work", "Next"]
    assert len(world.told("gate.opened")) == 2


# Channels and conditions


def test_a_channel_that_is_not_configured_never_blocks() -> None:
    """Rule 7.2: the gate opens in the inbox, with a warning that names the channel."""
    world = reviewed(channels=["inbox", "telegram", "slack"])

    assert world.state.gate is not None
    assert world.warned == ["channel_not_configured"] * 2
    assert ["telegram" in warning.message for warning in world.state.warnings] == [True, False]


@pytest.mark.parametrize(("value", "opens"), [("A", True), ("B", False)])
def test_a_gate_with_a_condition_that_does_not_hold_is_skipped(value: str, opens: bool) -> None:
    """Rule 7.1: recorded as skipped."""
    world = reviewed(when={"path": "results.plan", "op": "eq", "value": value})

    assert (world.state.gate is not None) is opens
    assert [data for data in world.told("hook.finished") if data.get("skipped")] == (
        [] if opens else [{"hook": "Sign off", "hook_kind": "approval", "skipped": True}]
    )


def test_a_hook_kind_that_is_not_run_yet_fails_the_run_and_is_never_skipped() -> None:
    """Rule 7.1: nothing is silently left out."""
    world = run(stage("Work", entry_hooks=[{"kind": "wait", "seconds": 5}]))

    assert world.status() is RunStatus.FAILED
    assert world.state.error is not None
    assert world.state.error.code == "not_supported"


# Deadlines


def test_a_deadline_opens_with_the_gate() -> None:
    """Rule 7.4: seconds from the opening."""
    world = reviewed(deadline={"after": 60, "outcome": "reject"})

    assert world.told("gate.opened")[0]["deadline"] == 60


def test_an_expired_gate_ends_with_the_outcome_of_its_deadline() -> None:
    """Rule 7.4: as if it had been answered, by nobody."""
    world = reviewed(deadline={"after": 60, "outcome": "reject"})
    world.expire()

    assert world.path == ["Review", "Archive"]
    assert world.outcome_of(1) == ("reject", "deadline")
    assert world.rows.gates == {"1/exit/0": GateStatus.EXPIRED}
    output = world.state.values.hooks["decision"]
    assert (output["option"], output["outcome"], output["by"]) == (None, "reject", None)


def test_an_answer_after_the_expiry_is_ignored_and_the_other_way_round() -> None:
    """Rules 7.3 and 7.4: whichever is first stands."""
    expired, answered = (reviewed(deadline={"after": 60, "outcome": "reject"}) for _ in range(2))
    gate = expired.gate
    expired.expire()
    answered.answer("Approve")

    assert expired.play(facts.GateAnswered(gate, "Approve", "", "ana", "inbox")).ignored
    assert answered.play(facts.GateExpired(gate)).ignored
    assert expired.path == ["Review", "Archive"]
    assert answered.path == ["Review", "Publish"]


def test_a_deadline_without_an_outcome_leaves_the_decision_to_the_next_decider() -> None:
    """Rules 7.4 and 3.2: null decides none."""
    hook = approval({"Reject": "reject"}, deadline={"after": 60})
    world = run(stage("Review", outcomes=["ok", "reject"], default_outcome="ok", exit_hooks=[hook]))
    world.expire()

    assert world.outcome_of(1) == ("ok", "default")


def test_a_deadline_at_the_entry_lets_the_agents_start_or_ends_the_stage() -> None:
    """Rules 7.2 and 7.4: the outcome of the expiry is taken like that of an option."""
    paths = {}
    for outcome in (None, "skip"):
        hook = approval({"Go": None}, deadline={"after": 60, "outcome": outcome})
        world = run(stage("Work", "Ada", outcomes=["skip"], entry_hooks=[hook]), stage("Next", "Ben"))
        world.expire()
        paths[outcome] = world.path

    assert paths == {None: ["Work"], "skip": ["Work", "Next"]}


def test_a_gate_without_a_deadline_never_expires() -> None:
    """Rule 7.4: a stray timer changes nothing."""
    world = reviewed()

    assert world.play(facts.GateExpired(world.gate)).ignored


def test_a_gate_is_cancelled_with_its_run() -> None:
    """Rule 10.1: nobody can answer it any more."""
    world = reviewed()
    gate = world.gate
    world.play(facts.Cancelled("ana"))

    assert world.rows.gates == {gate: GateStatus.CANCELLED}
    assert world.play(facts.GateAnswered(gate, "Approve", "", "ben", "inbox")).ignored
