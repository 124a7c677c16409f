"""Dry runs on a running stack: the same engine and worker, stand-ins for agents, mocks of what is triggered."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.runs.casting import CALLER, DECIDER, agent, gate, say, simple, stage, to_workflow, workflow
from tests.runs.play import OVER, Play, codes, problem

New = Callable[..., Play]
Json = Any

UNPAID = {"model": "openai:nobody-has-a-key-for-this"}


def dry(one: Play, name: str, plan: Json = None, *, query: str = "?wait=60", **body: Json) -> httpx.Response:
    """Ask for a dry run, whatever the answer."""
    path = f"/projects/{one.slug}/workflows/{name}/dry-runs{query}"
    key = body.pop("key", None)
    headers = {"Idempotency-Key": key} if key else {}
    return one.api("POST", path, {"plan": plan or {}, **body}, headers=headers)


def ended(one: Play, name: str, plan: Json = None, **body: Json) -> Json:
    """A dry run that has ended."""
    answer = dry(one, name, plan, **body)
    assert answer.status_code in (200, 201), answer.text
    assert answer.json()["status"] in OVER
    return answer.json()


def review(**fields: Json) -> Json:
    """Draft, a review by a person, and an archive; approve leads to Publish."""
    options = {"Approve": "approve", "Revise": "revise", "Reject": "reject"}
    return workflow(
        "Review",
        stage("Draft", agent("Writer", share=["title"], **UNPAID)),
        stage(
            "Look",
            agent("Critic", can=DECIDER, **UNPAID),
            outcomes=["approve", "revise", "reject"],
            routes={
                "approve": to_workflow("Publish", input="{{results.title}}"),
                "revise": {"stage": "Draft"},
                "reject": {"stage": "Archive"},
            },
            exit_hooks=[gate(options, channels=["inbox", "telegram"], output_key="answer")],
        ),
        stage("Archive", agent("Clerk", **UNPAID)),
        **fields,
    )


def publish() -> Json:
    return workflow("Publish", stage("Go live", agent("Robot", **UNPAID)), stage("Tell", agent("Herald", **UNPAID)))


def test_without_a_plan_the_first_option_is_taken_and_what_is_triggered_is_mocked(play: New) -> None:
    """Issue 3: through the same engine, without any provider: no agent has a key. Children are dry too."""
    one = play(review(), publish())
    run = ended(one, "Review")

    assert (run["status"], run["dry"], run["warnings"]) == ("completed", True, [])
    assert [(each["name"], each["outcome"]) for each in run["stages"]] == [("Draft", None), ("Look", "approve")]
    assert one.told(run, "gate.answered")[0]["by"] == "dry run"
    child = one.only_child(run)
    assert (child["workflow"], child["status"], child["dry"], child["origin"]) == (
        "Publish",
        "completed",
        True,
        "route",
    )
    assert [each["name"] for each in child["stages"]] == ["Mock"]
    assert child["result"] == {"kind": "narrative", "value": "Mocked result of Publish."}
    assert child["input"] == run["result"]["value"]["title"]
    assert [(item["workflow"], item["dry"]) for item in one.ok("GET", f"/runs/{run['id']}/tree")["items"]] == [
        ("Review", True),
        ("Publish", True),
    ]


def test_the_plan_chooses_outcomes_by_visit_results_and_the_fate_of_children(play: New) -> None:
    """Rule 4.3 in a dry run: the mocked child fails, and continue at is followed all the same."""
    one = play(review(), publish())
    plan = {
        "stages": {
            "Draft": {"says": {"Writer": "A {{draft}}."}, "results": {"title": "Spring"}},
            "Look": {"outcomes": ["revise", "approve"]},
        },
        "workflows": {"Publish": {"do": "fail", "error": "No disk left."}},
    }
    run = ended(one, "Review", plan)

    visits = [(each["name"], each["visit"], each["outcome"]) for each in run["stages"]]
    assert visits == [("Draft", 1, None), ("Look", 1, "revise"), ("Draft", 2, None), ("Look", 2, "approve")]
    assert run["result"]["value"]["title"] == "Spring"
    assert one.work(run, "Writer")["result"] == "A { {draft}}."
    assert codes(run) == ["continued_after_failed_workflow"]
    assert "No disk left." in one.only_child(run)["error"]["message"]


def test_a_child_may_be_run_dry_itself(play: New) -> None:
    """The plan of the child is part of the plan."""
    one = play(review(), publish())
    plan = {"workflows": {"publish": {"do": "run", "stages": {"Tell": {"says": {"Herald": "Told."}}}}}}
    child = one.only_child(ended(one, "Review", plan))

    assert [each["name"] for each in child["stages"]] == ["Go live", "Tell"]
    assert child["result"]["value"] == "Told."


def test_agents_trigger_what_they_are_told_to_and_get_the_mocked_result(play: New) -> None:
    """Rule 5.3 in a dry run: the envelope is the mock's; the scripted agent's own script is not played."""
    caller = agent("Ada", say("Never said."), can=CALLER, directive="Ask Analyze first.")
    one = play(workflow("Main", stage("Work", caller)), simple("Analyze", **UNPAID))
    run = ended(one, "Main", {"workflows": {"Analyze": {"result": {"rate": 3}}}})

    (back,) = one.results_of(run, "Ada")
    assert (back["status"], back["kind"], back["result"]) == ("completed", "structured", {"rate": 3})
    assert "would be told" in run["result"]["value"]


def test_people_may_be_asked_and_an_agent_may_be_made_to_fail(play: New) -> None:
    """`gates: ask` opens the gates in the inbox alone; `error` is a provider's error (rule 2.8)."""
    risky = stage("Risky", agent("Ada", **UNPAID), outcomes=["error"], routes={"error": {"stage": "Ask"}})
    skipped = stage("Skipped", agent("Ada", **UNPAID))
    ask = stage("Ask", outcomes=["yes"], exit_hooks=[gate({"Yes": "yes"}, channels=["inbox", "slack"])])
    one = play(workflow("Main", risky, skipped, ask))
    answer = dry(one, "Main", {"gates": "ask", "stages": {"Risky": {"outcomes": ["error"]}}}, query="")
    run = one.until_waiting(answer.json())

    assert [each["name"] for each in run["stages"]] == ["Risky", "Ask"]
    assert codes(run) == ["stage_failed"]
    one.decide(run, "Yes")
    assert one.until_over(run)["status"] == "completed"


def test_hooks_that_reach_outside_are_skipped_and_what_no_run_can_do_yet_does_not_matter(play: New) -> None:
    """Issue 3: a dry run never sends anything; the record says that the hook was skipped."""
    hook = {"kind": "http", "url": "http://127.0.0.1:9/never", "name": "Call home"}
    one = play(workflow("Main", stage("Work", agent("Ada", can=["use_subagents"], **UNPAID), exit_hooks=[hook])))

    assert one.post("Main").status_code == 422
    run = ended(one, "Main")
    assert run["status"] == "completed"
    assert one.told(run, "hook.finished") == [{"hook": "Call home", "hook_kind": "http", "skipped": True}]


def test_a_loop_that_the_plan_chooses_ends(play: New) -> None:
    """Rule 2.9: people may loop on, a plan may not."""
    one = play(review(), publish())
    run = ended(one, "Review", {"stages": {"Look": {"outcomes": ["revise"]}}})

    assert run["status"] == "completed"
    assert len(run["stages"]) < 20


def test_an_agent_of_many_stages_plays_each_by_its_own_plan(play: New) -> None:
    """One agent, one script: what stage and visit it is decides what it does."""
    ada = agent("Ada", can=DECIDER, **UNPAID)
    first = stage("One", ada, outcomes=["a", "b"], routes={"b": {"stage": "Three"}})
    last = stage("Three", ada, outcomes=["again", "error"], routes={"again": {"stage": "One"}})
    one = play(workflow("Main", first, stage("Two", ada), last))
    plan = {"One": {"outcomes": ["b", "a"]}, "Three": {"outcomes": ["again", "error"]}}
    run = ended(one, "Main", {"stages": plan})

    assert [(each["name"], each["outcome"]) for each in run["stages"]] == [
        ("One", "b"),
        ("Three", "again"),
        ("One", "a"),
        ("Two", None),
        ("Three", "error"),
    ]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"plan": {"stages": {"Nowhere": {}}}}, "plan.stages.Nowhere"),
        ({"plan": {"stages": {"Draft": {"outcomes": ["approve"]}}}}, "plan.stages.Draft.outcomes[0]"),
        ({"plan": {"workflows": {"Gone": {}}}}, "plan.workflows.Gone"),
        ({"plan": {"workflows": {"Publish": {"result": [1]}}}}, "plan.workflows.Publish.result"),
        ({"input": 7}, "input"),
        ({"plan": {"stages": {"Draft": {"results": {"title": "\x00"}}}}}, "plan.stages.Draft.results.title"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_with_its_place(play: New, body: Json, path: str) -> None:
    """Bad input: 422, and no run exists afterwards."""
    one = play(review(), publish())
    answer = dry(one, "Review", **body)

    assert answer.status_code == 422, answer.text
    assert path in [detail["path"] for detail in problem(answer)["details"]]
    assert one.runs() == []


def test_dry_runs_are_listed_apart_and_their_keys_never_answer_for_runs_in_earnest(play: New) -> None:
    """Rule 1.4 for dry runs; the list tells both kinds apart; versions of the workflow stay its own."""
    one = play(simple("Main", say("Hi.")))
    run = ended(one, "Main", key="k-1", metadata={"by": "test"})
    again = dry(one, "Main", query="", key="k-1")

    assert (again.status_code, again.json()["id"]) == (200, run["id"])
    assert (run["origin"], run["metadata"], run["version"]) == ("api", {"by": "test"}, 1)
    assert one.post("Main", key="k-1").status_code == 409
    earnest = one.completed("Main")
    assert earnest["dry"] is False
    assert earnest["result"]["value"] == "Hi."
    assert [each["id"] for each in one.runs("&dry=true")] == [run["id"]]
    assert [each["id"] for each in one.runs("&dry=false")] == [earnest["id"]]
    versions = one.ok("GET", f"/projects/{one.slug}/workflows/Main/versions")["items"]
    assert len(versions) == 1


def test_the_command_starts_dry_runs_with_a_plan(play: New) -> None:
    """Interfaces 1: `start_run --dry`, marked in the terminal; a plan that does not fit exits with 2."""
    one = play(review(), publish())
    plan = json.dumps({"stages": {"Look": {"outcomes": ["reject"]}}})
    made = one.stack.manage("start_run", one.slug, "Review", "--dry", "--plan", plan, "--wait")
    refused = one.stack.manage("start_run", one.slug, "Review", "--dry", "--plan", '{"stages": {"Nowhere": {}}}')

    assert made.returncode == 0, made.stderr
    assert "Dry run: Review #1" in made.stderr
    run = json.loads(made.stdout)
    assert (run["dry"], [each["name"] for each in run["stages"]]) == (True, ["Draft", "Look", "Archive"])
    assert (refused.returncode, "plan.stages.Nowhere" in refused.stderr) == (2, True)
