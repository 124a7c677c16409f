"""The Problems list of the builder: every line leads to the place where it is put right."""

from __future__ import annotations

import re
from html import unescape

from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from builder.models import Workflow
from builder.operations import patch_workflow
from projects.access import Caller
from tests.web.conftest import HTMX, Site

_LINE = re.compile(r'<li><a href="([^"]*)"(?: hx-get="([^"]*)" hx-target="#drawer")?>([^<]*)</a>: ([^<]*)')


def _lines(site: Site, name: str, page: str = "/outline") -> dict[str, tuple[str, str, str]]:
    """What is listed: message to (where, address, drawer)."""
    html = site.client("owner").get(f"/w/{site.workflow(name).pk}{page}").content.decode()
    return {
        unescape(found[3]): (unescape(found[2]), unescape(found[0]), unescape(found[1]))
        for found in _LINE.findall(html)
    }


def _broken(site: Site) -> Workflow:
    workflow = site.workflow("Publish")
    gate = {"kind": "approval", "name": "Sure", "message": "?", "options": {"Yes": "on", "No": None}, "quorum": 9}
    first = {
        "name": "Out",
        "assignments": [{"agent": "Ada", "allowed_workflows": ["Review"]}],
        "outcomes": ["on", "off", "wild & free"],
        "routes": {
            "on": {"stage": "Out"},
            "off": {"workflow": "Publish", "continue_at": "Out"},
            "wild & free": {"stage": "Out"},
        },
        "default_outcome": "on",
        "exit_hooks": [gate],
    }
    Agent.objects.filter(project=site.project, name="Ben").update(model="nonsense")
    lost = {"name": "Lost", "assignments": [{"agent": "Ben"}]}
    patch_workflow(Caller(User.objects.get(username="owner")), workflow, {"stages": [first, lost]})
    return workflow


def test_every_problem_leads_to_its_place(site: Site) -> None:
    """Issue 3, item 5: dangling ends, stages that nothing reaches, outcomes without a way to be decided, options that
    lead nowhere, self-triggering, a missing model: each with a link to its place."""
    workflow = _broken(site)
    out, lost = site.stage("Out", "Publish"), site.stage("Lost", "Publish")
    agent = Agent.objects.get(project=site.project, name="Ben")
    assignment, hook = out.assignments.get(), out.hooks.get()

    lines = _lines(site, "Publish")

    places = {
        "nobody can decide 'off'": f"?drawer=target%3A{out.pk}%3Aoff",
        "nobody can decide 'wild": f"?drawer=outcome%3A{out.pk}%3Awild+%26+free",
        "'No' leads nowhere": f"?drawer=hook%3A{hook.pk}",
        "it takes 9 people": f"?drawer=hook%3A{hook.pk}",
        "Ada has a list of workflows": f"?drawer=assignment%3A{assignment.pk}",
        "Ben: 'nonsense' is no model": f"/p/website/agents?drawer=agent:{agent.pk}",
        "Publish can trigger itself": f"?drawer=workflow%3A{workflow.pk}",
        "nothing leads to Lost": f"?drawer=stage%3A{lost.pk}",
    }
    for begins, address in places.items():
        found = [line for message, line in lines.items() if message.startswith(begins)]
        assert [line[1] for line in found] == [address], (begins, lines)
    for where, address, drawer in lines.values():
        whole = address if address.startswith("/") else f"/w/{workflow.pk}/outline{address}"
        key = unescape(re.sub(r"%3A", ":", address.partition("drawer=")[2])).replace("+%26+", " &amp; ")
        assert f'data-drawer="{key}"' in site.client("owner").get(whole).content.decode(), where
        assert not drawer or site.client("owner").get(drawer, headers=HTMX).status_code == 200


def test_the_canvas_lists_the_same_problems(site: Site) -> None:
    """Issue 3, item 1: parity."""
    _broken(site)

    assert _lines(site, "Publish", "") == _lines(site, "Publish") != {}


def test_listing_many_problems_asks_the_database_no_more_often(site: Site) -> None:
    """Issue 3, speed: no query count that grows with the number of stages."""

    counts = []
    for stages in (3, 30):
        workflow = site.workflow("Publish")
        agents = {"assignments": [{"agent": "Ben"}]}
        blocks = [{"name": f"Part {number}", "outcomes": [f"lost {number}"], **agents} for number in range(stages)]
        patch_workflow(Caller(User.objects.get(username="owner")), workflow, {"stages": blocks})
        _lines(site, "Publish")
        with CaptureQueriesContext(connection) as asked:
            assert len(_lines(site, "Publish")) == stages
        counts.append(len(asked))
    assert counts[0] == counts[1]
