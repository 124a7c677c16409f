"""Reading runs over REST: lists, the log, the tree, one agent's work (interfaces.md 5 and 6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest

from tests.runs.casting import CALLER, agent, gate, gated, say, share, simple, stage, together, trigger, workflow
from tests.runs.play import Play

New = Callable[..., Play]
Json = Any
NOWHERE = "00000000-0000-4000-8000-000000000000"
_KINDS = {
    "run": "started waiting resumed paused completed failed cancelled",
    "stage": "started finished skipped",
    "agent": "started turn tool message blocked resumed retrying finished failed",
    "results": "shared",
    "outcome": "decided",
    "route": "taken",
    "guard": "reached",
    "workflow": "triggered returned late",
    "hook": "started finished failed",
    "gate": "opened reminded answered expired",
    "message": "received",
}
KINDS = {"warning", *(f"{of}.{what}" for of, whats in _KINDS.items() for what in whats.split())}


def _family(play: New) -> tuple[Play, Json]:
    """A run with two children, one of which has a child of its own."""
    one = play(
        simple("A", together(trigger("B"), trigger("C")), share(done=True), can=CALLER),
        simple("B", trigger("C"), say("B."), can=CALLER),
        simple("C", say("C.")),
    )
    return one, one.completed("A")


def test_a_run_has_all_its_fields_and_no_others(play: New) -> None:
    """Interfaces 5: ids are UUID strings, times ISO 8601 in UTC."""
    one = play(simple("Main", share(a=1), say("Done.")))
    run = one.completed("Main", {"x": 1}, metadata={"m": [1]}, key="k")

    assert {
        name: run[name] for name in run if name not in ("id", "stages", "created_at", "started_at", "finished_at")
    } == {
        "number": 1,
        "project": one.slug,
        "workflow": "Main",
        "version": 1,
        "status": "completed",
        "origin": "api",
        "dry": False,
        "rerun_of": None,
        "depth": 0,
        "input": {"x": 1},
        "metadata": {"m": [1]},
        "result": {"kind": "structured", "value": {"a": 1}},
        "error": None,
        "warnings": [],
        "parent": None,
        "children": [],
        "key": "k",
        "waiting_on": [],
        "usage": run["usage"],
    }
    assert set(run["usage"]) == {"input_tokens", "output_tokens", "requests", "cost"}
    (only,) = run["stages"]
    assert {name: only[name] for name in only if name != "agents"} == {
        "name": "Only",
        "visit": 1,
        "status": "done",
        "outcome": None,
    }
    (hand,) = only["agents"]
    assert {name: hand[name] for name in hand if name != "id"} == {"agent": "Main agent", "status": "done", "turns": 2}
    times = [run[name] for name in ("created_at", "started_at", "finished_at")]
    assert all(each.endswith("Z") and datetime.fromisoformat(each) for each in times)
    assert times == sorted(times)


def test_stages_that_were_never_entered_are_not_shown(play: New) -> None:
    """Interfaces 5: stage runs in order of entry."""
    first = stage("First", outcomes=["x"], default_outcome="x", routes={"x": {"stage": "Third"}})
    one = play(workflow("Main", first, stage("Second"), stage("Third")))

    assert [each["name"] for each in one.completed("Main")["stages"]] == ["First", "Third"]


def test_numbers_count_within_a_project(play: New) -> None:
    """Interfaces 5: children included."""
    one, run = _family(play)
    items = one.ok("GET", f"/runs/{run['id']}/tree")["items"]

    assert sorted(each["number"] for each in items) == [1, 2, 3, 4]
    assert run["number"] == 1


def test_the_tree_is_flat_the_asked_run_first(play: New) -> None:
    """Interfaces 5: all descendants, also when a child is asked for."""
    one, run = _family(play)
    items = one.ok("GET", f"/runs/{run['id']}/tree")["items"]
    by_id = {each["id"]: each for each in items}
    below = one.ok("GET", f"/runs/{run['children'][0]}/tree")["items"]

    assert [(each["workflow"], each["depth"]) for each in items] == [("A", 0), ("B", 1), ("C", 1), ("C", 2)]
    assert items[0]["children"] == run["children"]
    assert all(each["parent"] is None or each["id"] in by_id[each["parent"]]["children"] for each in items)
    assert set(items[0]) == {
        "id",
        "number",
        "workflow",
        "status",
        "origin",
        "dry",
        "depth",
        "parent",
        "children",
        "created_at",
        "finished_at",
    }
    assert [each["workflow"] for each in below] == ["B", "C"]
    assert below[0]["parent"] == run["id"]


def test_runs_are_listed_newest_first_and_filtered(play: New) -> None:
    """Interfaces 5: status, workflow, origin, since, key."""
    one = play(gated("Slow"), simple("Asks", trigger("Quick"), can=CALLER), simple("Quick", say("Done.")))
    slow = one.until_waiting(one.start("Slow"))
    asks = one.completed("Asks", key="mine")
    (child,) = one.children(asks)

    def listed(query: str) -> list[str]:
        return [run["id"] for run in one.runs(query)]

    assert listed("") == [child["id"], asks["id"], slow["id"]]
    assert listed("&status=waiting") == [slow["id"]]
    assert listed("&status=completed") == [child["id"], asks["id"]]
    assert listed("&workflow=Quick") == [child["id"]]
    assert listed("&origin=agent") == [child["id"]]
    assert listed("&key=mine") == [asks["id"]]
    assert listed(f"&since={quote(child['created_at'])}") == [child["id"]]
    assert listed("&status=completed&workflow=Asks&origin=api") == [asks["id"]]
    assert listed("&workflow=Nothing") == []


@pytest.mark.parametrize("query", ["status=done", "since=yesterday", "limit=0", "limit=501", "cursor=x", "colour=red"])
def test_a_filter_that_cannot_be_read_is_refused(play: New, query: str) -> None:
    """Interfaces 5: 422, naming the parameter."""
    one = play(simple("Main"))
    answer = one.api("GET", f"/projects/{one.slug}/runs?{query}")

    assert answer.status_code == 422
    assert query.split("=")[0] in str(answer.json()["error"]["details"])


def test_lists_page_by_cursor_while_new_runs_come_in(play: New) -> None:
    """Interfaces 5: nothing twice, nothing left out of what was there."""
    one = play(simple("Main", say("Done.")))
    inputs = {"inputs": [str(place) for place in range(25)]}
    there = [run["id"] for run in one.ok("POST", f"/projects/{one.slug}/workflows/Main/runs/batch", inputs)["items"]]
    seen: list[str] = []
    cursor = ""
    while True:
        page = one.ok("GET", f"/projects/{one.slug}/runs?limit=7{cursor}")
        seen += [run["id"] for run in page["items"]]
        assert len(page["items"]) <= 7
        if page["next"] is None:
            break
        cursor = f"&cursor={quote(page['next'])}"
        one.start("Main", "a newcomer")

    assert len(seen) == len(set(seen))
    assert set(seen) == set(there)


def test_the_log_pages_by_number(play: New) -> None:
    """Interfaces 5, rule 11.6: `after`, `limit`, and `next` as the cursor."""
    one, run = _family(play)
    whole = one.events(run)
    path = f"/runs/{run['id']}/events"
    first = one.ok("GET", f"{path}?limit=3")
    second = one.ok("GET", f"{path}?limit=500&cursor={first['next']}")
    end = one.ok("GET", f"{path}?after={whole[-1]['seq']}")

    assert first["items"] == whole[:3]
    assert second == {"items": whole[3:], "next": None}
    assert end == {"items": [], "next": None}
    assert one.ok("GET", f"{path}?after=2&limit=2")["items"] == whole[2:4]
    assert one.api("GET", f"{path}?after=-1").status_code == 422
    assert one.api("GET", f"{path}?cursor=nonsense").status_code == 422


def test_events_have_their_shape_and_known_kinds(play: New) -> None:
    """Interfaces 6, rule 11.6: the log begins with the start and ends with the end."""
    one, run = _family(play)
    log = one.events(run)

    assert all(set(event) == {"seq", "at", "kind", "stage", "agent", "data"} for event in log)
    assert {event["kind"] for event in log} <= KINDS
    assert (log[0]["kind"], log[-1]["kind"]) == ("run.started", "run.completed")
    assert [event["at"] for event in log] == sorted(event["at"] for event in log)
    told = [event for event in log if event["kind"] == "agent.turn"]
    assert {(event["stage"], event["agent"]) for event in told} == {("Only", "A agent")}


def test_the_log_alone_explains_the_run(play: New) -> None:
    """Rule 11.6: results, children, outcomes and status can be read off it."""
    ask = gate({"Ok": "ok"})
    work = stage("Work", agent("Ada", share(a=1), trigger("C"), can=CALLER), outcomes=["ok"], exit_hooks=[ask])
    one = play(workflow("Main", work), simple("C", say("C.")))
    run = one.start("Main")
    one.decide(run, "Ok")
    run = one.until_over(run)
    log = one.events(run)

    shared: Json = {}
    for event in log:
        if event["kind"] == "results.shared":
            shared.update(event["data"]["results"])
    assert shared == run["result"]["value"]
    assert [event["data"]["run_id"] for event in log if event["kind"] == "workflow.triggered"] == run["children"]
    assert [event["data"]["outcome"] for event in log if event["kind"] == "stage.finished"] == ["ok"]
    assert log[-1]["kind"] == f"run.{run['status']}"


def test_one_agents_work_is_shown_turn_by_turn(play: New) -> None:
    """Rule 2.3, interfaces 5: what was sent, what came back, what its tools returned, and what it cost."""
    one = play(
        simple("Main", share(a=1), trigger("Child"), say("Done."), can=CALLER, perspective="You work."),
        simple("Child", say("Child.")),
    )
    run = one.completed("Main", "The input.")
    work = one.work(run, "Main agent")

    assert set(work) == {
        "agent",
        "query",
        "result",
        "reasoning",
        "status",
        "error",
        "attempts",
        "execution_time",
        "turns",
        "usage",
    }
    assert (work["agent"], work["status"], work["result"], work["error"]) == ("Main agent", "done", "Done.", None)
    assert all(word in str(work["query"]) for word in ("You work.", "The input."))
    tools = [[tool["name"] for tool in turn["tools"]] for turn in work["turns"]]
    assert tools == [["share_results"], ["trigger_workflow"], []]
    assert work["turns"][1]["tools"][0]["result"]["result"] == "Child."
    assert all(set(turn) == {"request", "response", "tools", "usage", "at", "seconds"} for turn in work["turns"])
    assert work["execution_time"] >= 0


def test_what_is_not_there_is_404_whatever_its_id_looks_like(play: New) -> None:
    """Interfaces 5: missing, malformed and foreign alike."""
    one, run = _family(play)
    other = play(gated("Other"))
    foreign = other.until_waiting(other.start("Other"))
    narrow = one.token()
    paths = ("", "/events", "/tree", "/why", f"/agents/{NOWHERE}")

    for path in paths:
        for wrong in (NOWHERE, "no-id", "%00", "1"):
            assert one.api("GET", f"/runs/{wrong}{path}").status_code == 404
        assert one.api("GET", f"/runs/{foreign['id']}{path}", token=narrow).status_code == 404
    assert one.api("GET", f"/runs/{run['id']}/agents/{NOWHERE}").status_code == 404
    assert one.api("GET", f"/runs/{run['id']}/agents/no-id").status_code == 404
    hand = other.get(foreign)["stages"][0]
    assert hand["agents"] == []
    assert one.api("GET", f"/projects/{other.slug}/runs", token=narrow).status_code == 404
