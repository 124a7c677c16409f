"""The four scenes of behaviour.md section 13, by their names, on the demo project of a running stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.stack import Stack
from tests.waiting import wait_until

Json = Any


@pytest.fixture(scope="module")
def demo() -> Iterator[Stack]:
    """A Baton with the demo project."""
    running = Stack(demo=True)
    try:
        yield running.start()
    finally:
        running.stop()


def start(demo: Stack, workflow: str, given: Json = "", wait: int = 0) -> Json:
    """Start a workflow of the demo, and wait so long for its end."""
    answer = demo.api("POST", f"/projects/demo/workflows/{workflow}/runs?wait={wait}", json={"input": given})
    assert answer.status_code in (201, 202), answer.text
    return answer.json()


def run(demo: Stack, run_id: str) -> Json:
    """A run as it stands now."""
    return demo.api("GET", f"/runs/{run_id}").json()


def decide(demo: Stack, run_id: str, option: str) -> None:
    """Answer the gate that a run comes to."""
    wait_until(lambda: any(item["kind"] == "gate" for item in run(demo, run_id)["waiting_on"]), 60, "the gate")
    gate = next(item["id"] for item in run(demo, run_id)["waiting_on"] if item["kind"] == "gate")
    assert demo.api("POST", f"/gates/{gate}/answer", json={"option": option}).status_code == 200


def ended(demo: Stack, run_id: str) -> Json:
    """A run, once it has ended."""
    wait_until(lambda: run(demo, run_id)["finished_at"], 60, "the end of the run")
    return run(demo, run_id)


def test_optimize_website_asks_for_numbers_while_its_colleague_goes_on(demo: Stack) -> None:
    """Rules 5.1, 5.2, 5.3, 13: the Optimizer is blocked, the Copywriter works; structured results come back."""
    parent = start(demo, "Optimize Website")
    wait_until(lambda: run(demo, parent["id"])["children"], 60, "the triggered run")
    seen = run(demo, parent["id"])
    agents = {agent["agent"]: agent["status"] for agent in seen["stages"][0]["agents"]}
    assert agents["Optimizer"] == "blocked"
    assert seen["status"] == "running"
    child = run(demo, seen["children"][0])
    assert (child["workflow"], child["input"], child["depth"]) == (
        "Analyze Website",
        "Focus on landing page conversion",
        1,
    )
    result = ended(demo, parent["id"])["result"]
    assert "2.4" in result["value"]["plan"]
    assert result["value"]["headline"]


def test_the_newsletter_is_written_from_the_report(demo: Stack) -> None:
    """Rule 13: the writer triggers Analyze Engagement, waits, and writes from its report; it also runs alone."""
    parent = start(demo, "Write Newsletter", wait=60)
    assert parent["status"] == "completed"
    child = run(demo, parent["children"][0])
    assert (child["workflow"], child["input"]) == ("Analyze Engagement", "Focus on this week's blog posts")
    assert str(child["result"]["value"]["open_rate"]) in parent["result"]["value"]["newsletter"]
    alone = start(demo, "Analyze Engagement", wait=60)
    assert (alone["status"], alone["parent"], alone["depth"]) == ("completed", None, 0)


def test_a_review_is_revised_then_approved_and_published(demo: Stack) -> None:
    """Rules 3.4, 4.2, 7.2, 13: revise goes back to Draft; approve runs Publish Content, then the end."""
    review = start(demo, "Content Review")
    decide(demo, review["id"], "Revise")
    wait_until(lambda: len(run(demo, review["id"])["stages"]) >= 4, 60, "the second visit to the review")
    decide(demo, review["id"], "Approve")
    end = ended(demo, review["id"])
    assert end["status"] == "completed"
    assert [stage["name"] for stage in end["stages"]] == ["Draft", "Quality Review", "Draft", "Quality Review"]
    child = run(demo, end["children"][0])
    assert (child["workflow"], child["status"], child["origin"]) == ("Publish Content", "completed", "route")
    assert child["input"]["title"] == "Hello Baton"


def test_a_rejected_article_is_archived(demo: Stack) -> None:
    """Rules 3.4, 13: reject leads to Archive, and nothing is published."""
    review = start(demo, "Content Review")
    decide(demo, review["id"], "Reject")
    end = ended(demo, review["id"])
    assert [stage["name"] for stage in end["stages"]] == ["Draft", "Quality Review", "Archive"]
    assert end["children"] == []


def test_a_release_goes_on_after_its_deployment_failed(demo: Stack) -> None:
    """Rules 4.3, 13: Deploy to Production fails; continue at is followed all the same, and the run says so."""
    release = start(demo, "Release", {"version": "1.4.0"})
    decide(demo, release["id"], "Approve")
    end = ended(demo, release["id"])
    assert end["status"] == "completed"
    assert [stage["name"] for stage in end["stages"]] == ["Prepare", "Report"]
    assert end["stages"][0]["outcome"] == "approve"
    assert run(demo, end["children"][0])["status"] == "failed"
    assert "continued_after_failed_workflow" in [warning["code"] for warning in end["warnings"]]
    assert end["result"]["value"]["report"] == "The deployment ended as failed."
