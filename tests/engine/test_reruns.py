"""Where a re-run begins, and what it knows then; messages of people."""

from __future__ import annotations

from runs.engine import facts
from runs.engine.beside import Again
from runs.engine.decision import StageChange
from runs.engine.rerun import OldRun, Visit, first_entry, kept_positions, starting_state, values_before
from runs.engine.state import Values
from runs.engine.status import RunStatus, StageStatus
from tests.engine import story
from tests.engine.definitions import approval, definition, stage
from tests.engine.world import World, run

ASK = approval({"Yes": "yes"}, output_key="ok")
MAIN = definition(stage("Draft", "Ada", outcomes=["yes"], exit_hooks=[ASK]), stage("Look", "Ben"), stage("Send"))
VISITS = [Visit(1, "Draft", 0, ("Drafted.",)), Visit(2, "Look", 1, ("",)), Visit(3, "Draft", 0, (None,))]


def test_a_stage_is_repeated_from_its_latest_visit() -> None:
    """Rule 10.2: a stage that was never reached begins after all that was done."""
    assert [first_entry(VISITS, name) for name in ("Draft", "Look", "Send")] == [3, 2, 4]
    assert first_entry([], "Draft") == 1
    without = definition(stage("Look", "Ben"))
    assert kept_positions(VISITS, without.frozen) == {2: 0}


def test_what_was_known_is_read_from_the_log() -> None:
    """Rules 2.5, 10.2: shared results, hook outputs, workflows and the last texts, as they stood before the stage."""
    answer = {"option": "Yes", "outcome": "yes", "comment": "", "by": "ana", "at": "2027-01-04T09:00:00Z"}
    back = {"status": "completed", "kind": "notice", "result": "x", "error": None, "run_id": "1"}
    log = [
        ("results.shared", {"results": {"a": 1, "b": 1}, "key": "1/0"}),
        ("workflow.returned", {"workflow": "Count", "key": "1/0", **back}),
        ("workflow.returned", {"workflow": "Nowhere", "key": "1/0", **back}),
        ("results.shared", {"results": {"b": 2}}),
    ]
    old = OldRun(MAIN.frozen, VISITS, log, {"1/exit/0": {**answer, "channel": "inbox"}}, frozenset({"Count"}), Values())

    assert values_before(old) == Values({"a": 1, "b": 2}, {"ok": answer}, {"Count": back}, "Drafted.")


def test_a_kept_child_runs_again_before_the_stage_begins() -> None:
    """Rules 10.2, 2.9: one after the other, failing is a warning, and kept visits count as visits."""
    world = World(MAIN)
    again = tuple(Again(f"1/0/1/{place}", 0, name, "in", "1/0", 60) for place, name in enumerate(("Count", "Sum")))
    world.state = starting_state("Go.", {1: 0, 2: 1}, 3, 1, Values({"a": 1}), again)
    for entry, name in enumerate(("Draft", "Look"), start=1):  # the rows and the story of what is kept
        world.rows.stages[entry] = StageChange(entry, name, entry - 1, 1, True, StageStatus.DONE)
        world.rows.story.visits.append(story.Visit(name, 1, "done"))
    world.start()
    assert world.status() is RunStatus.WAITING
    world.completes("1/0/1/0", "Count", {"n": 2})
    world.comes_back("1/0/1/1", "Sum", "failed")

    assert [(route.workflow, route.input, route.agent) for route in world.routes] == [
        ("Count", "in", "1/0"),
        ("Sum", "in", "1/0"),
    ]
    assert (world.path, world.warned, world.state.visits) == (["Look"], ["failed_again"], {"0": 1, "1": 2})
    assert world.state.values.workflows["Count"]["result"] == {"n": 2}
    assert [agent.key for agent in world.state.agents] == ["3/0"]


def test_a_message_waits_for_the_turn_that_it_was_sent_with() -> None:
    """Rule 10.3: each agent at work hears it once; with nobody at work, the next to begin do."""
    world = run(stage("Work", "Ada", "Ben"), stage("Ask", outcomes=["yes"], exit_hooks=[ASK]), stage("Go", "Eve"))
    world.claim("Ada")
    world.play(facts.MessageReceived("Be quick.", "ana"))
    assert [message.to for message in world.state.messages] == [("1/0", "1/1")]
    ada = world.agent("Ada")
    world.play(facts.TurnTaken(ada.key, ada.epoch, "Done.", turn=1, heard=1))
    assert [message.to for message in world.state.messages] == [("1/1",)]
    world.say("Ben")
    assert not world.state.messages
    world.play(facts.MessageReceived("Hello.", "ana"))
    world.answer("Yes")

    assert [message.to for message in world.state.messages] == [("3/0",)]
    assert world.told("message.received")[1] == {"text": "Hello.", "by": "ana", "to": []}
