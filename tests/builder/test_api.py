"""The REST API of definitions."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import Agent
from builder.models import Workflow
from projects.models import Project
from tests.builder.conftest import Api
from tests.builder.made import MAIN, changed

BASE = "/projects/website"
PLAIN: dict[str, Any] = {"name": "New", "stages": [{"name": "A"}]}


def test_an_import_answers_with_what_it_did(api: Api) -> None:
    """Interfaces 5: 201 with slug, created and updated; 200 for a dry run, which stores nothing."""
    file = {"format": "baton/1", "project": {"name": "Website"}, "agents": [{"name": "Ada"}], "workflows": [PLAIN]}
    told = {"project": "website", "created": ["agents/Ada", "workflows/New"], "updated": [], "warnings": []}
    dry = api("POST", "/projects/import?dry_run=true", file)
    assert (dry.status, dry.body) == (200, told)
    assert not Project.objects.exists()
    done = api("POST", "/projects/import", file)
    assert (done.status, done.body) == (201, told)
    assert api("POST", "/projects/import", file).body == {**told, "created": []}


def test_a_workflow_goes_through_its_life(api: Api, website: Project) -> None:
    """Interfaces 5: GET, POST, PUT, PATCH and DELETE by id or name; what was read can be written."""
    made = api("POST", f"{BASE}/workflows", PLAIN)
    assert made.status == 201
    assert {key: made.body[key] for key in ("version", "revision", "archived", "name")} == {
        "version": 1, "revision": 1, "archived": False, "name": "New",
    }  # fmt: skip
    by_name, by_id = api("GET", f"{BASE}/workflows/new"), api("GET", f"{BASE}/workflows/{made.body['id']}")
    assert by_name.body == by_id.body == made.body

    put = api("PUT", f"{BASE}/workflows/New", changed(made.body, set={"stages[0].task": "Work."}))
    assert (put.status, put.body["version"], put.body["revision"]) == (200, 2, 2)
    stale = api("PUT", f"{BASE}/workflows/New", made.body)
    assert (stale.status, stale.body["error"]["code"]) == (409, "conflict")
    patched = api("PATCH", f"{BASE}/workflows/New", {"archived": True, "description": "Old."})
    assert (patched.body["archived"], patched.body["stages"][0]["task"]) == (True, "Work.")

    assert api("DELETE", f"{BASE}/workflows/New").status == 204
    assert api("GET", f"{BASE}/workflows/New").status == 404


def test_the_id_of_another_object_is_refused(api: Api, website: Project, main: Workflow) -> None:
    """Trust 4.1: nothing of another project can be written through this one."""
    answer = api("PATCH", f"{BASE}/workflows/Report", {"id": main.pk})
    assert (answer.status, answer.paths) == (422, ["id"])


def test_a_body_is_refused_with_all_its_problems(api: Api, website: Project) -> None:
    """Interfaces 5: 422 with every problem at once."""
    answer = api("POST", f"{BASE}/workflows", changed(MAIN, set={"name": "X ", "colour": 1, "stages[2].max_visits": 0}))
    assert (answer.status, answer.body["error"]["code"]) == (422, "invalid")
    assert set(answer.paths) == {"name", "colour", "stages[2].max_visits"}
    for raw in ("", "[]", "{", '{"name": NaN}'):
        assert api("POST", f"{BASE}/workflows", raw).status == 422
        assert api("PUT", f"{BASE}/agents/Ada", raw).status == 422
    assert Workflow.objects.count() == 3


def test_a_name_that_is_taken_is_a_conflict(api: Api, website: Project) -> None:
    """Interfaces 5: 409."""
    assert api("POST", f"{BASE}/workflows", {**PLAIN, "name": "MAIN"}).status == 409
    assert api("POST", f"{BASE}/agents", {"name": "ada"}).status == 409
    assert api("PATCH", f"{BASE}/agents/Ada", {"name": "BEN"}).status == 409


def test_agents_go_through_their_life(api: Api, website: Project) -> None:
    """Interfaces 5: agents by id or name."""
    made = api("POST", f"{BASE}/agents", {"name": "Eve", "model": "scripted", "script": [{"say": "Hi"}]})
    assert (made.status, made.body["version"]) == (201, 1)
    assert api("GET", f"{BASE}/agents/{made.body['id']}").body == made.body
    patched = api("PATCH", f"{BASE}/agents/eve", {"role": "Critic"})
    assert (patched.body["role"], patched.body["script"]) == ("Critic", [{"say": "Hi"}])
    assert api("PUT", f"{BASE}/agents/Eve", {"name": "Eve"}).body["script"] == []
    assert api("PUT", f"{BASE}/agents/Eve", {"name": "Eve", "version": 1}).status == 409
    assert api("DELETE", f"{BASE}/agents/Eve").status == 204
    taken = api("DELETE", f"{BASE}/agents/Ben")
    assert (taken.status, taken.paths) == (409, ["Main > Draft", "Main > Review"])
    assert Agent.objects.count() == 2


def test_versions_are_listed_shown_and_restored(api: Api, website: Project) -> None:
    """Interfaces 5: versions and restore."""
    api("PATCH", f"{BASE}/workflows/Report", {"description": "Counts."})
    listed = api("GET", f"{BASE}/workflows/Report/versions").body["items"]
    assert [(item["number"], item["current"]) for item in listed] == [(1, False), (2, True)]
    first = api("GET", f"{BASE}/workflows/Report/versions/1").body["content"]
    assert (first["workflow"]["description"], first["agents"][0]["name"]) == ("", "Ada")
    restored = api("POST", f"{BASE}/workflows/Report/versions/1/restore")
    assert (restored.status, restored.body["description"], restored.body["version"]) == (200, "", 1)
    assert api("POST", f"{BASE}/workflows/Report/versions/9/restore").status == 404
    assert api("GET", f"{BASE}/workflows/Report/versions/x").status == 404


def test_a_check_tells_problems_and_warnings(api: Api, website: Project) -> None:
    """Interfaces 5: check lists problems and warnings."""
    answer = api("GET", f"{BASE}/workflows/Main/check")
    assert [item["path"] for item in answer.body["problems"]] == ["stages[1].entry_hooks[0].kind"]
    assert answer.body["warnings"] == [
        {"path": "stages[2]", "message": "nothing leads to Archive"},
        {"path": "stages[0].assignments[0].capabilities", "message": "Ada may decide the outcome, but Draft has none"},
    ]


def test_lists_are_paged(api: Api, website: Project) -> None:
    """Interfaces 5: lists page by cursor."""
    first = api("GET", f"{BASE}/workflows?limit=2").body
    assert [item["name"] for item in first["items"]] == ["Main", "Publish"]
    second = api("GET", f"{BASE}/workflows?limit=2&cursor={first['next']}").body
    assert ([item["name"] for item in second["items"]], second["next"]) == (["Report"], None)
    assert set(first["items"][0]) == {"id", "version", "revision", "archived", "name", "description"}
    assert api("GET", f"{BASE}/agents?limit=0").status == 422
    assert api("GET", f"{BASE}/agents?colour=red").status == 422


CALLS = [
    ("GET", "/export"),
    ("GET", "/workflows"),
    ("POST", "/workflows"),
    ("GET", "/workflows/Main"),
    ("PUT", "/workflows/Main"),
    ("PATCH", "/workflows/Main"),
    ("DELETE", "/workflows/Main"),
    ("GET", "/workflows/Main/versions"),
    ("GET", "/workflows/Main/versions/1"),
    ("POST", "/workflows/Main/versions/1/restore"),
    ("GET", "/workflows/Main/check"),
    ("GET", "/agents"),
    ("POST", "/agents"),
    ("GET", "/agents/Ada"),
    ("PUT", "/agents/Ada"),
    ("PATCH", "/agents/Ada"),
    ("DELETE", "/agents/Ada"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_strangers_find_nothing_and_viewers_change_nothing(
    stranger: Api, viewer: Api, website: Project, method: str, path: str
) -> None:
    """Rule 12.4: who may not see a project gets nothing; a viewer reads."""
    body = None if method == "GET" else {"name": "X"}
    before = Workflow.objects.count(), Agent.objects.count()
    assert stranger(method, f"{BASE}{path}", body).status == 404
    assert viewer(method, f"{BASE}{path}", body).status == (200 if method == "GET" else 403)
    assert (Workflow.objects.count(), Agent.objects.count()) == before


def test_what_is_not_there_is_not_found(api: Api, website: Project) -> None:
    """Interfaces 5: 404 missing or not the caller's."""
    for path in (
        "/projects/nothing/workflows",
        f"{BASE}/workflows/Nothing",
        f"{BASE}/workflows/0",
        f"{BASE}/agents/99999999",
    ):
        assert api("GET", path).status == 404, path
    assert api("GET", f"{BASE}/export?workflow=Nothing").status == 404
