"""Runs: their statuses and what they return."""

from __future__ import annotations

import pytest

from builder.spec import AgentSpec
from runs.engine import facts
from runs.engine.state import Result, RunState
from runs.engine.status import FINAL_RUN, RUN_MOVES, RunStatus
from tests.engine.definitions import approval, definition, on, stage, to_stage, to_workflow
from tests.engine.world import World, run

# Statuses


def test_a_new_run_is_queued_until_a_worker_takes_it_up() -> None:
    """Rule 1.3: queued, then running as soon as an agent has something to do."""
    world = World(definition(stage("Work", "Ada")))
    assert world.status() is RunStatus.QUEUED

    world.start()

    assert world.status() is RunStatus.RUNNING


def test_a_run_waits_when_nothing_is_left_to_do_until_something_answers() -> None:
    """Rule 1.3: waiting means that only a child run, a person or a timer can move the run on."""
    world = run(stage("Work", "Ada", "Ben"))
    world.trigger("Ada", "Report")
    assert world.status() is RunStatus.RUNNING

    world.say("Ben")

    assert world.status() is RunStatus.WAITING
    assert world.told("run.waiting") == [{"waiting_for": [{"kind": "workflow", "agent": "Ada", "calls": 1}]}]


def test_a_waiting_run_is_running_again_as_soon_as_an_agent_can_go_on() -> None:
    """Rule 1.3: the log tells both moves."""
    world = run(stage("Work", "Ada"))
    (call,) = world.trigger("Ada", "Report")

    world.comes_back(call, "Report")

    assert world.status() is RunStatus.RUNNING
    kinds = [event.kind for event in world.events]
    assert kinds.index("run.waiting") < kinds.index("run.resumed")


@pytest.mark.parametrize("wait", ["gate", "workflow", "retry", "route"])
def test_every_kind_of_wait_makes_the_run_waiting(wait: str) -> None:
    """Rule 1.3: a person, a child of an agent, a timer, a child of a route."""
    hooks = [approval({"Go": "go"})] if wait == "gate" else []
    routes = {"go": to_workflow("Report")}
    world = run(stage("Work", "Ada", outcomes=["go"], default_outcome="go", routes=routes, exit_hooks=hooks))
    if wait == "workflow":
        world.trigger("Ada", "Report")
    elif wait == "retry":
        world.fail("Ada")
    else:
        world.say("Ada")

    assert world.status() is RunStatus.WAITING
    assert world.told("run.waiting")[0]["waiting_for"][0]["kind"] == {"route": "workflow"}.get(wait, wait)


def test_final_statuses_are_completed_failed_and_cancelled() -> None:
    """Rule 1.3: the last three are final, by the table itself."""
    assert {RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED} == FINAL_RUN


@pytest.mark.parametrize("status", sorted(FINAL_RUN))
def test_a_final_run_takes_no_fact(status: RunStatus) -> None:
    """Rule 1.3: a run that has ended never changes again, whatever arrives."""
    world = run(stage("Work", "Ada"))
    held = world.claim("Ada")
    match status:
        case RunStatus.COMPLETED:
            world.say("Ada")
        case RunStatus.FAILED:
            world.fail("Ada", passing=False)
        case _:
            world.play(facts.Cancelled("ana"))
    assert world.status() is status
    before = world.state

    for fact in (
        facts.Started(),
        facts.Claimed(held.key),
        facts.Claimed(held.key, lost=True),
        facts.TurnTaken(held.key, held.epoch, "late"),
        facts.TurnFailed(held.key, held.epoch, True, "timeout", "late"),
        facts.RetryDue(held.key),
        facts.Cancelled("ben"),
        facts.Paused("ben"),
        facts.Resumed("ben"),
        facts.Broken("bug", "late"),
    ):
        assert world.play(fact).ignored
    assert world.state == before


def test_every_status_can_be_reached_and_only_the_final_ones_are_left_by_no_move() -> None:
    """Rule 1.3: the table has no orphan and no trap."""
    reached = {RunStatus.QUEUED}.union(*RUN_MOVES.values())

    assert reached == set(RunStatus)
    assert {status for status, moves in RUN_MOVES.items() if not moves} == set(FINAL_RUN)


# Results


def test_shared_results_of_all_agents_are_merged_into_a_structured_result() -> None:
    """Rule 1.6: structured comes first, texts do not matter then."""
    world = run(stage("One", "Ada", "Ben"), stage("Two", "Cy"))
    world.share("Ben", topic="cats", length=3)
    world.share("Ada", length=5)
    world.say("Ada", "Ben")
    world.share("Cy", done=True)
    world.say("Cy", text="All done.")

    assert world.state.result == Result("structured", {"topic": "cats", "length": 5, "done": True})


def test_without_shared_results_the_texts_of_the_last_stage_are_the_result() -> None:
    """Rule 1.6: narrative, in position order whoever ended first, joined by a blank line."""
    world = run(stage("One", "Zoe"), stage("Two", "Ada", "Ben", "Cy"))
    world.say("Zoe", text="early")
    world.say("Cy", text="third")
    world.say("Ada", text="first")
    world.say("Ben", text="second")

    assert world.state.result == Result("narrative", "first\n\nsecond\n\nthird")


def test_the_narrative_is_of_the_last_stage_that_produced_any_text() -> None:
    """Rule 1.6: a last stage that is silent, or has no agents, does not wipe out what came before."""
    world = run(stage("One", "Ada"), stage("Two", "Ben"), stage("Three", "Cy"), stage("Hooks only"))
    world.say("Ada", text="old")
    world.say("Ben", text="the report")
    world.say("Cy", text=" \n")

    assert world.state.result == Result("narrative", "the report")


def test_an_empty_text_among_others_leaves_no_gap() -> None:
    """Rule 1.6: empty text counts as none."""
    world = run(stage("Work", "Ada", "Ben", "Cy"))
    world.say("Ada", text="first")
    world.say("Ben", text="")
    world.say("Cy", text="third")

    assert world.state.result == Result("narrative", "first\n\nthird")


def test_a_run_that_produced_nothing_returns_a_notice_with_its_name() -> None:
    """Rule 1.6: the notice names the workflow."""
    world = run(stage("Work", "Ada"))
    world.say("Ada", text="")

    assert world.state.result is not None
    assert world.state.result.kind == "notice"
    assert "Main" in world.state.result.value


def test_the_results_of_a_child_are_not_merged_into_those_of_its_parent() -> None:
    """Rule 1.6: what a child shared stays in its envelope."""
    world = run(stage("Work", "Ada"))
    (call,) = world.trigger("Ada", "Report")
    world.completes(call, "Report", {"views": 7})
    world.say("Ada", text="Seven views.")

    assert world.state.result == Result("narrative", "Seven views.")
    assert world.state.values.workflows["Report"]["result"] == {"views": 7}


def test_sharing_an_empty_object_does_not_make_a_structured_result() -> None:
    """Rule 1.6: structured needs something that was shared."""
    world = run(stage("Work", "Ada"))
    world.share("Ada")
    world.say("Ada", text="words")

    assert world.state.result == Result("narrative", "words")


def test_the_output_of_a_gate_never_makes_a_result_structured() -> None:
    """Rule 2.5: hook outputs are kept apart from shared results."""
    world = run(stage("Work", "Ada", outcomes=["go"], exit_hooks=[approval({"Go": "go"}, output_key="decision")]))
    world.say("Ada", text="words")
    world.answer("Go")

    assert world.state.result == Result("narrative", "words")


def test_a_result_that_does_not_fit_the_output_schema_fails_the_run() -> None:
    """Rule 1.6: with an output schema, a misfit fails the run and says what does not fit."""
    world = run(stage("Work", "Ada"), check=lambda value: None if isinstance(value, dict) else "not an object")
    world.say("Ada", text="words")

    assert world.status() is RunStatus.FAILED
    assert world.state.result is None
    assert world.state.error is not None
    assert world.state.error.code == "output_schema"
    assert "not an object" in world.state.error.message


def test_a_result_that_fits_the_output_schema_completes_the_run() -> None:
    """Rule 1.6: the check sees the value that the run returns."""
    seen = []
    world = run(stage("Work", "Ada"), check=lambda value: seen.append(value))
    world.share("Ada", views=7)
    world.say("Ada")

    assert world.status() is RunStatus.COMPLETED
    assert seen == [{"views": 7}]


# Shared values


def test_later_writes_win_and_earlier_values_stay_in_the_log() -> None:
    """Rule 2.5: the store keeps the last value, the event log every one."""
    world = run(stage("Work", on("Ada", share=["plan"])), stage("Next", "Ben"))
    world.share("Ada", plan="A")
    world.share("Ada", plan="B")
    world.say("Ada")

    assert world.state.values.results == {"plan": "B"}
    assert [data["results"] for data in world.told("results.shared")] == [{"plan": "A"}, {"plan": "B"}]
    assert world.warned == []


def test_an_agent_that_did_not_share_what_was_expected_is_warned_about() -> None:
    """Rule 2.5: names that an assignment is expected to share, and did not."""
    world = run(stage("Work", on("Ada", share=["plan", "cost"])))
    world.share("Ada", cost=1)
    world.say("Ada")

    assert world.warned == ["not_shared"]
    assert "plan" in world.state.warnings[0].message


def test_results_hook_outputs_and_envelopes_reach_every_later_stage() -> None:
    """Rule 2.5: all three are named in the templates of a later stage."""
    message = "{{results.plan}} by {{hooks.decision.by}} with {{workflows.Report.result}}"
    world = run(
        stage("One", "Ada", outcomes=["go"], exit_hooks=[approval({"Go": "go"}, output_key="decision")]),
        stage("Two"),
        stage("Three", outcomes=["go"], exit_hooks=[approval({"Go": "go"}, message=message)]),
    )
    world.share("Ada", plan="A")
    (call,) = world.trigger("Ada", "Report")
    world.completes(call, "Report", "7 views")
    world.say("Ada")
    opened = world.answer("Go").opened

    assert opened[0].message == "A by ana with 7 views"


def test_a_gates_output_holds_option_outcome_comment_by_and_at() -> None:
    """Rule 2.5: the five parts of a gate's output, at its key."""
    world = run(stage("Work", outcomes=["go"], exit_hooks=[approval({"Go": "go"}, output_key="decision")]))
    world.answer("Go", by="ana", comment="nice")

    output = world.state.values.hooks["decision"]
    assert output == {"option": "Go", "outcome": "go", "comment": "nice", "by": "ana", "at": "2027-01-04T09:00:00Z"}


def test_the_frozen_definition_is_all_that_a_decision_reads() -> None:
    """Rule 1.2: deciding changes neither the definition nor the state that it was given."""
    workflow = definition(stage("Work", "Ada", outcomes=["go"], routes={"go": to_stage("Work")}))
    before = workflow.frozen.model_dump()
    world = World(workflow)
    fresh = RunState()

    world.start()
    world.share("Ada", plan="A")

    assert workflow.frozen.model_dump() == before
    assert workflow.frozen.agents == (AgentSpec(name="Ada"),)
    assert fresh == RunState()
