"""Waiting costs nothing: everything completes with a single slot (behaviour.md 1.7)."""

from __future__ import annotations

from collections.abc import Callable

from tests.runs.casting import (
    CALLER,
    agent,
    gated,
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
from tests.runs.play import Play
from tests.waiting import wait_until

New = Callable[..., Play]


def test_a_chain_to_the_depth_limit_completes(small: New) -> None:
    """Rule 1.7: each link waits for the next, through both patterns."""
    one = small(
        simple("A", trigger("B"), share(told="{{result.result.told}}"), can=CALLER),
        routed("B", to_workflow("C", then="Later"), stage("Later", agent("Ben", share(told="{{workflows.C.result}}")))),
        simple("C", trigger("D"), say("C was told: {{result.error}}."), can=CALLER),
        simple("D"),
    )

    assert one.completed("A")["result"]["value"] == {"told": "C was told: depth limit exceeded (limit 3)."}


def test_a_parent_of_ten_children_completes(small: New) -> None:
    """Rule 1.7: a swarm of ten, each with a child of its own, side by side in one turn."""
    ten = together(*(trigger("Child", str(place)) for place in range(10)))
    one = small(
        simple("Main", ten, say("All back."), can=CALLER),
        simple("Child", trigger("Grandchild", "{{input}}"), share(given="{{result.result}}"), can=CALLER),
        simple("Grandchild", say("{{input}}")),
    )
    run = one.completed("Main")
    told = one.results_of(run, "Main agent")

    assert [each["result"]["given"] for each in told] == [str(place) for place in range(10)]
    assert len(one.runs()) == 21


def test_ten_agents_of_one_stage_wait_at_once(small: New) -> None:
    """Rule 1.7: an agent that waits holds no slot, so that all ten get to wait."""
    cast = [agent(f"Agent {place}", trigger("Child"), say("Back."), can=CALLER) for place in range(10)]
    one = small(workflow("Main", stage("Work", *cast)), gated("Child"))
    run = one.until_waiting(one.start("Main"))
    assert len(run["waiting_on"]) == len(run["children"]) == 10
    for child in run["children"]:
        one.decide(child, "Yes")

    assert one.until_over(run)["status"] == "completed"


def test_two_hundred_runs_wait_at_gates_and_a_new_run_starts_at_once(small: New) -> None:
    """Rule 1.7: the new run is over before any of those that wait has been touched."""
    one = small(gated("Slow"), simple("Quick", say("Done.")))
    for _ in range(2):
        one.ok("POST", f"/projects/{one.slug}/workflows/Slow/runs/batch", {"inputs": [""] * 100})
    path = f"/projects/{one.slug}/gates?status=open&limit=500"
    wait_until(lambda: len(one.ok("GET", path)["items"]) == 200, 120, "200 open gates")
    quick = one.completed("Quick")

    assert len(one.ok("GET", path)["items"]) == 200
    assert {run["status"] for run in one.runs() if run["id"] != quick["id"]} == {"waiting"}
    assert [event["kind"] for event in one.events(quick)] == [
        "run.started",
        "stage.started",
        "agent.started",
        "agent.turn",
        "agent.finished",
        "stage.finished",
        "run.completed",
    ]


def test_runs_are_taken_up_in_the_order_of_their_starts(small: New) -> None:
    """Rule 1.3: a queued run is not overtaken by those that came after it."""
    one = small(simple("Main", share(step=1), share(step=2), say("Done.")))
    inputs = {"inputs": [str(place) for place in range(20)]}
    started = one.ok("POST", f"/projects/{one.slug}/workflows/Main/runs/batch", inputs)["items"]
    ended = [one.until_over(run) for run in started]

    times = [run["started_at"] for run in ended]
    assert times == sorted(times)
