"""Outcomes that lead to a workflow: the input, the wait, and continue at."""

from __future__ import annotations

from typing import Any

import pytest

from runs.engine import facts
from runs.engine.state import Result
from runs.engine.status import CallStatus, RunStatus
from tests.engine.definitions import approval, stage, to_workflow
from tests.engine.world import World, run

Json = Any
CALL = "route/1"


def release(*, then: str = "end", refuse: dict[str, tuple[str, str | None]] | None = None, **route: Json) -> World:
    """Review, whose gate leads to Deploy; then two more stages."""
    gate = approval({"Approve": "approve"}, output_key="decision")
    routes = {"approve": to_workflow("Deploy", then=then, **route)}
    return run(
        stage("Review", "Ada", outcomes=["approve"], routes=routes, exit_hooks=[gate]),
        stage("Announce", "Ben"),
        stage("Archive", "Cy"),
        input="v1.2",
        refuse=refuse,
    )


def approved(**fields: Json) -> World:
    """The run, waiting for Deploy."""
    world = release(**fields)
    world.share("Ada", plan="fast", steps=[1, 2])
    world.say("Ada")
    world.answer("Approve")
    return world


# What the child starts with


@pytest.mark.parametrize(
    ("template", "input"),
    [
        ("Deploy {{results.plan}}", "Deploy fast"),
        ("{{hooks.decision.by}} chose {{outcome}} for {{input}}", "ana chose approve for v1.2"),
        ("steps: {{results.steps}}", "steps: [1,2]"),
        ("{{results.steps}}", [1, 2]),
        ({"plan": "{{results.plan}}", "deep": {"n": ["{{results.steps}}"]}}, {"plan": "fast", "deep": {"n": [[1, 2]]}}),
        ("{{visit}} {{stage}}", "1 Review"),
        ("", ""),
    ],
)
def test_the_input_of_a_route_names_values_of_the_run(template: Json, input: Json) -> None:
    """Rule 4.1: text, or an object whose strings may name values; a lone name keeps its type."""
    assert approved(input=template).routes[0].input == input


def test_what_a_value_holds_is_not_expanded_again() -> None:
    """Rule 4.1: one pass of look-ups, never an expression language."""
    world = release(input="{{results.plan}}")
    world.share("Ada", plan="{{input}} {{1+1}}")
    world.say("Ada")
    world.answer("Approve")

    assert world.routes[0].input == "{{input}} {{1+1}}"


def test_a_name_that_stands_for_nothing_stays_as_written_with_one_warning() -> None:
    """Rule 4.1: it never fails the run."""
    world = approved(input="{{results.nothing}} {{agent}} {{results.plan}}")

    assert world.routes[0].input == "{{results.nothing}} {{agent}} fast"
    assert world.warned == ["unknown_value"]


# The wait


def test_the_run_waits_for_the_workflow_that_its_outcome_led_to() -> None:
    """Rule 4.2: the stage is over, the run is not; the log links the child."""
    world = approved(input="go", timeout=60)

    assert world.status() is RunStatus.WAITING
    assert world.rows.stages[1].status == "done"
    assert world.told("route.taken")[0] == {
        "outcome": "approve",
        "to": "workflow",
        "workflow": "Deploy",
        "continue_at": "end",
    }
    triggered = world.told("workflow.triggered")[0]
    assert (triggered["workflow"], triggered["by"], triggered["timeout"]) == ("Deploy", "route", 60)


@pytest.mark.parametrize(
    ("then", "path"),
    [
        ("end", ["Review"]),
        ("Announce", ["Review", "Announce"]),
        ("Archive", ["Review", "Archive"]),
        ("Review", ["Review", "Review"]),
    ],
)
def test_when_the_workflow_comes_back_the_run_continues_at_the_stage_that_the_route_names(
    then: str, path: list[str]
) -> None:
    """Rule 4.2: continue at, a stage or the end."""
    world = approved(then=then)
    world.completes(CALL, "Deploy")

    assert world.path == path
    assert (world.status() is RunStatus.COMPLETED) is (then == "end")
    assert world.warned == []


def test_the_envelope_is_there_for_the_later_stages() -> None:
    """Rule 4.2: at workflows.NAME."""
    world = approved(then="Announce")
    world.completes(CALL, "Deploy", {"url": "https://example.com"})

    assert world.state.values.workflows["Deploy"] == {
        "status": "completed",
        "kind": "structured",
        "result": {"url": "https://example.com"},
        "error": None,
        "run_id": f"child of {CALL}",
    }


def test_the_latest_call_of_a_workflow_is_the_one_that_later_stages_see() -> None:
    """Rule 4.2: a second visit replaces the envelope."""
    world = approved(then="Review")
    world.completes(CALL, "Deploy", "first")
    world.say("Ada")
    world.answer("Approve")
    world.completes("route/2", "Deploy", "second")

    assert world.state.values.workflows["Deploy"]["result"] == "second"


# Failure


@pytest.mark.parametrize("status", ["failed", "cancelled", "timed_out"])
@pytest.mark.parametrize("then", ["end", "Archive"])
def test_after_a_failed_workflow_continue_at_is_followed_regardless(status: str, then: str) -> None:
    """Rules 4.3 and 4.4: recorded, warned about wherever it continues, and never stuck."""
    world = approved(then=then)
    world.comes_back(CALL, "Deploy", status)

    assert world.path == (["Review"] if then == "end" else ["Review", "Archive"])
    assert world.warned == ["continued_after_failed_workflow"]
    assert status in world.state.warnings[0].message
    assert world.state.values.workflows["Deploy"]["status"] == status
    assert world.outcome_of(1) == ("approve", "gate")
    assert world.told("workflow.returned")[0]["status"] == status


def test_a_workflow_that_cannot_be_started_counts_as_failed() -> None:
    """Rule 4.3: missing, archived, too deep or with a refused input: the run goes on at continue at."""
    world = approved(then="Archive", refuse={"Deploy": ("workflow 'Deploy' not found", None)})

    assert world.path == ["Review", "Archive"]
    assert world.state.values.workflows["Deploy"]["status"] == "refused"
    assert world.rows.calls == {CALL: CallStatus.REFUSED}
    assert "not found" in world.state.warnings[0].message


def test_the_chain_of_names_is_in_the_event_and_not_in_what_agents_read() -> None:
    """Rule 6.3: the event of the refused call names the chain; the envelope and the warning do not."""
    told = "depth limit exceeded (limit 3)"
    world = approved(then="Archive", refuse={"Deploy": (told, f"{told}: A > B > C > Deploy")})

    assert "A > B > C" in world.told("workflow.triggered")[0]["refused"]
    assert world.state.values.workflows["Deploy"]["error"] == told
    assert "A > B" not in world.state.warnings[0].message


def test_a_run_that_ends_after_a_failed_workflow_is_completed_with_the_warning_visible() -> None:
    """Rule 4.5: completed, never failed."""
    world = approved()
    world.comes_back(CALL, "Deploy", "failed")

    assert world.status() is RunStatus.COMPLETED
    assert world.state.result == Result("structured", {"plan": "fast", "steps": [1, 2]})
    assert world.warned == ["continued_after_failed_workflow"]


def test_refusals_in_a_row_do_not_hold_the_run_up() -> None:
    """Rule 4.3: each continues in the same transaction, up to the loop guard."""
    routes = {"go": to_workflow("Deploy", then="Work")}
    world = run(
        stage("Work", outcomes=["go"], default_outcome="go", routes=routes, max_visits=4),
        refuse={"Deploy": ("archived", None)},
    )

    assert world.path == ["Work"] * 4
    assert world.status() is RunStatus.COMPLETED
    assert world.warned == ["continued_after_failed_workflow"] * 4 + ["guard_reached"]


# The time limit


def test_after_the_time_limit_the_child_goes_on_and_its_end_changes_nothing() -> None:
    """Rule 4.4: the wait counts as failed; the late result is recorded and never injected."""
    world = approved(then="Announce", timeout=60)
    world.comes_back(CALL, "Deploy", "timed_out")
    late = {"status": "completed", "kind": "narrative", "result": "late", "error": None, "run_id": "x"}

    assert world.play(facts.CallReturned(CALL, "Deploy", late)).ignored
    world.play(facts.CallLate(CALL, "Deploy", late))

    assert world.state.values.workflows["Deploy"]["status"] == "timed_out"
    assert world.told("workflow.late")[0]["result"] == "late"
    assert world.path == ["Review", "Announce"]


def test_a_late_result_is_recorded_after_the_end_too() -> None:
    """Rule 4.4: workflow.late is the one event that may follow the last."""
    world = approved(timeout=60)
    world.comes_back(CALL, "Deploy", "timed_out")
    assert world.status() is RunStatus.COMPLETED
    before = world.state

    world.play(facts.CallLate(CALL, "Deploy", {"status": "completed", "result": "late"}))

    assert world.events[-1].kind == "workflow.late"
    assert world.state == before
