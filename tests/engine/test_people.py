"""Several people at one gate, reminders, and what agents ask: the engine's side (behaviour.md 7.4, interfaces.md 4)."""

from __future__ import annotations

from typing import Any

from runs.engine import facts
from runs.engine.state import load_state
from runs.engine.status import GateStatus, RunStatus
from tests.engine.definitions import approval, on, stage
from tests.engine.rows import stored
from tests.engine.world import World, run

Json = Any


def gated(**gate: Json) -> World:
    """A stage with an exit gate and no agents."""
    hook = approval({"Yes": "yes", "No": "no"}, output_key="decision", **gate)
    return run(stage("Ask", outcomes=["yes", "no"], exit_hooks=[hook]))


def test_the_option_that_reaches_the_quorum_decides() -> None:
    """Rule 7.4: voices for different options do not add up."""
    world = gated(quorum=2)
    world.answer("Yes", by="ana", comment="Good.")
    world.answer("No", by="ben")

    assert world.status() is RunStatus.WAITING
    assert [told["answers"] for told in world.told("gate.voted")] == [1, 1]
    world.answer("Yes", by="cy")
    assert world.outcome_of(1) == ("yes", "gate")
    output = world.state.values.hooks["decision"]
    assert (output["by"], output["comment"]) == ("ana, cy", "ana: Good.")


def test_everybody_has_one_voice_and_may_change_their_mind() -> None:
    """Rule 7.4: the same answer twice counts once; another one takes the place of the first."""
    world = gated(quorum=2)
    world.answer("Yes", by="ana")
    assert world.answer("Yes", by="ana").ignored
    world.answer("No", by="ana")
    world.answer("Yes", by="ben")

    assert world.status() is RunStatus.WAITING
    world.answer("No", by="ben")
    assert world.outcome_of(1) == ("no", "gate")


def test_a_deadline_decides_over_the_voices_so_far() -> None:
    """Rule 7.4: an agreement that was not reached in time is none."""
    world = gated(quorum=2, deadline={"after": 60, "outcome": "no"})
    world.answer("Yes", by="ana")
    world.expire()

    assert world.outcome_of(1) == ("no", "deadline")


def test_each_reminder_is_told_once_and_those_that_passed_are_not_made_up_for() -> None:
    """Rule 7.4: reminders in the order of their times."""
    world = gated(reminders=[30, 10, 20])
    gate = world.gate
    first = world.play(facts.GateReminded(gate, 1))
    assert [change.reminder for change in first.heard] == [20]
    assert world.play(facts.GateReminded(gate, 1)).ignored
    last = world.play(facts.GateReminded(gate, 3))

    assert [change.reminder for change in last.heard] == [None]
    assert [told["number"] for told in world.told("gate.reminded")] == [1, 3]
    assert world.play(facts.GateReminded(gate, 4)).ignored
    world.answer("Yes")
    assert world.play(facts.GateReminded(gate, 3)).ignored


def test_a_gate_that_an_older_version_opened_is_read() -> None:
    """Rule 11.1: a run goes on across an update."""
    world = gated(quorum=2)
    columns = stored(world.state)
    columns.position["gate"] = columns.position["gate"][:3]

    assert load_state(columns) == world.state


def asking(*questions: facts.Ask, **assignment: Json) -> World:
    """Ada asks, Ben works beside her."""
    world = run(stage("Work", on("Ada", **assignment), "Ben"))
    world.turn("Ada", None, *questions)
    return world


def test_an_agent_that_asks_is_blocked_and_the_others_go_on() -> None:
    """Interfaces 4: like a call of a workflow, only that a person returns it."""
    world = asking(facts.Ask(0, "1/0/1/0", "Which?", ("Red", "Blue")))
    assert world.statuses() == ["blocked", "ready"]
    world.say("Ben")

    assert world.status() is RunStatus.WAITING
    assert world.play(facts.GateAnswered("1/0/1/0", "Green", "", "ana", "inbox")).ignored
    assert world.play(facts.GateAnswered("1/0/1/0", "", "Green", "ana", "inbox")).ignored
    assert not world.play(facts.GateAnswered("1/0/1/0", "Blue", "", "ana", "inbox")).ignored
    assert world.play(facts.GateAnswered("1/0/1/0", "Red", "", "ben", "inbox")).ignored
    assert world.statuses() == ["ready", "done"]
    world.say("Ada")
    assert world.status() is RunStatus.COMPLETED


def test_all_questions_and_calls_of_a_turn_are_waited_for() -> None:
    """Rule 5.5: the agent resumes when all are back; a time-out counts as back."""
    call = facts.Trigger(2, "1/0/1/2", "Report", waits=True, timeout=60, run_id="child of 1/0/1/2")
    world = run(stage("Work", "Ada"))
    world.turn("Ada", None, facts.Ask(0, "1/0/1/0", "A?"), facts.Ask(1, "1/0/1/1", "B?", timeout=5), call)
    world.play(facts.GateAnswered("1/0/1/0", "", "Yes.", "ana", "inbox"))
    world.comes_back("1/0/1/2", "Report")
    assert world.statuses() == ["blocked"]
    world.play(facts.GateExpired("1/0/1/1"))

    assert world.statuses() == ["ready"]
    assert world.rows.gates == {"1/0/1/0": GateStatus.ANSWERED, "1/0/1/1": GateStatus.EXPIRED}


def test_a_channel_that_is_not_configured_does_not_stop_a_question() -> None:
    """Rule 7.2: it opens in the inbox, with a warning."""
    assert asking(facts.Ask(0, "1/0/1/0", "Which?", channel="telegram")).warned == ["channel_not_configured"]


def test_questions_end_with_their_run() -> None:
    """Rule 10.1."""
    world = asking(facts.Ask(0, "1/0/1/0", "Which?"))
    world.play(facts.Cancelled("ana"))

    assert world.rows.gates == {"1/0/1/0": GateStatus.CANCELLED}
