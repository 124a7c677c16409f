"""The same rules with a model at a provider: real HTTP to a stand-in that speaks the OpenAI protocol."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.provider import Call, Calls, Hang, Provider, Say, Status
from tests.runs.casting import CALLER, Block, agent, say, share, simple, stage, workflow
from tests.runs.play import Play
from tests.waiting import wait_until

New = Callable[..., Play]
Json = Any
MODEL = "openai:stand-in"


def _tool(request: Json, name: str) -> Json:
    """One tool as the model was told of it."""
    return next(tool["function"] for tool in request["tools"] if tool["function"]["name"] == name)


def _reporting() -> tuple[Block, ...]:
    schema = {"type": "object", "properties": {"month": {"type": "string"}}, "required": ["month"]}
    return (
        simple("Report", share(rate=47)) | {"description": "Counts readers.", "input_schema": schema},
        simple("Deploy", say("Done.")) | {"description": "Puts it online."},
        simple("Old", say("Done.")) | {"description": "Nobody wants it."},
    )


@pytest.mark.parametrize("allowed", [[], ["Report"]], ids=["every workflow", "an allow-list"])
def test_a_model_is_told_which_workflows_it_may_call(small: New, provider: Provider, allowed: list[str]) -> None:
    """Rules 5.1, 5.8: name, description and what input they take, after the allow-list; archived ones are left out."""
    work = stage("Work", agent("Ada", model=MODEL, can=CALLER, allowed_workflows=allowed))
    one = small(workflow("Main", work), *_reporting())
    old = one.ok("GET", f"/projects/{one.slug}/workflows/Old")
    one.ok("PATCH", f"/projects/{one.slug}/workflows/Old", {"archived": True, "version": old["version"]})
    provider.answer(Say("Fine."))
    one.completed("Main")
    told = _tool(provider.requests[-1].body, "trigger_workflow")["description"]

    assert all(word in told for word in ("Report", "Counts readers.", "month"))
    assert ("Puts it online." in told) is (allowed == [])
    assert "Nobody wants it." not in told


def test_a_model_without_the_capability_is_offered_no_such_tool(small: New, provider: Provider) -> None:
    """Rule 2.4: what it invents all the same is refused, and it goes on."""
    one = small(workflow("Main", stage("Work", agent("Ada", model=MODEL))), *_reporting())
    provider.answer(Calls((Call("trigger_workflow", {"workflow": "Deploy"}),)), Say("Refused."))
    run = one.completed("Main")

    assert [tool["function"]["name"] for tool in provider.requests[-2].body["tools"]] == ["share_results"]
    assert one.results_of(run, "Ada")[0]["status"] == "refused"
    assert run["children"] == []


def test_a_model_triggers_a_workflow_and_goes_on_with_its_result(small: New, provider: Provider) -> None:
    """Rules 5.1 to 5.3: several calls side by side; the answers go back under the ids of the calls."""
    one = small(workflow("Main", stage("Work", agent("Ada", model=MODEL, can=CALLER))), *_reporting())
    calls = (
        Call("trigger_workflow", {"workflow": "Report", "context": {"month": "May"}}, "call_a"),
        Call("trigger_workflow", '{"workflow": "Nowhere"}', "call_b"),
        Call("trigger_workflow", "no JSON at all", "call_c"),
    )
    provider.answer(Calls(calls), Say("47 % it is.", tokens=(30, 7)))
    run = one.completed("Main")

    returned = {
        each["tool_call_id"]: each["content"]
        for each in provider.requests[-1].body["messages"]
        if each["role"] == "tool"
    }
    assert json.loads(returned["call_a"])["result"] == {"rate": 47}
    assert json.loads(returned["call_b"])["status"] == "refused"
    assert "refused" in returned["call_c"]
    assert run["result"]["value"] == "47 % it is."
    assert (run["usage"]["input_tokens"], run["usage"]["output_tokens"], run["usage"]["requests"]) == (50, 12, 2)


def test_passing_errors_of_a_provider_are_retried_without_holding_the_worker(small: New, provider: Provider) -> None:
    """Rules 2.7, 1.7: the only slot serves another run while the first one backs off."""
    quick = {"attempts": 2, "backoff": 600, "max_backoff": 600}
    one = small(
        workflow("Main", stage("Work", agent("Ada", model=MODEL, retries=quick))), simple("Other", say("Done."))
    )
    provider.answer(Status(429, "too many"))
    run = one.until_waiting(one.start("Main"))
    (wait,) = run["waiting_on"]

    assert (wait["kind"], wait["label"], bool(wait["until"])) == ("retry", "Ada", True)
    assert run["stages"][0]["agents"][0]["status"] == "retrying"
    assert one.completed("Other")["result"]["value"] == "Done."
    assert one.control(run, "cancel").json()["status"] == "cancelled"


def test_a_cancelled_run_abandons_the_call_in_flight(small: New, provider: Provider) -> None:
    """Rule 10.1: the connection is closed; the slot is free for the next run."""
    provider.abandoned.clear()
    one = small(workflow("Main", stage("Work", agent("Ada", model=MODEL))), simple("Other", say("Done.")))
    before = len(provider.requests)
    provider.answer(Hang())
    run = one.start("Main")
    wait_until(lambda: len(provider.requests) > before, 30, "a request")
    assert one.control(run, "cancel").json()["status"] == "cancelled"

    assert provider.abandoned.wait(30)
    assert one.completed("Other")["status"] == "completed"
    assert one.get(run)["status"] == "cancelled"
    assert [event["kind"] for event in one.events(run)][-1] == "run.cancelled"


def test_a_call_that_hangs_is_cut_at_its_deadline(small: New, provider: Provider) -> None:
    """Rule 2.7: `timeout` is the total of one model call; a time-out is passing."""
    one = small(workflow("Main", stage("Work", agent("Ada", model=MODEL, timeout=1, retries={"backoff": 0}))))
    provider.answer(Hang(), Say("Second try."))
    run = one.completed("Main")

    assert run["result"]["value"] == "Second try."
    assert [told["reason"] for told in one.told(run, "agent.retrying")] == ["timeout"]


def test_what_a_model_writes_badly_is_kept_readable_and_a_megabyte_whole(small: New, provider: Provider) -> None:
    """Issue 4, bad input: markup, ANSI, NUL, broken UTF-8 and results of 1 MB go through a run and come out as they
    are, but for what no database holds."""
    nasty = "<script>alert(1)</script> \x1b[31mred\x1b[0m \x07 a\x00b {{input}} \ud800 end"
    kept = nasty.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    large = "é" * 500_000
    one = small(workflow("Main", stage("Work", agent("Ada", model=MODEL)), stage("Read", agent("Ada", model=MODEL))))
    shared = {"note": nasty, "tree": {nasty: [nasty]}, "large": large}
    provider.answer(Calls((Call("share_results", {"results": shared}),)), Say(nasty), Say("Read."))
    run = one.completed("Main", nasty.replace("\x00", "").replace("\ud800", ""))

    assert run["result"]["value"] == {"note": kept, "tree": {kept: [kept]}, "large": large}
    assert one.work(run, "Ada")["turns"][-1]["response"]["parts"][0]["content"] == kept
