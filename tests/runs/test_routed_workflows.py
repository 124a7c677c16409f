"""Outcomes that lead to workflows (behaviour.md 4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.runs.casting import (
    DECIDER,
    Block,
    agent,
    decide,
    fail,
    gate,
    gated,
    routed,
    say,
    share,
    simple,
    stage,
    to_workflow,
    workflow,
)
from tests.runs.play import Play, codes

New = Callable[..., Play]


def test_the_input_of_a_routed_workflow_may_name_values_of_the_run(play: New) -> None:
    """Rule 4.1: text or an object; one pass of look-ups, types kept where a string is one path alone."""
    given = {"n": "{{results.count}}", "text": "{{outcome}}: {{input}}", "said": "{{hooks.sign.option}}"}
    one = play(
        workflow(
            "Main",
            stage(
                "Work",
                agent("Ada", share(count=7, trick="{{input}}")),
                outcomes=["go", "other"],
                exit_hooks=[gate({"Go on": "go", "Other": "other"}, output_key="sign")],
                routes={
                    "go": to_workflow("Child", input=given),
                    "other": to_workflow("Child", input="{{results.trick}} {{nothing}} {{7*7}}"),
                },
            ),
        ),
        simple("Child", say("Done.")),
    )
    objects, texts = one.start("Main", "the input"), one.start("Main", "{{outcome}}")
    one.decide(objects, "Go on")
    one.decide(texts, "Other")
    objects, texts = one.until_over(objects), one.until_over(texts)

    assert one.children(objects)[0]["input"] == {"n": 7, "text": "go: the input", "said": "Go on"}
    assert one.children(texts)[0]["input"] == "{{outcome}} {{nothing}} {{7*7}}"
    assert codes(texts) == ["unknown_value"]
    assert codes(objects) == []


def test_the_parent_waits_and_then_follows_continue_at(play: New) -> None:
    """Rule 4.2: the child is a separate ordinary run, its envelope is there for later stages."""
    tells = say('{{workflows.Child.status}} {{workflows["Child"].result.rate}} {{workflows.Child.kind}}')
    one = play(
        routed(
            "Main",
            to_workflow("Child", then="Later"),
            stage("Skipped", agent("Ada", say("Not me."))),
            stage("Later", agent("Ben", tells)),
        ),
        workflow(
            "Child",
            stage("Ask", outcomes=["ok"], exit_hooks=[gate({"Ok": "ok"})]),
            stage("Work", agent("Cy", share(rate=2.4))),
        ),
    )
    run = one.start("Main")
    child = one.only_child(run)
    waiting = one.until_waiting(run)
    one.decide(child, "Ok")
    run = one.until_over(run)

    (wait,) = waiting["waiting_on"]
    assert (wait["kind"], wait["id"], wait["stage"], wait["agent_run"]) == ("workflow", child["id"], "Go", None)
    assert child["parent"]["run_id"] == run["id"]
    assert [each["name"] for each in run["stages"]] == ["Go", "Later"]
    assert run["result"]["value"] == "completed 2.4 structured"
    assert "2.4" in str(one.work(run, "Ben")["query"])
    assert codes(run) == []


def _bad_children() -> dict[str, tuple[Block, str]]:
    return {
        "failed": (simple("Child", fail("bad_request")), "failed"),
        "output": (simple("Child", say("x")) | {"output_schema": {"type": "object"}}, "failed"),
        "input": (simple("Child", say("x")) | {"input_schema": {"type": "object"}}, "refused"),
        "unsupported": (workflow("Child", stage("Talk", agent("Cy"), mode="conversation")), "refused"),
    }


@pytest.mark.parametrize("then", ["end", "Later"])
@pytest.mark.parametrize(("child", "status"), _bad_children().values(), ids=_bad_children())
def test_whatever_becomes_of_the_child_continue_at_is_followed(play: New, child: Block, status: str, then: str) -> None:
    """Rules 4.3, 4.5: with a warning and the outcome that was decided; the parent completes."""
    later = agent("Ben", say("{{workflows.Child.status}}: {{workflows.Child.error}}"))
    one = play(routed("Main", to_workflow("Child", then=then), stage("Later", later)), child)
    run = one.completed("Main")

    assert codes(run) == ["continued_after_failed_workflow"]
    assert run["stages"][0]["outcome"] == "go"
    (told,) = one.told(run, "workflow.returned")
    assert (told["status"], bool(told["error"])) == (status, True)
    assert [each["name"] for each in run["stages"]] == (["Go"] if then == "end" else ["Go", "Later"])
    if then == "Later":
        assert run["result"]["value"] == f"{status}: {told['error']}"


@pytest.mark.parametrize("how", ["archived", "renamed"])
def test_a_target_that_cannot_be_started_any_more_does_not_hold_its_parent(play: New, how: str) -> None:
    """Rule 4.3: missing and archived are told apart in the record."""
    first = stage("Ask", outcomes=["ok"], exit_hooks=[gate({"Ok": "ok"})])
    leads = stage("Go", outcomes=["go"], default_outcome="go", routes={"go": to_workflow("Child")})
    one = play(workflow("Main", first, leads), simple("Child", say("x")))
    run = one.until_waiting(one.start("Main"))
    found = one.ok("GET", f"/projects/{one.slug}/workflows/Child")
    change = {"archived": True} if how == "archived" else {"name": "Other"}
    one.ok("PATCH", f"/projects/{one.slug}/workflows/Child", {**change, "version": found["version"]})
    one.decide(run, "Ok")
    run = one.until_over(run)

    assert run["status"] == "completed"
    assert codes(run) == ["continued_after_failed_workflow"]
    assert ("archived" if how == "archived" else "not found") in run["warnings"][0]["message"]
    assert run["children"] == []


def test_a_cancelled_child_counts_as_failed(play: New) -> None:
    """Rule 4.3."""
    one = play(routed("Main", to_workflow("Child")), gated("Child"))
    run = one.start("Main")
    assert one.control(one.only_child(run), "cancel").status_code == 200
    run = one.until_over(run)

    assert (run["status"], codes(run)) == ("completed", ["continued_after_failed_workflow"])
    assert one.told(run, "workflow.returned")[0]["status"] == "cancelled"


def test_when_its_time_limit_passes_the_wait_fails_and_the_child_goes_on(play: New) -> None:
    """Rule 4.4."""
    later = agent("Ben", say("{{workflows.Child.status}}"))
    one = play(routed("Main", to_workflow("Child", then="Later", timeout=1), stage("Later", later)), gated("Child"))
    run = one.run("Main")
    (child,) = one.children(run)

    assert (run["status"], run["result"]["value"]) == ("completed", "timed_out")
    assert codes(run) == ["continued_after_failed_workflow"]
    assert child["status"] == "waiting"
    one.decide(child, "Yes")
    assert one.until_over(child)["status"] == "completed"
    assert one.until_told(run, "workflow.late")[0]["run_id"] == child["id"]
    assert one.get(run)["result"]["value"] == "timed_out"


def test_continue_at_counts_as_a_route_for_the_loop_guard(play: New) -> None:
    """Rule 2.9: a stage that has used up its visits is passed over."""
    again = stage(
        "Go",
        agent("Ada", decide("go"), can=DECIDER),
        outcomes=["go"],
        routes={"go": to_workflow("Child", then="Go")},
        max_visits=2,
    )
    one = play(workflow("Main", again, stage("After", agent("Ben", say("At last.")))), simple("Child", say("x")))
    run = one.completed("Main")

    assert [(each["name"], each["visit"]) for each in run["stages"]] == [("Go", 1), ("Go", 2), ("After", 1)]
    assert len(run["children"]) == 2
    assert codes(run) == ["guard_reached"]


def test_a_workflow_is_looked_up_by_its_name_when_it_is_triggered(play: New) -> None:
    """Interfaces 2: at its current version, which the run records."""
    first = stage("Ask", outcomes=["ok"], exit_hooks=[gate({"Ok": "ok"})])
    leads = stage("Go", outcomes=["go"], default_outcome="go", routes={"go": to_workflow("Child")})
    one = play(workflow("Main", first, leads), simple("Child", say("Old.")))
    one.completed("Child")
    run = one.until_waiting(one.start("Main"))
    found = one.ok("GET", f"/projects/{one.slug}/agents/Child%20agent")
    path = f"/projects/{one.slug}/agents/Child%20agent"
    one.ok("PATCH", path, {"script": [say("New.")], "version": found["version"]})
    one.decide(run, "Ok")
    (child,) = one.children(one.until_over(run))

    assert (child["version"], child["result"]["value"]) == (2, "New.")
