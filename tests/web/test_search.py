"""The search of the top bar and the menu of projects beside it: what is found, and that it is the caller's own."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from builder.models import Workflow
from builder.project_file import import_project
from projects.access import Caller, Role
from projects.models import Member, Project
from runs.models import WorkflowRun
from runs.operations import Start, start_run
from tests.web.conftest import FILE, HTMX, Site, text_of

_OPTION = re.compile(r'<a role="option" [^>]*href="([^"]+)">(.*?)</a>', re.S)
HERE = {"at": "/p/website"}


def _found(site: Site, text: str, who: str = "viewer", **more: str) -> dict[str, str]:
    """What the dialog shows: addresses by what stands in the option."""
    answer = site.client(who).get("/search", {"q": text, **more}, headers=HTMX)
    assert answer.status_code == 200
    options = _OPTION.findall(answer.content.decode())
    return {" ".join(unescape(re.sub("<[^>]*>", " ", words)).split()): unescape(url) for url, words in options}


def _foreign(name: str = "Elsewhere", member: User | None = None) -> Project:
    """A project with the same workflows and agents, and a run #1, which belongs to somebody else."""
    owner, _ = User.objects.get_or_create(username="foreigner")
    content = FILE | {"project": {"name": name, "default_model": "scripted"}}
    project = Project.objects.get(slug=import_project(Caller(owner), content).project)
    start_run(Workflow.objects.get(project=project, name="Review"), "Go.", Start("manual", owner.pk))
    if member is not None:
        Member.objects.create(project=project, user=member, role=Role.VIEWER.value)
    return project


def test_projects_workflows_agents_runs_and_pages_are_found_by_name(site: Site) -> None:
    """Ui.md 3: also in the middle of a name, in any case; every address leads to a page that a viewer may read."""
    review, ada = site.workflow("Review").pk, site.assignment().agent_id

    assert _found(site, "WEBS") == {"Website": "/p/website"}
    found = _found(site, "evie")
    assert found["Review Website"] == f"/w/{review}"
    assert found[f"Review #{site.run.number} Website · waiting"] == f"/r/{site.run.pk}"
    assert _found(site, "ada") == {"Ada Website": f"/p/website/agents/{ada}"}
    assert _found(site, "approv") == {"Approvals": "/approvals"}
    assert _found(site, "dashboard") == {"Dashboard Website": "/p/website/dashboard"}
    for text in ("WEBS", "evie", "ada", "approv", "settings", "runs website"):
        addresses = _found(site, text, **HERE).values()
        assert addresses
        assert {site.client("viewer").get(address).status_code for address in addresses} == {200}


@pytest.mark.parametrize("typed", ["1", "#1", " # 1 ", "review #1", "Review 1"])
def test_runs_are_found_by_number(site: Site, typed: str) -> None:
    assert f"/r/{site.run.pk}" in _found(site, typed.replace("# ", "#")).values()


def test_another_number_or_another_workflow_is_not_found(site: Site) -> None:
    for typed in ("#2", "publish #1", "999999999", "99999999999999999999", "#"):
        assert f"/r/{site.run.pk}" not in _found(site, typed).values()


def test_nothing_of_a_foreign_project_is_found(site: Site) -> None:
    """Rule 12.4: not its name, not what is in it, not by its address."""
    _foreign()
    for typed in ("", "Elsewhere", "Review", "Ada", "1", "#1", "Settings", "Review #1"):
        for more in ({}, HERE, {"at": "/p/elsewhere"}):
            assert "lsewhere" not in " ".join([*(found := _found(site, typed, **more)), *found.values()])
        assert not any(
            url.startswith(("/p/", "/w/", "/r/")) for url in _found(site, typed, "stranger", **HERE).values()
        )
    assert site.client("nobody").get("/search?q=Review").headers["Location"].startswith("/login")
    assert site.client("viewer").post("/search").status_code == 405


def test_what_is_in_the_project_of_the_page_comes_first(site: Site) -> None:
    viewer = User.objects.get(username="viewer")
    _foreign("Another", viewer)

    def first(typed: str, at: str) -> str:
        return next(iter(_found(site, typed, at=at)))

    assert first("Review", "/p/website") == "Review Website"
    assert first("Review", "/p/another") == "Review Another"
    assert first("#1", "/p/website").endswith("Website · waiting")
    assert "Settings Another" in _found(site, "settings", at="/p/another")
    assert "Settings Website" not in _found(site, "settings", at="/p/another")
    assert {"Settings Another", "Settings Website"} <= set(_found(site, "settings"))


def test_the_number_of_queries_does_not_grow(site: Site) -> None:
    """With projects, workflows and runs; and of each kind at most eight are shown."""
    viewer = User.objects.get(username="viewer")

    def count() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert len(_found(site, "e", **HERE)) + len(_found(site, "review 1")) > 0
        return len(asked)

    before = count()
    for number in range(3):
        _foreign(f"More {number}", viewer)
    review = site.workflow("Review")
    rest = {"version_id": site.run.version_id, "input": {}, "origin": "manual", "created_at": timezone.now()}
    WorkflowRun.objects.bulk_create(
        WorkflowRun(project=site.project, number=number, workflow=review, workflow_name="Review", **rest)
        for number in range(10, 40)
    )
    assert count() == before
    assert before <= 24
    urls = list(_found(site, "review").values())
    assert sum(url.startswith("/r/") for url in urls) <= 8
    assert sum(url.startswith("/w/") for url in urls) <= 8


@pytest.mark.parametrize(
    "typed",
    [
        "\x00",
        "a\x00b",
        "n" * 10_240,
        "%",
        "_",
        "100%",
        "\\",
        "<b onclick=x>bad</b>",
        "'; --",
        "a\u202eb",
        "\u0661",
        "🦊",
    ],
    ids=range(12),
)
def test_any_text_is_answered_calmly(site: Site, typed: str) -> None:
    """Behaviour.md: bad input is no failure, finds nothing, and is no markup."""
    for at in ("/p/website", "//evil", "/p/\x00", "x" * 5000):
        assert not any(url.startswith("/r/") for url in _found(site, typed, at=at).values())
    page = site.client("viewer").get("/search", {"q": typed, "at": "/p/website"})
    assert page.status_code == 200
    assert "<b onclick" not in page.content.decode()


def test_without_a_script_it_is_a_page_with_the_same(site: Site) -> None:
    """The button is a link to it, which says where it was pressed; the form keeps the text."""
    start = site.client("viewer").get("/p/website/runs").content.decode()
    assert 'href="/search?at=/p/website"' in start

    page = site.client("viewer").get("/search", {"q": "review", **HERE})
    assert f'<a href="/w/{site.workflow("Review").pk}">Review</a>' in page.content.decode()
    assert 'name="q" value="review"' in page.content.decode()
    assert '<input type="hidden" name="at" value="/p/website">' in page.content.decode()
    assert "Nothing has this name or number" in text_of(site.client("viewer").get("/search?q=zzz"))
    assert "no-store" in page.headers["Cache-Control"]


def test_the_breadcrumb_leads_to_the_other_projects_of_the_caller(site: Site) -> None:
    """Ui.md 3: the project switcher, on every page of a project; twenty of them, and all projects."""
    _foreign()
    member = User.objects.get(username="viewer")
    for number in range(25):
        made = Project.objects.create(
            name=f"Other {number:02}", name_key=f"other {number:02}", slug=f"other-{number:02}"
        )
        Member.objects.create(project=made, user=member, role=Role.VIEWER.value)

    for address in ("/p/website", "/p/website/runs", f"/w/{site.workflow('Review').pk}", f"/r/{site.run.pk}"):
        page = site.client("viewer").get(address).content.decode()
        menu = page[page.index('<nav id="project-menu"') :]
        menu = menu[: menu.index("</nav>")]
        assert len(re.findall(r'href="/p/', menu)) == 20
        assert "Other 00" in menu
        assert "Elsewhere" not in menu
        assert "All projects" in menu
        assert 'popovertarget="project-menu"' in page
    assert 'aria-current="true"' in site.client("owner").get("/p/website").content.decode()
    assert 'id="project-menu"' not in site.client("viewer").get("/").content.decode()
