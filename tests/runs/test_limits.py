"""Scope, depth, self-triggering and limits (behaviour.md 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.runs.casting import (
    CALLER,
    Block,
    agent,
    call,
    routed,
    say,
    share,
    simple,
    stage,
    to_workflow,
    together,
    trigger,
    workflow,
)
from tests.runs.play import Play, codes

New = Callable[..., Play]
Json = Any
CHAIN = "A > B > C > D"
TOO_DEEP = "depth limit exceeded (limit 3)"


def _caller(name: str, target: str) -> Block:
    """A workflow whose agent triggers another, and tells what came back."""
    return simple(name, trigger(target), share(told="{{result}}"), can=CALLER)


def _router(name: str, target: str) -> Block:
    """A workflow whose outcome leads to another, and then tells what came back."""
    later = stage("Later", agent(f"{name} agent", share(told=f"{{{{workflows.{target}}}}}")))
    return routed(name, to_workflow(target, then="Later"), later)


_MAKERS = {"agent": _caller, "route": _router}


@pytest.mark.parametrize(
    "pattern", ["agent agent agent", "route route route", "agent route agent", "route agent route"]
)
def test_a_chain_of_four_ends_at_the_fourth(play: New, pattern: str) -> None:
    """Rule 6.3: depths 0, 1 and 2 run, a start at depth 3 is refused; both patterns count."""
    names = "ABCD"
    links = [_MAKERS[kind](name, after) for kind, name, after in zip(pattern.split(), names, names[1:], strict=False)]
    one = play(*links, simple("D", say("Never.")))
    run = one.completed("A")

    tree = one.ok("GET", f"/runs/{run['id']}/tree")["items"]
    assert [(each["workflow"], each["depth"], each["status"]) for each in tree] == [
        ("A", 0, "completed"),
        ("B", 1, "completed"),
        ("C", 2, "completed"),
    ]
    told = run["result"]["value"]["told"]["result"]["told"]["result"]["told"]
    assert (told["status"], told["error"], told["run_id"]) == ("refused", TOO_DEEP, None)
    refused = [event["data"]["refused"] for event in one.events(tree[2]) if event["data"].get("refused")]
    assert refused == [f"{TOO_DEEP}: {CHAIN}"]


def test_a_refusal_tells_the_agent_nothing_of_its_ancestors(play: New) -> None:
    """Rules 6.3, 5.6: the chain is for people."""
    one = play(_caller("A", "B"), _caller("B", "C"), _caller("C", "D"), simple("D"))
    run = one.completed("A")
    last = one.ok("GET", f"/runs/{run['id']}/tree")["items"][2]
    work = one.work(last, "C agent")

    assert one.results_of(last, "C agent")[0]["error"] == TOO_DEEP
    assert CHAIN not in str(work)


@pytest.mark.parametrize("tool", ["start_workflow", "schedule_workflow"])
def test_background_starts_and_schedules_count_too(play: New, tool: str) -> None:
    """Rule 6.3: a schedule is checked when it is made."""
    more = {"delay": 60} if tool == "schedule_workflow" else {}
    one = play(
        simple("A", call("start_workflow", workflow="B"), can=CALLER),
        simple("B", call("start_workflow", workflow="C"), can=CALLER),
        simple("C", call(tool, workflow="D", **more), can=CALLER),
        simple("D"),
    )
    run = one.completed("A")
    second = one.until_over(one.only_child(run))
    third = one.until_over(one.only_child(second))

    (told,) = one.results_of(third, "C agent")
    assert (told["status"], told["error"]) == ("refused", TOO_DEEP)
    assert [run["depth"], second["depth"], third["depth"]] == [0, 1, 2]
    assert third["children"] == []


def test_a_scheduled_start_is_as_deep_as_one_at_once(play: New) -> None:
    """Rule 6.3: and checked again when it is due."""
    one = play(
        simple("A", call("schedule_workflow", workflow="B", delay=1), can=CALLER),
        _caller("B", "C"),
        _caller("C", "D"),
        simple("D"),
    )
    second = one.until_over(one.only_child(one.completed("A")))

    assert second["depth"] == 1
    assert second["result"]["value"]["told"]["result"]["told"]["error"] == TOO_DEEP


@pytest.mark.parametrize("make", _MAKERS.values(), ids=_MAKERS)
def test_a_workflow_may_trigger_itself_once(play: New, make: Callable[[str, str], Block]) -> None:
    """Rule 6.4: the A at depth 1 that was triggered by A is refused another, with its own message."""
    one = play(make("A", "A"))
    run = one.completed("A")
    (second,) = one.children(run)
    told = second["result"]["value"]["told"]

    assert run["result"]["value"]["told"]["status"] == "completed"
    assert (told["status"], told["error"]) == ("refused", "a workflow cannot keep triggering itself (A)")
    assert second["children"] == []
    refused = [event["data"]["refused"] for event in one.events(second) if event["data"].get("refused")]
    assert refused == ["a workflow cannot keep triggering itself (A): A > A > A"]


@pytest.mark.parametrize("make", _MAKERS.values(), ids=_MAKERS)
def test_with_a_limit_of_zero_a_workflow_never_triggers_itself(small: New, make: Callable[[str, str], Block]) -> None:
    """Rule 6.4: SELF_TRIGGER_LIMIT=0 refuses at once; other workflows are not concerned."""
    one = small(make("A", "A"), _caller("B", "C"), simple("C", say("Done.")))
    run = one.completed("A")

    assert run["result"]["value"]["told"]["error"] == "a workflow cannot keep triggering itself (A)"
    assert run["children"] == []
    assert one.completed("B")["result"]["value"]["told"]["status"] == "completed"


def test_indirect_recursion_is_stopped_by_the_depth_limit(play: New) -> None:
    """Rule 6.4: A > B > A runs; what is counted is the unbroken chain at the end of the lineage."""
    one = play(_caller("A", "B"), _caller("B", "A"))
    run = one.completed("A")

    third = run["result"]["value"]["told"]["result"]["told"]
    assert third["status"] == "completed"
    assert third["result"]["told"]["error"] == TOO_DEEP


def test_the_same_workflow_twice_after_another_counts_from_the_break(play: New) -> None:
    """Rule 6.4: B > A > A is allowed, since the chain of A begins after B; the next is too deep."""
    one = play(_caller("B", "A"), _caller("A", "A"))
    run = one.completed("B")

    tree = one.ok("GET", f"/runs/{run['id']}/tree")["items"]
    assert [(each["workflow"], each["depth"]) for each in tree] == [("B", 0), ("A", 1), ("A", 2)]
    refused = run["result"]["value"]["told"]["result"]["told"]["result"]["told"]
    assert refused["status"] == "refused"


def test_names_are_looked_up_without_case(play: New) -> None:
    """Rule 6.2: the record names the workflow as it is called."""
    one = play(simple("Main", trigger("stra\u00dfe 7"), can=CALLER), simple("STRASSE 7", say("Done.")))
    run = one.completed("Main")

    assert one.results_of(run, "Main agent")[0]["status"] == "completed"
    assert one.told(run, "workflow.triggered")[0]["workflow"] == "STRASSE 7"


def test_an_agent_run_makes_at_most_twenty_calls(play: New) -> None:
    """Rule 6.5: the next is refused with a clear error; refused ones count, and the agent goes on."""
    calls = [call("start_workflow", workflow="Child") for _ in range(22)]
    one = play(simple("Main", together(*calls), trigger("Child"), say("Enough."), can=CALLER), simple("Child"))
    run = one.completed("Main")
    told = one.results_of(run, "Main agent")

    assert [each["status"] for each in told] == ["started"] * 20 + ["refused"] * 3
    assert "20 workflow calls" in told[20]["error"]
    assert len(run["children"]) == 20


def test_the_limit_of_calls_is_for_each_agent_run(play: New) -> None:
    """Rule 6.5."""
    calls = together(*(call("start_workflow", workflow="Child") for _ in range(11)))
    one = play(
        workflow("Main", stage("Work", agent("Ada", calls, can=CALLER), agent("Ben", calls, can=CALLER))),
        simple("Child"),
    )

    assert len(one.completed("Main")["children"]) == 22


def test_results_over_the_limit_are_refused_to_the_agent(play: New) -> None:
    """Rule 6.5: 1 MiB each; what was shared before stays."""
    four = dict.fromkeys("abcd", "{{input}}")
    one = play(simple("Main", share(before=1), {"share": four}, say("Went on."), can=()))
    run = one.completed("Main", "x" * 300_000)
    _, refused = one.results_of(run, "Main agent")

    assert "1,048,576" in refused["error"] or "1048576" in refused["error"]
    assert run["result"]["value"] == {"before": 1}


def test_a_context_over_the_limit_starts_nothing(play: New) -> None:
    """Rule 6.5: for agents and routes alike."""
    four = dict.fromkeys("abcd", "{{input}}")
    one = play(
        simple("Asks", trigger("Child", four), can=CALLER),
        routed("Leads", to_workflow("Child", input=four)),
        simple("Child"),
    )
    asks, leads = one.completed("Asks", "x" * 300_000), one.completed("Leads", "x" * 300_000)

    (told,) = one.results_of(asks, "Asks agent")
    assert (told["status"], asks["children"]) == ("refused", [])
    assert (codes(leads), leads["children"]) == (["continued_after_failed_workflow"], [])
    assert "limit" in leads["warnings"][0]["message"]


def test_a_run_ends_after_a_thousand_stages(play: New) -> None:
    """Rule 6.5: it fails with its reason, and the log has no gap."""
    loops = {"again": {"stage": "Loop"}}
    loop = stage("Loop", outcomes=["again"], default_outcome="again", routes=loops, max_visits=1000)
    back = stage("Back", outcomes=["again"], default_outcome="again", routes=loops, max_visits=1000)
    one = play(workflow("Main", loop, back))
    run = one.run("Main")

    assert (run["status"], run["error"]["code"]) == ("failed", "stage_limit")
    assert len(run["stages"]) == 1000
