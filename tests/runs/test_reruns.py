"""Running again: whole, from a stage, and from the stage that failed (behaviour.md 10.2, 10.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.runs.casting import (
    CALLER,
    DECIDER,
    after,
    agent,
    decide,
    fail,
    gate,
    gated,
    say,
    share,
    simple,
    stage,
    trigger,
    workflow,
)
from tests.runs.play import Play, problem

New = Callable[..., Play]
Json = Any


def again(one: Play, run: Json, what: str = "rerun", **body: Json) -> Json:
    """A run again, as soon as it has ended."""
    return one.until_over(one.ok("POST", f"/runs/{run['id']}/{what}", body))


def names(run: Json) -> list[tuple[str, int]]:
    """The visits of a run."""
    return [(each["name"], each["visit"]) for each in run["stages"]]


def prompt(one: Play, run: Json, stage: int) -> str:
    """What the only agent of a visit was sent first."""
    work = one.ok("GET", f"/runs/{run['id']}/agents/{run['stages'][stage]['agents'][0]['id']}")
    return str(work["query"])


THREE = (
    stage("Draft", agent("Ada", share(draft="one", title="T"), say("Drafted."))),
    stage("Look", agent("Ben", share(draft="two"), say("Looked."))),
    stage("Send", agent("Eve", share(sent="{{results.draft}}"), say("Sent."))),
)


def test_a_run_again_from_a_stage_keeps_what_was_known_before_it(play: New) -> None:
    """Rule 10.2: the results as they stood then, not those of later stages; the earlier stages do not run; a new run,
    linked to the old one, which stays as it was."""
    one = play(workflow("Main", *THREE))
    old = one.completed("Main", "Go.", metadata={"ticket": 7})
    new = again(one, old, from_stage="Look")

    assert (new["status"], new["origin"], new["input"], new["metadata"]) == ("completed", "rerun", "Go.", {"ticket": 7})
    assert new["rerun_of"] == {"run_id": old["id"], "number": old["number"], "from_stage": "Look"}
    assert new["number"] == old["number"] + 1
    assert names(new) == [("Draft", 1), ("Look", 1), ("Send", 1)]
    assert [each["agents"][0]["turns"] for each in new["stages"]] == [0, 2, 2]  # the first was not asked again
    assert new["usage"]["requests"] == 4
    assert new["result"]["value"] == {"draft": "two", "title": "T", "sent": "two"}
    first = prompt(one, new, 1)
    assert "Drafted." in first
    assert "one" in first
    assert "Sent." not in first
    assert one.get(old) == old
    (began,) = one.told(new, "run.started")
    assert began["kept"]["values"]["results"] == {"draft": "one", "title": "T"}
    third = again(one, new, from_stage="Send")  # what it keeps is partly kept already
    fourth = again(one, new, from_stage="Draft")
    assert (third["usage"]["requests"], third["result"]["value"]["sent"]) == (2, "two")
    assert (fourth["usage"]["requests"], fourth["rerun_of"]["number"]) == (6, new["number"])


def test_a_whole_run_again_starts_from_nothing(play: New) -> None:
    """Rules 10.2, 6.3: with the same input, as a root, and without waking the parent of the old run."""
    one = play(simple("Top", trigger("Main"), say("Heard {{result.status}}."), can=CALLER), workflow("Main", *THREE))
    top = one.completed("Top")
    child = one.only_child(top)
    told = len(one.events(top))
    new = again(one, child)

    assert (new["depth"], new["parent"], new["usage"]["requests"]) == (0, None, 6)
    assert new["rerun_of"]["from_stage"] is None
    assert len(one.events(top)) == told


def test_a_retry_begins_at_the_failed_stage(play: New) -> None:
    """Rule 10.2: with the earlier results, and in the workflow as it was mended meanwhile, unless the old version is
    asked for; a run that did not fail has no failed stage."""
    broken = stage("Send", agent("Eve", fail("bad_request")))
    one = play(workflow("Main", *THREE[:2], broken))
    old = one.run("Main")
    assert old["status"] == "failed"
    same = again(one, old, "retry", version="same")
    one.ok("PATCH", f"/projects/{one.slug}/agents/Eve", {"script": [{"say": "At last {{results.draft}}."}]})
    new = again(one, old, "retry")
    refused = one.api("POST", f"/runs/{new['id']}/retry")

    assert (same["status"], same["version"], same["usage"]["requests"]) == ("failed", old["version"], 0)
    assert (new["status"], new["origin"], new["version"]) == ("completed", "retry", old["version"] + 1)
    assert new["stages"][2]["agents"][0]["turns"] == 1
    assert new["rerun_of"] == {"run_id": old["id"], "number": old["number"], "from_stage": "Send"}
    assert (refused.status_code, problem(refused)["code"]) == (409, "wrong_state")
    assert "failed run was wanted" in problem(refused)["message"]


def test_what_a_person_and_a_loop_decided_is_kept(play: New) -> None:
    """Rules 2.5, 2.9, 10.2: the gate's answer stays at its output key, and kept visits count for the loop guard."""
    ask = stage(
        "Ask",
        outcomes=["yes"],
        exit_hooks=[gate({"Yes": "yes"}, output_key="decision")],
        routes={"yes": {"stage": "Loop"}},
    )
    loop = stage(
        "Loop",
        agent("Ada", {**decide("more"), "when": {"path": "visit", "op": "lt", "value": 2}}, say("Round."), can=DECIDER),
        outcomes=["more"],
        routes={"more": {"stage": "Loop"}},
    )
    end = stage("Close", agent("Ben", share(by="{{hooks.decision.by}}", option="{{hooks.decision.option}}")))
    one = play(workflow("Main", ask, loop, end))
    run = one.start("Main")
    one.decide(one.until_waiting(run), "Yes")
    old = one.until_over(run)
    new = again(one, old, from_stage="Loop")

    assert names(old) == [("Ask", 1), ("Loop", 1), ("Loop", 2), ("Close", 1)]
    assert names(new) == names(old)  # from the latest visit, the second
    assert new["usage"]["requests"] == 2
    assert new["result"]["value"] == {"by": "admin", "option": "Yes"}


def test_a_kept_child_is_reused_or_run_again(play: New) -> None:
    """Rule 10.2: per child of the kept part; what is run again is waited for before the first stage begins."""
    first = stage("First", agent("Ada", trigger("Count", "three"), say("Called."), can=CALLER))
    second = stage("Second", agent("Ben", share(heard="{{workflows.Count.run_id}}")))
    one = play(workflow("Main", first, second), simple("Count", share(n=1)))
    old = one.completed("Main")
    child = one.only_child(old)
    kept = again(one, old, from_stage="Second")
    fresh = again(one, old, from_stage="Second", run_again=[child["id"]])
    wrong = one.api("POST", f"/runs/{old['id']}/rerun", {"from_stage": "Second", "run_again": [old["id"]]})

    assert (kept["children"], kept["result"]["value"]["heard"]) == ([], child["id"])
    (started,) = one.children(fresh)
    assert fresh["result"]["value"]["heard"] == started["id"]
    assert (started["input"], started["origin"], started["depth"]) == ("three", "agent", 1)
    assert fresh["usage"]["requests"] == 1
    assert wrong.status_code == 422
    assert problem(wrong)["details"][0]["path"] == "run_again"


def test_a_stage_that_is_gone_says_where_it_is(play: New) -> None:
    """Rules 1.2, 10.2: the current version has lost the stage; the old version still runs, a stage that never was is
    refused, and so is a run that is not over."""
    one = play(workflow("Main", *THREE), gated("Open"))
    old = one.completed("Main")
    block = one.ok("GET", f"/projects/{one.slug}/workflows/Main")
    block["stages"] = [each for each in block["stages"] if each["name"] != "Look"]
    one.ok("PUT", f"/projects/{one.slug}/workflows/Main", {key: block[key] for key in ("name", "stages")})
    path = f"/runs/{old['id']}/rerun"
    gone, never = one.api("POST", path, {"from_stage": "Look"}), one.api("POST", path, {"from_stage": "Nowhere"})
    waiting = one.until_waiting(one.start("Open"))
    early = one.api("POST", f"/runs/{waiting['id']}/rerun")
    same = again(one, old, from_stage="Look", version="same")
    without = again(one, old, from_stage="Send")
    key = {"Idempotency-Key": "once"}
    twice = [one.api("POST", path, {}, headers=key) for _ in range(2)]

    assert (gone.status_code, never.status_code, early.status_code) == (409, 422, 409)
    assert f"version {old['version']}" in problem(gone)["message"]
    assert problem(never)["details"][0]["path"] == "from_stage"
    assert names(same) == [("Draft", 1), ("Look", 1), ("Send", 1)]
    assert names(without) == [("Draft", 1), ("Send", 1)]
    assert without["result"]["value"]["sent"] == "two"  # the results of a stage that is gone are results still
    assert [answer.status_code for answer in twice] == [201, 200]
    assert twice[0].json()["id"] == twice[1].json()["id"]
    assert len(one.runs("&workflow=Main")) == 4


def test_a_message_reaches_the_agents_at_their_next_turn(play: New) -> None:
    """Rule 10.3: with the next request, once; a run that nobody works for keeps it for those who come."""
    one = play(
        workflow("Main", stage("Work", agent("Ada", after(1, share(a=1)), share(b=2), say("Done.")))),
        workflow(
            "Gated", stage("Ask", outcomes=["y"], exit_hooks=[gate({"Y": "y"})]), stage("Go", agent("Ben", say("Ok.")))
        ),
    )
    run = one.start("Main")
    one.until_told(run, "agent.started")
    assert one.ok("POST", f"/runs/{run['id']}/messages", {"text": "Mind the budget."})["status"] == "running"
    ended = one.until_over(run)
    work = one.ok("GET", f"/runs/{run['id']}/agents/{ended['stages'][0]['agents'][0]['id']}")
    idle = one.until_waiting(one.start("Gated"))
    one.ok("POST", f"/runs/{idle['id']}/messages", {"text": "Hello, whoever comes."})
    one.decide(idle, "Y")
    late = one.until_over(idle)

    assert ["Mind the budget." in str(turn["request"]) for turn in work["turns"]] == [False, True, False]
    (told,) = one.told(run, "message.received")
    assert (told["by"], told["to"]) == ("admin", ["Ada"])
    assert "Hello, whoever comes." in prompt(one, late, 1) or "Hello" in str(
        one.ok("GET", f"/runs/{late['id']}/agents/{late['stages'][1]['agents'][0]['id']}")["turns"][0]["request"]
    )
    over = one.api("POST", f"/runs/{run['id']}/messages", {"text": "Too late."})
    empty = one.api("POST", f"/runs/{run['id']}/messages", {"text": " \n"})
    assert (over.status_code, empty.status_code) == (409, 422)
    assert problem(empty)["details"][0]["path"] == "text"


@pytest.mark.parametrize("what", ["retry", "rerun", "messages"])
def test_these_calls_refuse_what_they_do_not_know(play: New, what: str) -> None:
    """Interfaces 5: unknown and malformed ids are 404, unknown fields 422."""
    one = play(gated("Main"))
    run = one.start("Main")
    body = {"text": "Hi."} if what == "messages" else {}

    assert one.api("POST", f"/runs/no-id/{what}", body).status_code == 404
    assert one.api("POST", f"/runs/{run['id']}/{what}", {**body, "sure": True}).status_code == 422
    assert one.api("POST", f"/runs/{run['id']}/{what}", {"version": "old", "text": 7}).status_code == 422
