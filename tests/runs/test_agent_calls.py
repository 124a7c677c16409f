"""Agents that trigger workflows and wait for them (behaviour.md 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.runs.casting import (
    CALLER,
    Block,
    after,
    agent,
    call,
    fail,
    gate,
    gated,
    say,
    share,
    simple,
    stage,
    together,
    trigger,
    workflow,
)
from tests.runs.play import Play

New = Callable[..., Play]
Json = Any


def test_the_childs_agents_see_the_context_as_their_starting_input(play: New) -> None:
    """Rule 5.1: text or a JSON object; none is the empty text."""
    script = [trigger("Child", "Focus on blog posts"), trigger("Child", {"month": "May", "top": 3}), trigger("Child")]
    one = play(simple("Main", *script, can=CALLER), simple("Child", share(given="{{input}}")))
    run = one.completed("Main")

    given = ["Focus on blog posts", {"month": "May", "top": 3}, ""]
    assert [child["input"] for child in one.children(run)] == given
    assert [told["result"]["given"] for told in one.results_of(run, "Main agent")] == given


@pytest.mark.parametrize("timeout", [0, 86_401, "soon"])
def test_a_limit_out_of_bounds_is_told_to_the_agent_and_starts_nothing(play: New, timeout: object) -> None:
    """Rule 5.1: 1 to 86,400 seconds; the agent can correct it and call again."""
    wrong = call("trigger_workflow", workflow="Child", timeout=timeout)
    one = play(simple("Main", wrong, trigger("Child"), can=CALLER), simple("Child", say("Done.")))
    run = one.completed("Main")
    refused, fine = one.results_of(run, "Main agent")

    assert (refused["status"], "timeout" in refused["error"]) == ("refused", True)
    assert (fine["status"], len(run["children"])) == ("completed", 1)


def test_only_the_agent_that_calls_is_blocked(play: New) -> None:
    """Rules 5.2, 1.3: the others of the stage end their work meanwhile; then the run waits."""
    one = play(
        workflow(
            "Main",
            stage(
                "Work",
                agent("Ada", trigger("Child"), share(ada="{{result.status}}"), can=CALLER),
                agent("Ben", share(step=1), share(step=2), share(step=3), say("Ben is done.")),
            ),
        ),
        gated("Child"),
    )
    run = one.start("Main")
    waiting = one.until_waiting(run)
    child = one.only_child(run)

    agents = {each["agent"]: each for each in waiting["stages"][0]["agents"]}
    assert {name: (each["status"], each["turns"]) for name, each in agents.items()} == {
        "Ada": ("blocked", 1),
        "Ben": ("done", 4),
    }
    (wait,) = waiting["waiting_on"]
    assert (wait["kind"], wait["id"], wait["stage"]) == ("workflow", child["id"], "Work")
    assert wait["agent_run"] == agents["Ada"]["id"]
    one.decide(child, "Yes")
    run = one.until_over(run)
    assert run["result"]["value"] == {"ada": "completed", "step": 3}
    kinds = [event["kind"] for event in one.events(run)]
    assert kinds.index("agent.blocked") < kinds.index("run.waiting") < kinds.index("workflow.returned")
    assert kinds.index("workflow.returned") < kinds.index("run.resumed") < kinds.index("run.completed")


def test_in_sequence_the_agents_after_the_caller_wait_for_its_output(play: New) -> None:
    """Rule 5.2."""
    cast = [agent("Ada", trigger("Child"), say("Ada heard it."), can=CALLER), agent("Ben", say("Then Ben."))]
    one = play(workflow("Main", stage("Work", *cast, mode="sequence")), gated("Child"))
    run = one.start("Main")
    waiting = one.until_waiting(run)
    assert [each["agent"] for each in waiting["stages"][0]["agents"]] == ["Ada"]
    one.decide(one.only_child(run), "Yes")
    run = one.until_over(run)

    assert "Ada heard it." in str(one.work(run, "Ben")["query"])


def _endings() -> dict[str, tuple[Block, Block]]:
    """Children, and the envelope that each comes back with (its run id and error beside)."""
    return {
        "structured": (
            simple("Child", share(rate=2)),
            {"status": "completed", "kind": "structured", "result": {"rate": 2}},
        ),
        "narrative": (
            simple("Child", say("A text.")),
            {"status": "completed", "kind": "narrative", "result": "A text."},
        ),
        "notice": (simple("Child"), {"status": "completed", "kind": "notice"}),
        "failed": (simple("Child", fail("bad_request")), {"status": "failed", "kind": None, "result": None}),
    }


@pytest.mark.parametrize(("child", "expected"), _endings().values(), ids=_endings())
def test_the_agent_gets_an_envelope_and_decides_what_to_do(play: New, child: Block, expected: Block) -> None:
    """Rule 5.3: failure never raises in the parent."""
    one = play(simple("Main", trigger("Child"), say("Heard {{result.status}}."), can=CALLER), child)
    run = one.completed("Main")
    (told,) = one.results_of(run, "Main agent")

    assert set(told) == {"status", "kind", "result", "error", "run_id"}
    assert {key: told[key] for key in expected} == expected
    assert told["run_id"] == run["children"][0]
    assert bool(told["error"]) is (expected["status"] == "failed")
    assert run["result"]["value"] == f"Heard {expected['status']}."
    assert run["warnings"] == []


def test_a_cancelled_child_comes_back_as_cancelled(play: New) -> None:
    """Rule 5.3."""
    one = play(simple("Main", trigger("Child"), say("Heard {{result.status}}."), can=CALLER), gated("Child"))
    run = one.start("Main")
    one.control(one.only_child(run), "cancel")

    assert one.until_over(run)["result"]["value"] == "Heard cancelled."


def test_results_of_triggered_workflows_are_there_for_every_later_stage(play: New) -> None:
    """Rules 2.5, 4.2: at `workflows.NAME`, the latest call of that workflow in the run."""
    one = play(
        workflow(
            "Main",
            stage("First", agent("Ada", trigger("Child", "one"), trigger("Child", "two"), can=CALLER)),
            stage("Second", agent("Ben", say("{{workflows.Child.result.given}}"))),
        ),
        simple("Child", share(given="{{input}}")),
    )

    assert one.completed("Main")["result"]["value"] == "two"


def test_a_time_out_ends_the_wait_and_not_the_child(play: New) -> None:
    """Rule 5.4: the late result stays on the call and is never injected; the agent can wait on (5.7)."""
    waits_on = call("wait_for_workflow", run_id="{{calls.0.run_id}}", timeout=60)
    script = [
        trigger("Child", timeout=1),
        share(first="{{result.status}}"),
        waits_on,
        share(second="{{result.status}}"),
    ]
    one = play(simple("Main", *script, can=CALLER), gated("Child"))
    run = one.start("Main")
    one.until_told(run, "workflow.triggered", 2)
    child = one.only_child(run)
    assert child["status"] == "waiting"
    one.decide(child, "Yes")
    run = one.until_over(run)
    first, _, second, _ = one.results_of(run, "Main agent")

    assert (first["status"], first["kind"], first["result"], first["run_id"]) == ("timed_out", None, None, child["id"])
    assert "1 second" in first["error"]
    assert (second["status"], second["run_id"]) == ("completed", child["id"])
    assert run["result"]["value"] == {"first": "timed_out", "second": "completed"}
    assert len(one.told(run, "workflow.late")) == 1
    assert one.until_over(child)["status"] == "completed"


def test_the_assignment_says_how_long_a_call_waits_that_names_no_limit(play: New) -> None:
    """Rule 5.1: `trigger_timeout`; the clock runs from the child's commit."""
    one = play(simple("Main", trigger("Child"), can=CALLER, trigger_timeout=1), gated("Child"))
    run = one.completed("Main")

    assert [told["status"] for told in one.told(run, "workflow.returned")] == ["timed_out"]
    assert [told["timeout"] for told in one.told(run, "workflow.triggered")] == [1]


def test_several_calls_in_one_turn_run_side_by_side(play: New) -> None:
    """Rule 5.5: the agent resumes when all are back, results in call order."""
    one = play(
        simple(
            "Main",
            together(trigger("Slow"), share(x=1), trigger("Quick"), trigger("Nowhere")),
            say("All back."),
            can=CALLER,
        ),
        gated("Slow"),
        simple("Quick", say("Quick.")),
    )
    run = one.start("Main")
    one.until_told(run, "workflow.returned", 2)
    waiting = one.until_waiting(run)
    assert [wait["label"].split(" #")[0] for wait in waiting["waiting_on"]] == ["Slow"]
    one.decide(waiting["waiting_on"][0]["id"], "Yes")
    run = one.until_over(run)
    slow, shared, quick, nowhere = one.results_of(run, "Main agent")

    assert [told.get("status") for told in (slow, shared, quick, nowhere)] == [
        "completed",
        None,
        "completed",
        "refused",
    ]
    assert (quick["result"], slow["kind"]) == ("Quick.", "notice")
    assert one.work(run, "Main agent")["turns"][-1]["response"]["parts"][0]["content"] == "All back."
    assert len(one.told(run, "agent.resumed")) == 1


def _sent(work: Json) -> list[str]:
    """What the model was sent, without the times."""
    return [part["content"] for message in work["query"] for part in message["parts"]]


def test_the_child_does_not_know_that_it_was_triggered(play: New) -> None:
    """Rule 5.6: nothing about the parent is in its prompts, tools, results, log or warnings."""
    child = stage("Work", agent("Cy", share(a=1), trigger("Deeper"), say("Done."), can=CALLER))
    one = play(
        workflow(
            "Secret Parent", stage("Hidden Stage", agent("Hidden Agent", trigger("Child", "the context"), can=CALLER))
        ),
        workflow("Child", child),
        workflow("Deeper", stage("Work", agent("Dan", trigger("Too Deep"), can=CALLER))),
        simple("Too Deep"),
    )
    run = one.completed("Secret Parent")
    (triggered,) = one.children(run)
    alone = one.completed("Child", "the context")
    (deeper,) = one.children(triggered)

    hidden = (run["id"], "Hidden Stage", "Hidden Agent")
    for each in (triggered, deeper):
        log = [event for event in one.events(each) if event["kind"] != "workflow.triggered"]
        seen = str([log, each["result"], each["warnings"], each["stages"]])
        assert not [word for word in (*hidden, "Secret Parent") if word in seen]
    for name, each in (("Cy", triggered), ("Dan", deeper)):
        work = one.work(each, name)
        # The catalogue of tools names every workflow that may be called; nothing says which of them called.
        assert not [word for word in hidden if word in str(work)]
    assert one.results_of(deeper, "Dan")[0]["error"].endswith("depth limit exceeded (limit 3)")
    assert [event["kind"] for event in one.events(triggered)] == [event["kind"] for event in one.events(alone)]
    assert _sent(one.work(triggered, "Cy")) == _sent(one.work(alone, "Cy"))
    assert triggered["parent"]["run_id"] == run["id"]


def test_a_name_that_cannot_be_called_is_answered_with_those_that_can(play: New) -> None:
    """Rule 6.1: a name that exists only in another project is not found."""
    other = play(simple("Elsewhere"))
    one = play(
        simple("Main", trigger("Elsewhere"), trigger("Nowhere"), trigger("bETA"), can=CALLER),
        simple("Beta"),
        simple("Alpha"),
        simple("Gone"),
    )
    gone = one.ok("GET", f"/projects/{one.slug}/workflows/Gone")
    one.ok("PATCH", f"/projects/{one.slug}/workflows/Gone", {"archived": True, "version": gone["version"]})
    run = one.completed("Main")
    elsewhere, nowhere, beta = one.results_of(run, "Main agent")

    assert (elsewhere["status"], nowhere["status"], beta["status"]) == ("refused", "refused", "completed")
    assert elsewhere["error"] == "workflow 'Elsewhere' not found; workflows that can be called: Alpha, Beta, Main"
    assert other.runs() == []


def test_at_most_fifty_names_are_told(play: New) -> None:
    """Rule 6.1: sorted."""
    one = play(simple("Main", trigger("Nowhere"), can=CALLER), *(workflow(f"W {n:02}", stage("S")) for n in range(60)))
    (told,) = one.results_of(one.completed("Main"), "Main agent")

    names = told["error"].split("workflows that can be called: ")[1].split(", ")
    assert names == ["Main", *(f"W {n:02}" for n in range(49))]


def test_the_allow_list_narrows_which_workflows_may_be_called(play: New) -> None:
    """Rule 5.8: in every way of starting one; names are compared without case (6.2)."""
    script = [
        trigger("Other"),
        call("start_workflow", workflow="Other"),
        call("schedule_workflow", workflow="Other", delay=60),
        trigger("report"),
    ]
    one = play(
        simple("Main", *script, can=CALLER, allowed_workflows=["Report"]),
        simple("Report", say("Done.")),
        simple("Other"),
    )
    run = one.completed("Main")
    *refused, fine = one.results_of(run, "Main agent")

    assert [told["status"] for told in refused] == ["refused"] * 3
    assert all(told["error"].endswith("workflows that can be called: Report") for told in refused)
    assert fine["status"] == "completed"
    assert {each["workflow"] for each in one.runs()} == {"Main", "Report"}


def test_a_call_takes_the_fixed_route_of_waiting_rows(play: New) -> None:
    """Rule 11.2: the wait is there when the child is, and both ends are one commit each."""
    one = play(simple("Main", trigger("Child"), after(0, say("Done.")), can=CALLER), gated("Child"))
    run = one.start("Main")
    child = one.only_child(run)
    assert one.get(run)["waiting_on"][0]["id"] == child["id"]
    assert child["parent"]["call_id"] is not None
    one.decide(child, "Yes")
    child, run = one.until_over(child), one.get(run)

    # Whoever sees the child's end sees its parent woken or beyond, never still waiting for it.
    assert run["waiting_on"] == []
    assert "workflow.returned" in [event["kind"] for event in one.events(run)]


def test_a_gate_in_the_parent_waits_beside_a_call(play: New) -> None:
    """Rule 5.2: the stage ends when its agents have, and only then its exit gate opens."""
    ask = gate({"Ok": "ok"})
    work = stage("Work", agent("Ada", trigger("Child"), can=CALLER), outcomes=["ok"], exit_hooks=[ask])
    one = play(workflow("Main", work), gated("Child"))
    run = one.start("Main")
    one.until_waiting(run)
    assert [wait["kind"] for wait in one.get(run)["waiting_on"]] == ["workflow"]
    one.decide(one.only_child(run), "Yes")
    one.decide(run, "Ok")

    assert one.until_over(run)["stages"][0]["outcome"] == "ok"
