"""The companions of `trigger_workflow`: background starts, looking, waiting, cancelling, scheduling (5.7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.runs.casting import (
    CALLER,
    Block,
    after,
    agent,
    call,
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
from tests.waiting import wait_until

New = Callable[..., Play]
Json = Any
GONE = "00000000-0000-4000-8000-000000000000"
FIRST = "{{calls.0.run_id}}"


def _told(play: New, *script: Block, children: tuple[Block, ...] = ()) -> tuple[Play, Json, list[Json]]:
    """Let one agent play a script; the project, its run, and what its tools returned."""
    one = play(simple("Main", *script, can=CALLER), *(children or (simple("Child", share(given="{{input}}")),)))
    run = one.completed("Main")
    return one, run, one.results_of(run, "Main agent")


def test_a_background_start_blocks_nobody(play: New) -> None:
    """Rule 5.7: it returns the run id; the child may outlive its parent."""
    one, run, (told,) = _told(play, call("start_workflow", workflow="Child", context="x"), children=(gated("Child"),))
    (child,) = one.children(run)

    assert told == {"status": "started", "run_id": child["id"]}
    assert (child["input"], child["depth"], child["origin"]) == ("x", 1, "agent")
    one.decide(child, "Yes")
    assert one.until_over(child)["status"] == "completed"
    assert one.told(run, "agent.blocked") == []


def test_a_background_start_takes_an_idempotency_key(play: New) -> None:
    """Rule 5.7: the same key in the same run returns the first run, whatever else is asked."""
    script = [call("start_workflow", workflow="Child", context=str(n), key="mine") for n in range(3)]
    one, run, told = _told(play, *script, call("check_workflow", key="mine"), call("check_workflow", key="other"))
    *started, checked, unknown = told

    assert len({each["run_id"] for each in started}) == len(run["children"]) == 1
    assert checked["run_id"] == run["children"][0]
    assert "other" in unknown["error"]
    again = one.completed("Main")
    assert again["children"] != run["children"]


def test_one_key_twice_in_one_turn_starts_one_run(play: New) -> None:
    """Rules 5.5, 5.7."""
    twice = together(*(call("start_workflow", workflow="Child", context=str(n), key="mine") for n in range(2)))
    _, run, told = _told(play, twice)

    assert len({each["run_id"] for each in told}) == len(run["children"]) == 1


def test_agents_that_use_the_same_key_at_the_same_moment_start_one_run(play: New) -> None:
    """Rules 5.7, 11.4: a key is the run's own, whichever agent uses it; nobody is taken for dead over it."""
    start = after(0.5, call("start_workflow", workflow="Child", key="ours"))
    cast = [agent(name, start, say("Done."), can=CALLER) for name in ("Ada", "Ben", "Cy", "Dan", "Eve", "Fay")]
    one = play(workflow("Main", stage("Work", *cast)), simple("Child"))
    run = one.completed("Main")

    assert len(run["children"]) == 1
    assert {one.results_of(run, each.agent["name"])[0]["run_id"] for each in cast} == set(run["children"])
    assert one.told(run, "agent.retrying") == []


def test_triggering_again_always_starts_a_new_run(play: New) -> None:
    """Rule 5.7."""
    _, run, told = _told(play, trigger("Child"), trigger("Child"))

    assert [each["run_id"] for each in told] == run["children"]
    assert len(set(run["children"])) == 2


def test_a_run_can_be_looked_at_and_waited_for(play: New) -> None:
    """Rule 5.7: check_workflow never waits, wait_for_workflow does, and answers at once when it is over."""
    script = [
        call("start_workflow", workflow="Child"),
        call("check_workflow", run_id=FIRST),
        call("wait_for_workflow", run_id=FIRST),
        call("wait_for_workflow", run_id=FIRST),
        call("check_workflow", run_id=FIRST),
    ]
    one = play(simple("Main", *script, can=CALLER), gated("Child"))
    run = one.start("Main")
    one.until_waiting(run)
    child = one.only_child(run)
    one.decide(child, "Yes")
    run = one.until_over(run)
    _, looked, waited, again, checked = one.results_of(run, "Main agent")

    assert looked["status"] in ("queued", "running", "waiting")
    assert looked["result"] is None
    assert waited == again == checked
    assert (waited["status"], waited["run_id"]) == ("completed", child["id"])


def test_a_run_that_was_started_elsewhere_can_be_waited_for(play: New) -> None:
    """Rule 5.7: each works on runs of the same project only, and any of them."""
    one = play(
        simple("Main", call("wait_for_workflow", run_id="{{input}}", timeout=60), can=CALLER),
        gated("Child"),
    )
    root = one.start("Child")
    run = one.start("Main", root["id"])
    one.until_waiting(run)
    assert one.get(run)["waiting_on"][0]["id"] == root["id"]
    one.decide(root, "Yes")
    run = one.until_over(run)

    assert one.results_of(run, "Main agent")[0]["status"] == "completed"
    assert (run["children"], one.get(root)["parent"]) == ([], None)


def test_a_run_cannot_wait_for_itself(play: New) -> None:
    """Rule 5.3: refused, as it would never end."""
    one = play(simple("Main", call("wait_for_workflow", run_id="{{input}}"), say("."), can=CALLER), gated("First"))
    _, _, told = _told(play, call("wait_for_workflow", run_id=GONE), call("wait_for_workflow", run_id="no id"))

    assert [each["status"] for each in told] == ["refused", "refused"]
    assert one.completed("Main", "x")["status"] == "completed"


def test_runs_of_other_projects_are_not_there(play: New) -> None:
    """Rules 5.7, 6.1: for each of the tools."""
    other = play(gated("Elsewhere"))
    foreign = other.until_waiting(other.start("Elsewhere"))["id"]
    tools = ("check_workflow", "wait_for_workflow", "cancel_workflow")
    _, _, told = _told(play, *(call(tool, run_id=foreign) for tool in tools))

    assert all(foreign in each["error"] for each in told)
    assert other.get(foreign)["status"] == "waiting"


def test_only_runs_that_this_run_started_can_be_cancelled(play: New) -> None:
    """Rule 5.7: and a run that has ended cannot."""
    script = [
        call("start_workflow", workflow="Child"),
        call("cancel_workflow", run_id=FIRST),
        call("cancel_workflow", run_id=FIRST),
        call("cancel_workflow", run_id="{{input}}"),
        call("check_workflow", run_id=FIRST),
    ]
    one = play(simple("Main", *script, can=CALLER), gated("Child"))
    root = one.until_waiting(one.start("Child"))
    run = one.completed("Main", root["id"])
    _, cancelled, again, foreign, checked = one.results_of(run, "Main agent")

    assert (cancelled["status"], checked["status"]) == ("cancelled", "cancelled")
    assert "cancelled" in again["error"]
    assert "only runs that it started" in foreign["error"]
    assert one.get(root)["status"] == "waiting"
    assert [told["by"] for told in one.told(run["children"][0], "run.cancelled")] == ["agent Main agent"]


# Schedules


def test_a_scheduled_workflow_starts_when_it_is_due(play: New) -> None:
    """Rules 5.7, 11.5: by a row that the scheduler polls; as deep as a start at once."""
    one, run, (told,) = _told(play, call("schedule_workflow", workflow="Child", context="later", delay=1))
    assert (told["status"], told["run_id"], told["workflow"]) == ("pending", None, "Child")
    child = one.until_over(one.only_child(run))

    assert (child["status"], child["input"], child["depth"], child["origin"]) == ("completed", "later", 1, "agent")
    assert child["parent"]["run_id"] == run["id"]


def test_a_moment_may_be_given_and_one_that_has_passed_is_due_at_once(play: New) -> None:
    """Rule 5.7: `at`, with its time zone."""
    past = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
    one, run, (told,) = _told(play, call("schedule_workflow", workflow="Child", at=past))

    assert told["due_at"] == past
    assert one.until_over(one.only_child(run))["status"] == "completed"


def test_schedules_of_a_run_are_listed_and_cancelled(play: New) -> None:
    """Rule 5.7: a cancelled one never starts; a run sees its own only."""
    script = [
        call("schedule_workflow", workflow="Child", context="never", delay=2),
        call("schedule_workflow", workflow="Child", context="in time", delay=2),
        call("list_schedules"),
        call("cancel_schedule", id="{{calls.0.id}}"),
        call("cancel_schedule", id="{{calls.0.id}}"),
        call("cancel_schedule", id=GONE),
        call("list_schedules"),
    ]
    one, run, told = _told(play, *script)
    first, second, before, cancelled, again, unknown, left = told
    _, _, (others,) = _told(play, call("list_schedules"))

    assert [each["id"] for each in before["schedules"]] == [first["id"], second["id"]]
    assert cancelled == {"id": first["id"], "status": "cancelled"}
    assert "cancelled" in again["error"]
    assert GONE in unknown["error"]
    assert [each["status"] for each in left["schedules"]] == ["cancelled", "pending"]
    assert others == {"schedules": []}
    one.until_over(one.only_child(run))
    assert [child["input"] for child in one.children(run)] == ["in time"]


@pytest.mark.parametrize(
    ("args", "word"),
    [
        ({"workflow": "Child"}, "exactly one"),
        ({"workflow": "Child", "delay": 5, "at": "2027-01-01T00:00:00Z"}, "exactly one"),
        ({"workflow": "Child", "at": "tomorrow"}, "date and time"),
        ({"workflow": "Child", "at": "2027-01-01T00:00:00"}, "time zone"),
        ({"workflow": "Child", "delay": 0}, "at least 1"),
        ({"workflow": "Child", "cron": "0 9 * * 1"}, "not supported"),
        ({"workflow": "Nowhere", "delay": 5}, "not found"),
    ],
)
def test_a_schedule_that_does_not_fit_is_refused_when_it_is_made(play: New, args: Json, word: str) -> None:
    """Rule 5.7: with the reason, for the agent to correct; nothing is scheduled."""
    _, _, (told, listed) = _told(play, {"call": "schedule_workflow", "args": args}, call("list_schedules"))

    assert told["status"] == "refused"
    assert word in told["error"]
    assert listed == {"schedules": []}


def test_a_scheduled_workflow_is_checked_again_when_it_is_due(play: New) -> None:
    """Rule 6.3: what has been archived meanwhile does not start, and the schedule says so."""
    ask = stage("Ask", outcomes=["ok"], exit_hooks=[gate({"Ok": "ok"})])
    work = stage("Work", agent("Ada", call("schedule_workflow", workflow="Child", delay=3), can=CALLER))
    look = stage("Look", agent("Ben", call("list_schedules"), can=CALLER))
    one = play(workflow("Main", work, ask, look), simple("Child", say("Done.")))
    run = one.until_waiting(one.start("Main"))
    found = one.ok("GET", f"/projects/{one.slug}/workflows/Child")
    one.ok("PATCH", f"/projects/{one.slug}/workflows/Child", {"archived": True, "version": found["version"]})
    (scheduled,) = one.results_of(run, "Ada")
    due = datetime.fromisoformat(scheduled["due_at"]) + timedelta(seconds=2)
    wait_until(lambda: datetime.now(UTC) > due, 30, "the due time")
    one.decide(run, "Ok")
    (listed,) = one.results_of(one.until_over(run), "Ben")

    assert [each["status"] for each in listed["schedules"]] == ["refused"]
    assert one.get(run)["children"] == []
