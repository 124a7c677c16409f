"""Every page by everybody: who sees it, what it says, and what every answer carries."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from builder.models import Workflow
from builder.project_file import import_project
from projects.access import Caller
from tests.web.conftest import HTMX, ROLES, Site, text_of

Address = Callable[[Site], str]
_PAGES: dict[str, Address] = {
    "project": lambda site: f"/p/{site.project.slug}",
    "runs of the project": lambda site: f"/p/{site.project.slug}/runs",
    "workflow": lambda site: f"/w/{site.workflow('Review').pk}",
    "outline": lambda site: f"/w/{site.workflow('Review').pk}/outline",
    "runs of the workflow": lambda site: f"/w/{site.workflow('Review').pk}/runs",
    "stage drawer": lambda site: f"/drawers/stages/{site.stage().pk}",
    "assignment drawer": lambda site: f"/drawers/assignments/{site.assignment().pk}",
    "run": lambda site: f"/r/{site.run.pk}",
    "what a run page missed": lambda site: f"/r/{site.run.pk}/sync?since=1",
    "older events": lambda site: f"/r/{site.run.pk}/events?before=3",
    "gate": lambda site: f"/a/{site.gate.pk}",
}
_OPERATED: dict[str, Address] = {"run dialog": lambda site: f"/w/{site.workflow('Review').pk}/run"}
_POSTS: dict[str, Address] = {
    "stage drawer": lambda site: f"/drawers/stages/{site.stage().pk}",
    "assignment drawer": lambda site: f"/drawers/assignments/{site.assignment().pk}",
    "run dialog": lambda site: f"/w/{site.workflow('Review').pk}/run",
    "stop": lambda site: f"/r/{site.run.pk}/cancel",
    "answer": lambda site: f"/a/{site.gate.pk}/answer",
}


_ALL = {**_PAGES, **_OPERATED}


@pytest.mark.parametrize("page", _PAGES)
def test_every_member_reads_every_page(site: Site, page: str) -> None:
    """Also: every answer carries the strict policy."""
    for role in ROLES:
        answer = site.client(role).get(_PAGES[page](site))
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_a_stranger_learns_nothing_not_even_that_there_is_something(site: Site) -> None:
    """Rule 12.4."""
    for page in _ALL.values():
        address = page(site)
        missing = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/)\d+|website", "987654321", address)

        answer, other = site.client("stranger").get(address), site.client("stranger").get(missing)

        assert (answer.status_code, other.status_code) == (404, 404), address
        assert "Website" not in text_of(answer)
        assert text_of(answer) == text_of(other), address


def test_nobody_is_sent_to_the_sign_in_page_and_back(site: Site) -> None:
    for page in _ALL.values():
        answer = site.client("nobody").get(page(site))

        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/login?next=")


def test_the_pages_of_everybody_show_each_their_own(site: Site) -> None:
    """Rule 12.4."""
    for address in ("/", "/approvals"):
        assert "Website" in text_of(site.client("viewer").get(address))
        assert "Website" not in text_of(site.client("stranger").get(address))
        assert site.client("nobody").get(address).status_code == 302


def test_who_may_operate_gets_the_run_dialog(site: Site) -> None:
    """Interfaces 5: an operator also starts."""
    address = _OPERATED["run dialog"](site)

    assert [site.client(role).get(address).status_code for role in ROLES] == [403, 200, 200, 200]


@pytest.mark.parametrize("page", ["stage drawer", "assignment drawer"])
def test_who_may_not_edit_changes_nothing(site: Site, page: str) -> None:
    """Interfaces 5: an editor also changes definitions."""
    before = site.workflow("Review").revision

    for role, status in (("stranger", 404), ("viewer", 403), ("operator", 403)):
        answer = site.client(role).post(_POSTS[page](site), {"version": "1", "directive": "Mine."})
        assert answer.status_code == status

    assert site.workflow("Review").revision == before


def test_a_form_without_its_token_is_refused(site: Site) -> None:
    """A page of another site cannot act for somebody who is signed in."""
    for page in _POSTS.values():
        assert site.client("careful").post(page(site), headers=HTMX).status_code == 403


def test_an_id_that_cannot_be_is_not_found(site: Site) -> None:
    for address in ("/w/0", "/w/99999999999999999999", "/drawers/stages/99999999999999999999", "/r/x", "/a/x"):
        assert site.client("owner").get(address).status_code == 404


# Names


_NAMES = ("<script>alert(1)</script>", "Rückblick 🎉 {{input}}", "مراجعة المحتوى", "a" * 100, "\"quoted\" & 'more'")


@pytest.mark.parametrize("name", _NAMES)
def test_names_are_shown_as_they_are_written(db: None, name: str) -> None:
    """Whatever a name holds, it is text."""
    hook = {"kind": "approval", "name": name, "message": name, "options": {name: name}}
    stage = {"name": name, "task": name, "assignments": [{"agent": name, "directive": name}], "outcomes": [name]}
    target = {"workflow": name, "continue_at": name, "input": {name: name}}
    file = {
        "format": "baton/1",
        "project": {"name": name, "default_model": "scripted"},
        "agents": [{"name": name, "role": name, "perspective": name}],
        "workflows": [{"name": name, "stages": [{**stage, "routes": {name: target}, "exit_hooks": [hook]}]}],
    }
    namer = User.objects.create_user("namer")
    slug = import_project(Caller(namer), file).project
    client = Client()
    client.force_login(namer, backend="django.contrib.auth.backends.ModelBackend")
    workflow = Workflow.objects.get(project__slug=slug)
    stage_id = workflow.stages.get().pk
    assignment_id = workflow.stages.get().assignments.get().pk

    for address in (
        f"/w/{workflow.pk}?drawer=assignment:{assignment_id}",
        f"/drawers/stages/{stage_id}?tab=routing",
        f"/w/{workflow.pk}/run",
    ):
        answer = client.get(address)
        assert answer.status_code == 200
        assert name in text_of(answer)
        assert "<script>alert" not in answer.content.decode()


# Speed


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address, headers=HTMX).status_code == 200
    return len(seen)


def _long(stages: int) -> dict[str, Any]:
    assignment = {"agent": "Ada", "capabilities": ["trigger_workflows"], "allowed_workflows": ["Publish"]}
    block = {"assignments": [assignment, {"agent": "Ben"}], "outcomes": ["a", "b"]}
    routes = {"a": {"workflow": "Publish", "continue_at": "end"}, "b": {"stage": "Stage 0"}}
    return {
        "name": f"Long {stages}",
        "stages": [{"name": f"Stage {n}", **block, "routes": routes} for n in range(stages)],
    }


@pytest.mark.parametrize("address", ["/w/{}", "/drawers/stages/{}"])
def test_the_number_of_queries_does_not_grow_with_the_stages(site: Site, address: str) -> None:
    owner = User.objects.get(username="owner")
    file = {"format": "baton/1", "project": {"name": "Website"}, "workflows": [_long(2), _long(60)]}
    import_project(Caller(owner), file, slug=site.project.slug)
    counts = []
    for stages in (2, 60):
        workflow = site.workflow(f"Long {stages}")
        part = workflow.pk if address == "/w/{}" else site.stage("Stage 1", workflow.name).pk
        counts.append(_queries(site.client("owner"), address.format(part)))

    assert counts[0] == counts[1]
    assert counts[0] <= 40
