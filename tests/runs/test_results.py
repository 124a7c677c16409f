"""What a run returns, and how outcomes lead it (behaviour.md 1.6, 2 and 3, end to end)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.runs.casting import (
    CALLER,
    DECIDER,
    agent,
    decide,
    fail,
    gate,
    routed,
    say,
    share,
    simple,
    stage,
    to_workflow,
    trigger,
    workflow,
)
from tests.runs.play import Play, codes

New = Callable[..., Play]
REPORT = {"type": "object", "properties": {"rate": {"type": "number"}}, "required": ["rate"]}


def test_shared_results_are_the_result(play: New) -> None:
    """Rule 1.6: structured, merged over agents and stages; later writes win."""
    one = play(
        workflow(
            "Main",
            stage("First", agent("Ada", share(a=1, b=1), say("Text."))),
            stage("Second", agent("Ben", share(b=2, c=[3]))),
        )
    )

    assert one.completed("Main")["result"] == {"kind": "structured", "value": {"a": 1, "b": 2, "c": [3]}}


def test_without_shared_results_the_texts_of_the_last_stage_that_produced_any_are_the_result(play: New) -> None:
    """Rule 1.6: narrative, in position order, joined by a blank line; empty text counts as none."""
    one = play(
        workflow(
            "Main",
            stage("First", agent("Ada", say("Early."))),
            stage("Second", agent("Ben", say("One.")), agent("Cy", say("   ")), agent("Dan", say("Two."))),
            stage("Third", agent("Eve", say(""))),
        )
    )

    assert one.completed("Main")["result"] == {"kind": "narrative", "value": "One.\n\nTwo."}


def test_without_any_text_a_notice_names_the_workflow(play: New) -> None:
    """Rule 1.6: notice."""
    one = play(workflow("Quiet Work", stage("Only", agent("Ada"))))

    result = one.completed("Quiet Work")["result"]
    assert result["kind"] == "notice"
    assert "Quiet Work" in result["value"]


def test_results_of_a_child_are_not_merged_into_those_of_its_parent(play: New) -> None:
    """Rule 1.6: through both patterns; nor do hook outputs make a result structured (2.5)."""
    one = play(
        simple("Asks", trigger("Report"), say("Heard {{result.result.rate}}."), can=CALLER),
        routed("Leads", to_workflow("Report")),
        workflow(
            "Asked",
            stage("Only", outcomes=["yes"], exit_hooks=[gate({"Yes": "yes"}, output_key="decision")]),
            stage("After", agent("Ada", say("{{hooks.decision.option}} by {{hooks.decision.by}}"))),
        ),
        simple("Report", share(rate=2.4)),
    )
    asked = one.start("Asked")
    one.decide(asked, "Yes")

    assert one.completed("Asks")["result"] == {"kind": "narrative", "value": "Heard 2.4."}
    assert one.completed("Leads")["result"]["kind"] == "notice"
    assert one.until_over(asked)["result"] == {"kind": "narrative", "value": "Yes by admin"}


@pytest.mark.parametrize(("script", "status"), [(share(rate=47), "completed"), (say("47 %"), "failed")])
def test_a_result_that_does_not_fit_the_output_schema_fails_the_run(
    play: New, script: dict[str, object], status: str
) -> None:
    """Rule 1.6: and whoever triggered it is told so."""
    one = play(
        simple("Report", script) | {"output_schema": REPORT}, simple("Asks", trigger("Report"), say("."), can=CALLER)
    )
    asks = one.completed("Asks")
    (report,) = one.children(asks)
    (told,) = one.results_of(asks, "Asks agent")

    assert (report["status"], told["status"]) == (status, status)
    if status == "failed":
        assert report["error"]["code"] == "output_schema"
        assert "output schema" in told["error"]
        assert report["result"] is None


# Agents that fail


def test_an_agent_that_fails_after_its_retries_fails_the_run(play: New) -> None:
    """Rule 2.8: the error names stage, agent and cause; rule 2.7: permanent errors are not retried."""
    one = play(workflow("Main", stage("Deploy", agent("Ada", fail("bad_request")))))
    run = one.run("Main")

    assert run["status"] == "failed"
    assert (run["error"]["stage"], run["error"]["agent"]) == ("Deploy", "Ada")
    assert run["error"]["message"].startswith("Stage Deploy, agent Ada: ")
    assert one.told(run, "agent.retrying") == []


def test_a_stage_that_declares_error_routes_it(play: New) -> None:
    """Rule 2.8."""
    one = play(
        workflow(
            "Main",
            stage(
                "Deploy", agent("Ada", fail("bad_request")), outcomes=["error"], routes={"error": {"stage": "Report"}}
            ),
            stage("Skipped", agent("Ben", say("Not me."))),
            stage("Report", agent("Cy", say("It failed."))),
        )
    )
    run = one.completed("Main")

    assert [each["name"] for each in run["stages"]] == ["Deploy", "Report"]
    assert (run["stages"][0]["outcome"], codes(run)) == ("error", ["stage_failed"])


def test_passing_errors_are_retried_as_often_as_the_assignment_says(play: New) -> None:
    """Rule 2.7: the wait is a row, shown as such, and the run goes on by itself."""
    quick = {"attempts": 3, "backoff": 0.2, "max_backoff": 1}
    one = play(workflow("Main", stage("Work", agent("Ada", fail("rate_limit", 2), say("Done."), retries=quick))))
    run = one.completed("Main")

    assert [told["reason"] for told in one.told(run, "agent.retrying")] == ["rate_limit", "rate_limit"]
    assert [each["agents"][0]["turns"] for each in run["stages"]] == [1]


@pytest.mark.parametrize("rescue", ["fallback_agent", "last_resort", "on_failure"])
def test_when_all_tries_are_spent_the_assignment_says_what_stands_in(play: New, rescue: str) -> None:
    """Rules 2.7, 2.8: another agent, a text, or the error itself."""
    ben = agent("Ben", say("Ben did it."))
    stands_in = {"fallback_agent": "Ben", "last_resort": "A last resort.", "on_failure": "continue"}[rescue]
    retries = {"attempts": 2, "backoff": 0}
    failing = agent("Ada", fail("server_error", 9), retries=retries, **{rescue: stands_in})
    one = play(workflow("Main", stage("Work", failing)), agents=(ben,))
    run = one.completed("Main")

    expected = {
        "fallback_agent": ("Ben did it.", []),
        "last_resort": ("A last resort.", ["last_resort"]),
        "on_failure": (None, ["agent_failed"]),
    }[rescue]
    assert codes(run) == expected[1]
    if expected[0] is not None:
        assert run["result"]["value"] == expected[0]


def test_agents_work_at_the_same_time_or_one_after_the_other(play: New) -> None:
    """Rule 2.2: in sequence mode each sees what those before it produced."""
    cast = [agent("Ada", say("Ada was here.")), agent("Ben", say("Ben too."))]
    one = play(
        workflow("Side by side", stage("Work", *cast)), workflow("In turn", stage("Work", *cast, mode="sequence"))
    )
    together, in_turn = one.completed("Side by side"), one.completed("In turn")

    assert "Ada was here." not in str(one.work(together, "Ben")["query"])
    assert "Ada was here." in str(one.work(in_turn, "Ben")["query"])
    order = [
        (told["kind"], told["agent"])
        for told in one.events(in_turn)
        if told["kind"] in ("agent.started", "agent.finished")
    ]
    assert order == [
        ("agent.started", "Ada"),
        ("agent.finished", "Ada"),
        ("agent.started", "Ben"),
        ("agent.finished", "Ben"),
    ]


def test_what_was_sent_to_a_model_is_kept_and_composed_in_order(play: New) -> None:
    """Rule 2.3: perspective, task, directive, input, earlier stages, results."""
    one = play(
        workflow(
            "Main",
            stage("First", agent("Ada", share(topic="bridges"), say("Ada's summary."))),
            stage("Second", agent("Ben", perspective="You doubt.", directive="Be brief."), task="Judge the topic."),
        )
    )
    sent = str(one.work(one.completed("Main", "The input."), "Ben")["query"])

    places = [
        sent.index(part) for part in ("You doubt.", "Judge the topic.", "Be brief.", "The input.", "Ada's summary.")
    ]
    assert places == sorted(places)
    assert "bridges" in sent


# Outcomes


def test_the_decision_of_an_agent_leads_the_run(play: New) -> None:
    """Rules 3.2, 3.4: the last by position decides, the others are recorded, an outcome without a route goes on."""
    one = play(
        workflow(
            "Main",
            stage(
                "Judge",
                agent("Ada", decide("good"), can=DECIDER),
                agent("Ben", decide("bad"), can=DECIDER),
                outcomes=["good", "bad", "plain"],
                default_outcome="plain",
                routes={"good": {"stage": "end"}, "bad": {"stage": "Mend"}},
            ),
            stage("Skipped", agent("Cy", say("Not me."))),
            stage("Mend", agent("Dan", say("Mended."))),
        )
    )
    run = one.completed("Main")

    assert [(each["name"], each["outcome"]) for each in run["stages"]] == [("Judge", "bad"), ("Mend", None)]
    (told,) = one.told(run, "outcome.decided")
    assert (told["by"], told["others"]) == ("Ben", [{"agent": "Ada", "outcome": "good"}])


def test_a_decision_that_is_no_label_goes_back_once_with_the_labels(play: New) -> None:
    """Rule 3.3: labels are case-sensitive (3.1); after the second mistake the default decides."""
    script = [decide("GOOD"), decide("great"), say("I tried.")]
    judge = stage("Judge", agent("Ada", *script, can=DECIDER), outcomes=["good", "bad"], default_outcome="bad")
    one = play(workflow("Main", judge))
    run = one.completed("Main")
    first, second = one.results_of(run, "Ada")

    assert first["allowed"] == ["good", "bad"]
    assert "allowed" not in second
    assert run["stages"][0]["outcome"] == "bad"
    assert codes(run) == ["decision_ignored"]


def test_a_tool_whose_capability_is_off_is_refused_even_when_it_is_called(play: New) -> None:
    """Rule 2.4: the refusal is the tool's result, and the agent goes on."""
    script = [decide("good"), trigger("Other"), say("Refused twice.")]
    one = play(workflow("Main", stage("Work", agent("Ada", *script), outcomes=["good"])), simple("Other"))
    run = one.completed("Main")
    decided, triggered = one.results_of(run, "Ada")

    assert "decide_outcome" in decided["error"]
    assert triggered == {
        "status": "refused",
        "kind": None,
        "result": None,
        "error": "The capability trigger_workflows is not enabled on this assignment.",
        "run_id": None,
    }
    assert run["children"] == []
    assert run["stages"][0]["outcome"] is None


def test_the_loop_guard_forces_a_run_forward(play: New) -> None:
    """Rule 2.9: `max_visits` is counted with the first; the guard is recorded as such."""
    again = {"again": {"stage": "Draft"}}
    one = play(
        workflow(
            "Main",
            stage("Draft", agent("Ada", say("Draft {{visit}}.")), max_visits=2),
            stage("Judge", outcomes=["again"], default_outcome="again", routes=again),
            stage("After", agent("Ben", say("At last."))),
        )
    )
    run = one.completed("Main")

    assert [(each["name"], each["visit"]) for each in run["stages"]] == [
        ("Draft", 1),
        ("Judge", 1),
        ("Draft", 2),
        ("Judge", 2),
        ("After", 1),
    ]
    assert codes(run) == ["guard_reached"]
    assert len(one.told(run, "guard.reached")) == 1
