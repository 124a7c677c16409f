"""An answer to an edit brings the canvas what changed, and what is put together of the answers is all of it."""

from __future__ import annotations

import random
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User

from builder.checks import check, surroundings_in
from builder.models import Stage, Workflow
from builder.operations.workflows import patch_workflow
from builder.publish import read_stored
from builder.spec import WorkflowSpec
from projects.access import Caller
from tests.web.canvas_page import Page, graph_in, same
from tests.web.conftest import Site

Json = Any


# A sequence of edits by two people, each of whom hears of the other's late


def _some_command(chance: random.Random, workflow: Workflow) -> Json:
    stages = list(Stage.objects.filter(workflow=workflow).order_by("position"))
    stage, other, third = (chance.choice(stages) for _ in range(3))
    spec = read_stored(workflow)
    labels = next(block.outcomes for block in spec.stages if block.name == stage.name)
    label = chance.choice(labels) if labels else "none"
    routes = [
        None,
        {"stage": other.name},
        {"stage": "end"},
        {"workflow": "Publish", "continue_at": chance.choice([other.name, "end"])},
    ]
    versioned = {"stage": stage.pk, "version": stage.version}
    several = [each.pk for each in {stage, other}]
    return chance.choice(
        [
            {"do": "update_stage", **versioned, "changes": {"task": f"Task {chance.random()}"}},
            {"do": "update_stage", **versioned, "changes": {"name": f"Renamed {chance.randrange(10**6)}"}},
            {"do": "add_stage", "after": other.pk},
            {"do": "move_stage", "stage": stage.pk, "to": chance.randrange(len(stages))},
            {"do": "delete", "stages": several if len(stages) > 8 else []},
            {"do": "assign_agent", "stage": stage.pk, "agent": chance.choice(["Ada", "Ben"])},
            {"do": "add_outcome", "stage": stage.pk, "route": chance.choice(routes)},
            {"do": "reroute", "stage": stage.pk, "label": label, "route": chance.choice(routes)},
            {"do": "remove_outcome", "stage": stage.pk, "label": label},
            {"do": "place", "places": {f"stage:{third.pk}": [chance.randrange(900), chance.randrange(900)]}},
            {"do": "tidy"},
            {"do": "undo"},
            {"do": "undo"},
            {"do": "redo"},
        ]
    )


@pytest.mark.parametrize("seed", [7, 8])
def test_what_is_put_together_from_the_answers_is_what_a_fresh_page_shows(site: Site, seed: int) -> None:
    """Issue 3: parts only, and yet all of it, after any edits of two people who hear of each other late."""
    chance = random.Random(seed)
    workflow = site.workflow("Review")
    pages = [Page(site.client(who), workflow) for who in ("editor", "owner")]
    for turn in range(36):
        page = chance.choice(pages)
        workflow.refresh_from_db()
        page.send(_some_command(chance, workflow))
        if turn % 6 == 5:
            for each in pages:
                each.catch_up()
                same(each)
            _same_findings(workflow)


def _same_findings(workflow: Workflow) -> None:
    """What is found with everything that is kept of stages is what is found without."""
    workflow = Workflow.objects.select_related("project").get(pk=workflow.pk)
    around = surroundings_in(workflow.project)
    kept = around.workflows[workflow.name]
    afresh = WorkflowSpec.model_validate_json(kept.model_dump_json())
    assert check(kept, around) == check(afresh, around)


def test_a_new_name_is_shown_by_its_card_and_by_those_that_lead_to_it(site: Site) -> None:
    """Issue 3: what continues at a renamed stage says its new name."""
    workflow = site.workflow("Publish")
    onward = {"outcomes": ["on"], "routes": {"on": {"workflow": "Review", "continue_at": "Part 1"}}}
    blocks = [{"name": f"Part {number}", **onward} for number in range(3)]
    patch_workflow(Caller(User.objects.get(username="owner")), workflow, {"stages": blocks})
    page = Page(site.client("editor"), workflow)
    stage = Stage.objects.get(workflow=workflow, name="Part 1")
    text = page.send(
        {"do": "update_stage", "stage": stage.pk, "version": stage.version, "changes": {"name": "<Second>"}}
    )
    assert "order" not in graph_in(text)
    assert unescape(page.cards["card", str(stage.pk)]).count("Edit stage <Second>") == 1
    assert all("Continue at: &lt;Second&gt;" in page.cards["card", each["element"]] for each in page.graph["targets"])
    same(page)
