"""The page of the canvas, what its script is told, and the dialog that connects an outcome."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from builder.models import Edit
from builder.operations.workflows import patch_workflow
from builder.pages.canvas import MOST_DRAWN
from projects.access import Caller
from tests.web.conftest import HTMX, Site

Json = Any
ODD_NAMES = ("<script>alert(1)</script>", "\u05d0\u05d1 & 'x'", '"onload="1', "{{ 7 }}")


def _graph(html: str) -> Json:
    found = re.search(r'<script id="graph" type="application/json">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


def _page(site: Site, workflow: str = "Review", who: str = "editor", query: str = "") -> str:
    answer = site.client(who).get(f"/w/{site.workflow(workflow).pk}{query}")
    assert answer.status_code == 200
    return str(answer.content.decode())


def _connect(site: Site, fields: Json, who: str = "editor") -> Any:
    address = f"/w/{site.workflow('Review').pk}/connect"
    return site.client(who).post(address, {"since": "0", "view": "canvas", **fields}, headers=HTMX)


def _stages(site: Site, names: list[str]) -> None:
    owner = Caller(User.objects.get(username="owner"))
    agents = {"assignments": [{"agent": "Ben"}, {"agent": "Ada"}], "outcomes": ["on"]}
    patch_workflow(owner, site.workflow("Publish"), {"stages": [{"name": name, **agents} for name in names]})


def test_the_script_is_told_cards_and_edges(site: Site) -> None:
    """Ui.md, section 5: next, outcome, to a workflow, and where that continues; each with words."""
    graph = _graph(_page(site))
    ids = {each["name"]: each["id"] for each in graph["stages"]}
    look = ids["Look"]
    assert [each["says"] for each in graph["stages"]][1] == "Look, 2 assignments"
    assert [each["says"] for each in graph["targets"]] == ["Workflow target: Publish, continue at End the workflow"]
    edges = {(each["from"], each["to"], each["kind"]): each.get("says") for each in graph["edges"]}
    assert edges == {
        (f"stage:{ids['Draft']}", f"stage:{look}", "next"): None,
        (f"stage:{look}", f"target:{look}:approve", "target"): "leads to the workflow Publish, then End the workflow",
        (f"target:{look}:approve", "end", "continue"): None,
        (f"stage:{look}", f"stage:{ids['Archive']}", "outcome"): "leads to Archive",
        (f"stage:{look}", f"stage:{ids['Draft']}", "outcome"): "leads to Draft",
        (f"stage:{ids['Archive']}", "end", "next"): None,
    }
    places = {(each["x"], each["y"]) for each in graph["stages"] + graph["targets"]}
    assert len(places) == 4


def test_readers_are_shown_no_way_to_edit(site: Site) -> None:
    """Contract: a viewer reads, an editor edits, a stranger is told nothing."""
    page = _page(site, who="viewer")
    assert 'data-can-edit="false"' in page and "data-port" not in page and 'id="tidy"' not in page
    assert "Open stage Look" in page and "Edit stage Look" in _page(site)
    assert _connect(site, {"stage": site.stage().pk}, "viewer").status_code == 403
    for address in ("", "/connect?stage=1"):
        assert site.client("stranger").get(f"/w/{site.workflow('Review').pk}{address}").status_code == 404


def test_a_link_opens_its_drawer(site: Site) -> None:
    """Ui.md, section 3.1: drawers have addresses."""
    page = _page(site, query=f"?drawer=assignment:{site.assignment().pk}")
    assert "Assignment: Ada" in page
    assert "Assignment: Ada" not in _page(site, query="?drawer=assignment:99999999")


def test_names_stay_text(site: Site) -> None:
    """Trust.md's names: in labels, in the data of the script, and in the style of places."""
    _stages(site, list(ODD_NAMES))
    page = _page(site, "Publish")
    assert [each["name"] for each in _graph(page)["stages"]] == list(ODD_NAMES)
    assert "<script>alert" not in page and 'aria-label="Stage 3: "onload' not in page


def _queries_of_an_edit(site: Site) -> int:
    stage = site.stage("Part 1", "Publish")
    command = {"do": "update_stage", "stage": stage.pk, "version": stage.version, "changes": {"task": "Anew."}}
    body = json.dumps({**command, "view": "canvas", "since": Edit.objects.filter(workflow=stage.workflow).count()})
    with CaptureQueriesContext(connection) as asked:
        answer = site.client("editor").post(f"/w/{stage.workflow_id}/commands", body, "application/json", headers=HTMX)
    assert answer.status_code == 200 and answer.content.decode().count('hx-target="#card-') == 1
    return len(asked)


def test_queries_do_not_grow_and_very_large_workflows_are_listed(site: Site) -> None:
    """Issue 3, speed; ui.md 4.5: above 300 stages the outline, with the drawing on demand."""
    counts = []
    for stages in (3, 40):
        _stages(site, [f"Part {number}" for number in range(stages)])
        _page(site, "Publish")
        with CaptureQueriesContext(connection) as asked:
            assert _page(site, "Publish").count('class="node"') == stages
        counts.append((len(asked), _queries_of_an_edit(site)))
    assert counts[0] == counts[1]

    _stages(site, [f"Part {number}" for number in range(MOST_DRAWN + 1)])
    large = _page(site, "Publish")
    assert 'id="canvas"' not in large and '?draw=anyway">Draw anyway</a>' in large
    assert 'id="canvas"' in _page(site, "Publish", query="?draw=anyway")


def test_an_outcome_is_connected_once_and_told_what_is_wrong(site: Site) -> None:
    """Issue 3, bad input: at the field, with what was typed; the graph stays as it was."""
    draft = site.stage("Draft")
    row = {"stage": draft.pk, "row-0-name": "go", "row-0-goes_to": "workflow"}
    route = {"row-0-workflow": "Publish", "row-0-input": "Now.", "row-0-continue_at": "Archive"}
    assert "Deep 2" in site.client("editor").get(f"/w/{draft.workflow_id}/connect?stage={draft.pk}").content.decode()
    before = Edit.objects.count()
    for wrong in (
        {"row-0-name": ""},
        {"row-0-name": "x" * 10_000},
        {"row-0-workflow": "Gone"},
        {"row-0-continue_at": "Nowhere"},
    ):
        answer = _connect(site, {**row, **route, **wrong})
        assert answer.status_code == 422, wrong
        assert 'aria-invalid="true"' in answer.content.decode()
    assert Edit.objects.count() == before

    made = _connect(site, {**row, **route})
    assert made.status_code == 200 and f'id="card-target-{draft.pk}-1"' in made.content.decode()
    spec = site.spec("Draft")
    assert spec.outcomes == ("go",)
    assert spec.routes["go"].model_dump() == {
        "workflow": "Publish",
        "input": "Now.",
        "continue_at": "Archive",
        "timeout": None,
    }
    assert _connect(site, {**row, **route}).status_code == 422  # the label is there already
    assert _connect(site, {**row, "stage": site.stage("Out", "Publish").pk}).status_code == 404
    command = json.dumps({"do": "delete", "stages": [draft.pk]})
    site.client("editor").post(f"/w/{draft.workflow_id}/commands", command, "application/json")
    assert _connect(site, {**row, **route}).status_code == 404


@pytest.mark.parametrize("known", [0, 1])
def test_the_canvas_is_brought_up_to_date_by_what_changed(site: Site, known: int) -> None:
    """Ui.md, section 2: the card is the server's, the shell the script's."""
    workflow, draft = site.workflow("Review"), site.stage("Draft")
    command = {"do": "assign_agent", "stage": draft.pk, "agent": "Ada", "view": "canvas", "since": known}
    answer = site.client("editor").post(
        f"/w/{workflow.pk}/commands", json.dumps(command), "application/json", headers=HTMX
    )
    text = answer.content.decode()
    assert answer.status_code == 200
    assert f'hx-target="#card-{draft.pk}"' in text and "Assignment 2: Ada" in text
    assert f'hx-target="#node-{draft.pk}"' not in text
    assert _graph(text)["stages"][0]["says"] == "Draft, 2 assignments"
