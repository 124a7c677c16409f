"""Every template of a new workflow, created by its form in a project without a model, and run."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from builder.starters import STARTERS
from tests.runs.play import Play
from tests.stack import Stack

Json = Any
NAME = "The new one"


@pytest.fixture
def begun(stack: Stack, browser: httpx.Client, request: pytest.FixtureRequest) -> Play:
    """A project without a default model, in which the form has created a workflow from the template `request.param`."""
    play = Play(stack)
    address = f"/p/{play.slug}/workflows/new"
    assert browser.get(address).status_code == 200
    form = {"name": NAME, "template": request.param, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    answer = browser.post(address, data=form, headers={"Referer": stack.url})
    assert answer.status_code == 200, answer.text
    assert answer.url.path.startswith("/w/")
    return play


def _stages(run: Json) -> list[tuple[str, str | None]]:
    return [(stage["name"], stage["outcome"]) for stage in run["stages"]]


def test_every_template_is_tried() -> None:
    """Issue 3, item 5: the tests below run each of them."""
    assert set(STARTERS) == {"report", "review", "router", "orchestrator", "deploy"}


@pytest.mark.parametrize("begun", ["report"], indirect=True)
def test_a_report_rests_on_the_stages_before_it(begun: Play) -> None:
    """Rules 2.1 and 2.5."""
    run = begun.completed(NAME, "Is it worth it?")

    assert [name for name, _ in _stages(run)] == ["Research", "Analysis", "Report"]
    assert "The main point holds." in run["result"]["value"]["report"]
    assert run["warnings"] == []


@pytest.mark.parametrize("begun", ["review"], indirect=True)
def test_a_draft_is_revised_and_approved(begun: Play) -> None:
    """Rules 3.4 and 7.2: revise goes back to the draft, approve on to the end."""
    run = begun.start(NAME, "The price list")
    begun.decide(run, "Revise")
    begun.until_told(run, "gate.opened", 2)
    begun.decide(run, "Approve")

    over = begun.until_over(run)
    assert over["status"] == "completed"
    assert _stages(over)[1:] == [("Review", "revise"), ("Draft", None), ("Review", "approve"), ("Finish", None)]
    assert over["result"]["value"]["final"].startswith("Draft 2")
    assert over["warnings"] == []


@pytest.mark.parametrize("begun", ["router"], indirect=True)
def test_the_router_sorts_and_has_a_default(begun: Play) -> None:
    """Rule 3.2: the agent's decision, else the outcome that is the default; all ways meet in Reply."""
    ways = {"My invoice is wrong": "Billing", "An error": "Technical", "Hello": "General"}

    for request, way in ways.items():
        run = begun.completed(NAME, request)
        assert [name for name, _ in _stages(run)] == ["Sort", way, "Reply"]
        assert run["result"]["value"]["answer"] in run["result"]["value"]["reply"]
        assert run["warnings"] == []


@pytest.mark.parametrize("begun", ["orchestrator"], indirect=True)
def test_the_orchestrator_works_with_three_results(begun: Play) -> None:
    """Rule 5.5: three calls in one turn run side by side, results in call order."""
    run = begun.completed(NAME, "Last week")

    children = begun.children(run)
    assert sorted(child["workflow"] for child in children) == ["Customer Voices", "Market News", "Sales Figures"]
    assert {(child["status"], child["input"], child["depth"]) for child in children} == {("completed", "Last week", 1)}
    value = run["result"]["value"]
    assert (value["figures"]["orders"], value["voices"]["praise"]) == (318, "Fast delivery")
    assert "A rival lowered its prices" in value["briefing"]
    assert run["warnings"] == []


@pytest.mark.parametrize("begun", ["deploy"], indirect=True)
def test_an_approved_release_is_deployed_and_announced(begun: Play) -> None:
    """Rules 4.1 and 4.2: the child gets the input, its envelope is there where the run continues."""
    run = begun.start(NAME, "1.4.0")
    begun.decide(run, "Approve")

    over = begun.until_over(run)
    assert over["status"] == "completed"
    assert _stages(over) == [("Prepare", "approve"), ("Announce", None)]
    (child,) = begun.children(over)
    assert (child["workflow"], child["status"], child["origin"]) == ("Deployment", "completed", "route")
    assert child["input"].startswith("Deploy what was approved: Faster start")
    assert over["result"]["value"]["announcement"] == "The deployment ended as completed."
    assert over["warnings"] == []
