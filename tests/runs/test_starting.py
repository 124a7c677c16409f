"""Starting runs: what is recorded, what is executed, and the same start asked for twice (behaviour.md 1)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.runs.casting import (
    CALLER,
    agent,
    call,
    gate,
    gated,
    routed,
    say,
    share,
    simple,
    stage,
    to_workflow,
    trigger,
    workflow,
)
from tests.runs.play import Play, problem

New = Callable[..., Play]
SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "copies": {"type": "integer", "minimum": 1}},
    "required": ["title"],
    "additionalProperties": False,
}


def test_every_start_records_its_origin_its_starter_and_its_input(play: New) -> None:
    """Rule 1.1: whatever the origin, and a child's input is what its caller gave."""
    one = play(
        routed("By route", to_workflow("Target", input="from a route")),
        simple("By agent", trigger("Target", "from an agent"), can=CALLER),
        simple("Target", say("{{input}}")),
    )
    direct = one.completed("Target", "from the API", metadata={"ticket": 7})
    (routed_run,) = one.children(one.completed("By route"))
    (asked,) = one.children(one.completed("By agent"))

    assert (direct["origin"], direct["input"], direct["metadata"]) == ("api", "from the API", {"ticket": 7})
    assert (direct["parent"], direct["depth"]) == (None, 0)
    assert (routed_run["origin"], routed_run["input"], routed_run["depth"]) == ("route", "from a route", 1)
    assert (asked["origin"], asked["input"], asked["depth"]) == ("agent", "from an agent", 1)
    assert one.told(direct, "run.started") == [{"workflow": "Target", "version": 1, "input": "from the API"}]


def test_a_start_by_hand_is_told_from_one_by_a_token(play: New, browser: httpx.Client) -> None:
    """Rule 1.1: the session of a person is `manual`."""
    one = play(simple("Look", say("Looked.")))
    headers = {"X-CSRFToken": browser.cookies["csrftoken"], "Origin": one.stack.url}
    answer = browser.post(f"/api/v1/projects/{one.slug}/workflows/Look/runs?wait=60", json={}, headers=headers)

    assert (answer.status_code, answer.json()["origin"]) == (201, "manual")


def test_a_live_run_executes_the_definition_as_it_stood_when_it_started(play: New) -> None:
    """Rule 1.2: editing the agent and the workflow changes later runs only."""
    hook = gate({"Yes": "yes"})
    one = play(
        workflow(
            "Main",
            stage("Ask", outcomes=["yes"], exit_hooks=[hook]),
            stage("Work", agent("Ada", share(by="the first version"))),
        )
    )
    old = one.until_waiting(one.start("Main"))
    ada = one.ok("GET", f"/projects/{one.slug}/agents/Ada")
    edit = {"script": [share(by="the second version")], "version": ada["version"]}
    one.ok("PATCH", f"/projects/{one.slug}/agents/Ada", edit)
    new = one.start("Main")
    for run in (old, new):
        one.decide(run, "Yes")

    old, new = one.until_over(old), one.until_over(new)
    assert (old["version"], old["result"]["value"]) == (1, {"by": "the first version"})
    assert (new["version"], new["result"]["value"]) == (2, {"by": "the second version"})


def test_renaming_and_deleting_a_workflow_does_not_disturb_its_runs(play: New) -> None:
    """Rule 1.2: the run keeps its name and its stages."""
    one = play(gated("Main"))
    waiting = one.until_waiting(one.start("Main"))
    path = f"/projects/{one.slug}/workflows/Main"
    renamed = one.ok("PATCH", path, {"name": "Other", "version": one.ok("GET", path)["version"]})
    deleted = one.api("DELETE", f"/projects/{one.slug}/workflows/{renamed['id']}")
    assert (renamed["name"], deleted.status_code) == ("Other", 204)
    one.decide(waiting, "Yes")

    ended = one.until_over(waiting)
    assert (ended["status"], ended["workflow"], ended["stages"][0]["name"]) == ("completed", "Main", "Ask")


def test_runs_of_the_same_content_share_a_version(play: New) -> None:
    """Rule 1.2: a version is made by content, not by start."""
    one = play(simple("Main", say("Done.")))

    assert [one.completed("Main")["version"] for _ in range(3)] == [1, 1, 1]
    assert len(one.ok("GET", f"/projects/{one.slug}/workflows/Main/versions")["items"]) == 1


def test_the_same_key_returns_the_first_run_whatever_its_body(play: New) -> None:
    """Rule 1.4: 200 with the first run, and no second start; keys are of one workflow each."""
    one = play(simple("Main", share(given="{{input}}")), simple("Other", say("Done.")))
    first = one.run("Main", "one", key="k-1")
    again = one.post("Main", "two", key="k-1")
    elsewhere = one.post("Other", "three", key="k-1")

    assert (again.status_code, again.json()["id"], again.json()["input"]) == (200, first["id"], "one")
    assert elsewhere.status_code == 201
    assert len(one.runs()) == 2
    assert first["key"] == "k-1"


def test_two_requests_with_the_same_key_at_once_start_one_run(play: New) -> None:
    """Rule 1.4: one answers 201, the others 200, all with the same run."""
    one = play(simple("Main", say("Done.")))

    def ask(number: int) -> httpx.Response:
        with httpx.Client(base_url=one.stack.url, timeout=60, trust_env=False) as client:
            headers = {"Authorization": f"Bearer {one.stack.token}", "Idempotency-Key": "k-2"}
            path = f"/api/v1/projects/{one.slug}/workflows/Main/runs"
            return client.post(path, json={"input": str(number)}, headers=headers)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(one.runs()) == 1


@pytest.mark.parametrize(
    ("given", "path", "reason"),
    [
        ({"title": 7}, "input.title", "string"),
        ({}, "input", "title"),
        ({"title": "A", "copies": 0}, "input.copies", "minimum"),
        ({"title": "A", "colour": "red"}, "input", "colour"),
        ("just text", "input", "object"),
    ],
)
def test_input_that_does_not_fit_is_refused_with_field_and_reason(
    play: New, given: object, path: str, reason: str
) -> None:
    """Rule 1.5: and no run exists afterwards."""
    one = play(
        simple(
            "Typed",
            say("Done."),
        )
        | {"input_schema": SCHEMA}
    )
    answer = one.post("Typed", given)

    assert answer.status_code == 422
    details = problem(answer)["details"]
    assert [detail["path"] for detail in details] == [path]
    assert reason in details[0]["message"]
    assert one.runs() == []


def test_all_fields_that_do_not_fit_are_named_at_once(play: New) -> None:
    """Rule 1.5."""
    one = play(simple("Typed", say("Done.")) | {"input_schema": SCHEMA})
    answer = one.post("Typed", {"title": 7, "copies": "many"})

    assert sorted(detail["path"] for detail in problem(answer)["details"]) == ["input.copies", "input.title"]


@pytest.mark.parametrize("given", [7, True, None, ["a"]])
def test_input_is_text_or_an_object(play: New, given: object) -> None:
    """Rule 1.5."""
    one = play(simple("Main", say("Done.")))
    answer = one.post("Main", given)

    assert (answer.status_code, problem(answer)["details"][0]["path"]) == (422, "input")
    assert one.runs() == []


def test_a_child_is_checked_against_its_input_schema_in_the_same_way(play: New) -> None:
    """Rule 1.5: through both patterns and in the background; text that is a JSON object is read as one."""
    one = play(
        simple(
            "By agent",
            trigger("Typed", {"title": 7}),
            call("start_workflow", workflow="Typed", context={"copies": 2}),
            trigger("Typed", '{"title": "A"}'),
            can=CALLER,
        ),
        routed("By route", to_workflow("Typed", input={"title": 7})),
        routed("By route, well", to_workflow("Typed", input='{"title": "{{input}}", "copies": 3}')),
        simple("Typed", say("{{input.title}}")) | {"input_schema": SCHEMA},
    )
    run = one.completed("By agent")
    refused, background, fine = one.results_of(run, "By agent agent")
    by_route = one.completed("By route")
    well = one.completed("By route, well", "B")

    assert (refused["status"], refused["run_id"]) == ("refused", None)
    assert "input.title" in refused["error"]
    assert (background["status"], background["run_id"]) == ("refused", None)
    assert (fine["status"], fine["result"]) == ("completed", "A")
    assert len(one.children(run)) == 1
    assert one.children(by_route) == []
    assert "input.title" in by_route["warnings"][0]["message"]
    assert one.children(well)[0]["input"] == {"title": "B", "copies": 3}


def test_a_body_over_the_limit_is_refused_and_leaves_no_run(play: New) -> None:
    """Rule 6.5: 1 MiB as sent is the limit; what is just below it is carried through."""
    one = play(simple("Main", share(size="{{input}}")))
    large, fits = one.post("Main", "x" * (1024 * 1024)), one.run("Main", "x" * (1024 * 1024 - 100))

    assert (large.status_code, problem(large)["code"]) == (413, "too_large")
    assert fits["status"] == "completed"
    assert len(one.runs()) == 1


def test_unknown_fields_and_query_parameters_are_refused(play: New) -> None:
    """Interfaces 5: nothing that was meant is silently ignored."""
    one = play(simple("Main", say("Done.")))

    assert one.post("Main", inputs="misspelt").status_code == 422
    assert one.post("Main", query="?waiting=5").status_code == 422
    assert one.post("Main", query="?wait=301").status_code == 422
    assert one.post("Main", query="?wait=-1").status_code == 422
    assert one.post("Main", key="").status_code == 422
    assert one.post("Main", key="k" * 201).status_code == 422
    assert one.post("Main", metadata=["no object"]).status_code == 422
    assert one.runs() == []


def test_a_start_that_waits_answers_202_when_the_run_is_not_over(play: New) -> None:
    """Rule 8.3: 201 when it has ended in time."""
    one = play(gated("Slow"), simple("Quick", say("Done.")))
    slow, quick = one.post("Slow", query="?wait=1"), one.post("Quick", query="?wait=60")

    assert (slow.status_code, slow.json()["status"]) == (202, "waiting")
    assert (quick.status_code, quick.json()["status"]) == (201, "completed")


def test_a_repeated_key_may_wait_for_the_first_run_too(play: New) -> None:
    """Rules 1.4, 8.3: it answers when the run that is under way has ended."""
    one = play(gated("Main"))
    first = one.until_waiting(one.start("Main", key="again"))
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(one.post, "Main", query="?wait=60", key="again")
        with httpx.Client(base_url=one.stack.url, trust_env=False, timeout=60) as other:
            headers = {"Authorization": f"Bearer {one.stack.token}"}
            gates = other.get(f"/api/v1/projects/{one.slug}/gates", headers=headers).json()["items"]
            other.post(f"/api/v1/gates/{gates[0]['id']}/answer", json={"option": "Yes"}, headers=headers)
        answer = second.result()

    assert (answer.status_code, answer.json()["id"], answer.json()["status"]) == (200, first["id"], "completed")


# Batches


def test_a_batch_starts_all_of_its_runs(play: New) -> None:
    """Interfaces 5: in the order of the inputs."""
    one = play(simple("Main", share(given="{{input}}")))
    inputs = [f"number {place}" for place in range(20)]
    started = one.ok("POST", f"/projects/{one.slug}/workflows/Main/runs/batch", {"inputs": inputs})["items"]

    assert [run["input"] for run in started] == inputs
    assert [run["number"] for run in started] == list(range(1, 21))
    assert [one.until_over(run)["result"]["value"]["given"] for run in started] == inputs


@pytest.mark.parametrize(
    ("inputs", "paths"),
    [
        ([{"title": "A"}, {"title": 7}, "text"], ["inputs[1].title", "inputs[2]"]),
        ([], ["inputs"]),
        ([{"title": "A"}] * 101, ["inputs"]),
    ],
    ids=["misfits", "none", "too many"],
)
def test_a_batch_starts_nothing_when_one_input_is_refused(play: New, inputs: list[object], paths: list[str]) -> None:
    """Interfaces 5: all or none, every problem named."""
    one = play(simple("Typed", say("Done.")) | {"input_schema": SCHEMA})
    answer = one.api("POST", f"/projects/{one.slug}/workflows/Typed/runs/batch", {"inputs": inputs})

    assert answer.status_code == 422
    assert [detail["path"] for detail in problem(answer)["details"]] == paths
    assert one.runs() == []


# Who may be started


def test_missing_archived_and_foreign_workflows_cannot_be_started(play: New) -> None:
    """Rule 6.1: what is only in another project is not there."""
    one, other = play(simple("Main", say("Done.")), simple("Old")), play(simple("Elsewhere", say("Done.")))
    narrow = other.token()
    path = f"/projects/{one.slug}/workflows"
    main, old = one.ok("GET", f"{path}/Main"), one.ok("GET", f"{path}/Old")
    one.ok("PATCH", f"{path}/Old", {"archived": True, "version": old["version"]})
    archived = one.post("Old")

    assert one.post("Nowhere").status_code == 404
    assert one.post("Elsewhere").status_code == 404
    assert one.api("POST", "/projects/no-such-project/workflows/Main/runs", {}).status_code == 404
    assert one.api("POST", f"{path}/Main/runs", {}, token=narrow).status_code == 404
    assert (archived.status_code, "archived" in problem(archived)["message"]) == (409, True)
    assert one.runs() == []
    assert one.post(str(main["id"])).status_code == 201
    assert one.post("mAIN").status_code == 201


def test_a_token_of_another_project_starts_its_own_workflows_from_outside_as_roots(play: New) -> None:
    """Rule 6.1: from outside any project can be started, with its own token; that is never a workflow call."""
    one = play(simple("Main", say("Done.")))
    narrow = one.token()
    run = one.api("POST", f"/projects/{one.slug}/workflows/Main/runs?wait=60", {}, token=narrow).json()

    assert (run["status"], run["depth"], run["parent"], run["origin"]) == ("completed", 0, None, "api")
