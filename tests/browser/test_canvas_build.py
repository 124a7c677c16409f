"""The canvas, used to build: agents onto stages, outcomes to stages and workflows, by mouse, clicks and keys."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.drawing import NAMES, Canvas, address, box_of, drag, middle, newsroom, stored
from tests.stack import Stack

pytestmark = pytest.mark.browser


def _open(demo: Stack, open_page: OpenPage, slug: str) -> Canvas:
    return Canvas(open_page(address(demo, slug))).ready()


def test_every_stage_is_listed_and_can_be_read_without_a_script(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, check 1."""
    slug = newsroom(demo)
    for options in ({}, {"java_script_enabled": False}):
        canvas = Canvas(open_page(address(demo, slug), **options))
        listed = canvas.region.get_by_role("list", name="Stages", exact=True)
        for number, name in enumerate(NAMES, start=1):
            card = listed.get_by_role("listitem", name=re.compile(f"^Stage {number}: {name}"))
            expect(card).to_have_count(1)
            expect(card.get_by_text(name, exact=True)).to_be_visible()
        places = list(canvas.places().values())
        assert len({(place["x"], place["y"]) for place in places}) == len(places)


def test_an_agent_is_assigned_by_dragging_by_keys_and_by_clicks(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, checks 2 to 4: behind the others, between them, and the same without a pointer or without dragging."""
    slug = newsroom(demo)
    canvas = _open(demo, open_page, slug)
    page, research = canvas.page, canvas.stage("Research")
    canvas.palette.get_by_role("searchbox").fill("resea")
    expect(canvas.palette.get_by_role("button", name="Writer")).to_be_hidden()
    drag(page, canvas.palette.get_by_role("button", name="Researcher"), research)
    expect(research.get_by_role("button", name=re.compile("^Assignment 3: Researcher"))).to_be_visible()
    page.reload()
    canvas.ready()
    expect(research.get_by_role("button", name=re.compile("^Assignment 3: Researcher"))).to_be_visible()

    upper = box_of(research.get_by_role("button", name="Assignment 1: Analyst"))
    drag(page, canvas.palette.get_by_role("button", name="Editor"), (upper["x"] + 80, upper["y"] + upper["height"]))
    expect(research.get_by_role("button", name="Assignment 2: Editor")).to_be_visible()
    drag(page, research.get_by_role("button", name="Assignment 2: Editor"), canvas.stage("Intake"))
    expect(canvas.stage("Intake").get_by_role("button", name="Assignment 1: Editor")).to_be_visible()

    canvas.saved()
    page.keyboard.press("Escape")
    canvas.stage("Research").focus()
    page.keyboard.press("a")
    page.keyboard.type("Rev")
    page.keyboard.press("Enter")
    expect(research.get_by_role("button", name="Assignment 4: Reviewer")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(research).to_be_focused()

    canvas.palette.get_by_role("button", name="Researcher").click()
    drawer = page.get_by_role("dialog", name="Agent: Researcher")
    drawer.get_by_role("combobox", name="Assign to stage").select_option(label="2. Research")
    drawer.get_by_role("button", name="Assign", exact=True).click()
    expect(research.get_by_role("button", name="Assignment 5: Researcher")).to_be_visible()
    agents = [each["agent"] for each in stored(demo, slug)["Research"]["assignments"]]
    assert agents == ["Analyst", "Writer", "Researcher", "Reviewer", "Researcher"]


def test_trigger_workflows_is_switched_in_the_drawer_of_a_chip(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, checks 5 and 6; the card stays in sight beside the drawer."""
    canvas = _open(demo, open_page, newsroom(demo))
    page, research = canvas.page, canvas.stage("Research")
    for says in ("Assignment 1: Analyst, Trigger Workflows", "Assignment 1: Analyst"):
        research.get_by_role("button", name=re.compile("^Assignment 1: ")).click()
        drawer = page.get_by_role("dialog", name="Assignment: Analyst")
        expect(drawer.get_by_role("heading", name="Assignment: Analyst")).to_be_focused()
        drawer.get_by_role("switch", name="Trigger Workflows", exact=True).click()
        drawer.get_by_role("button", name="Save").click()
        expect(research.get_by_role("button", name=says, exact=True)).to_be_visible()
        expect(drawer).to_have_count(0)

    for opener in (research.get_by_role("button", name="Assignment 2: Writer"), canvas.stage("Archive")):
        opener.focus()
        page.keyboard.press("Enter")
        opened = page.locator("#drawer").get_by_role("dialog")
        expect(opened.get_by_role("heading", level=2).first).to_be_focused()
        covered, card = box_of(opened), box_of(opener)
        assert card["x"] + card["width"] <= covered["x"] + 1
        page.keyboard.press("Escape")
        expect(opened).to_have_count(0)
        expect(opener).to_be_focused()


def test_an_outcome_is_drawn_to_a_stage_and_undone_for_good(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, checks 7 and 8: by dragging, by two clicks, by a key and a form."""
    slug = newsroom(demo)
    canvas = _open(demo, open_page, slug)
    page, made = canvas.page, canvas.region.get_by_role("button", name=re.compile("^Outcome .* of Intake"))
    drag(page, canvas.port("Intake"), canvas.stage("Archive"))
    expect(made).to_have_count(1)
    canvas.saved()
    assert stored(demo, slug)["Intake"]["routes"] == {"outcome": {"stage": "Archive"}}
    canvas.stage("Intake").focus()
    page.keyboard.press("Control+z")
    expect(made).to_have_count(0)
    page.reload()
    canvas.ready()
    expect(made).to_have_count(0)
    canvas.stage("Intake").focus()
    page.keyboard.press("Control+Shift+z")
    expect(made).to_have_count(1)

    canvas.port("Review").click()
    page.mouse.move(*middle(canvas.stage("Draft")), steps=3)
    canvas.stage("Draft").click()
    expect(canvas.outcome("outcome", "Review")).to_be_visible()
    canvas.stage("Analysis").focus()
    page.keyboard.press("c")
    form = page.get_by_role("dialog", name="Connect an outcome from Analysis")
    form.get_by_label("Outcome").fill("unclear")
    form.get_by_label("Goes to").select_option("A stage")
    form.get_by_label("Stage", exact=True).select_option("Intake")
    form.get_by_role("button", name="Connect").click()
    expect(canvas.outcome("unclear", "Analysis")).to_be_visible()
    expect(form).to_have_count(0)
    now = stored(demo, slug)
    assert now["Review"]["routes"] == {"outcome": {"stage": "Draft"}}
    assert now["Analysis"]["routes"] == {"unclear": {"stage": "Intake"}}


def test_an_edge_is_taken_elsewhere_and_a_bad_name_is_told_at_its_field(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, section 4.2: an edge's end re-routes, empty ground asks, Esc cancels; what is typed stays."""
    slug = newsroom(demo)
    canvas = _open(demo, open_page, slug)
    page = canvas.page
    drag(page, _end_of(page, "unsure"), canvas.stage("Archive"), drop=False)
    page.keyboard.press("Escape")
    page.mouse.up()
    drag(page, _end_of(page, "unsure"), canvas.stage("Review"))
    expect(canvas.outcome("unsure", "Draft")).to_have_attribute("title", "leads to Review")

    drag(page, canvas.port("Archive"), canvas.empty_ground())
    page.get_by_role("menuitem", name="New stage").click()
    expect(canvas.region.get_by_role("listitem", name=re.compile("^Stage 8: Stage 8"))).to_be_visible()
    expect(canvas.outcome("outcome", "Archive")).to_be_visible()
    canvas.saved()
    now = stored(demo, slug)
    assert now["Draft"]["routes"] == {"unsure": {"stage": "Review"}}
    assert now["Archive"]["routes"] == {"outcome": {"stage": "Stage 8"}}

    canvas.stage("Draft").focus()
    page.keyboard.press("c")
    form = page.get_by_role("dialog", name="Connect an outcome from Draft")
    form.get_by_label("Outcome").fill("unsure")
    form.get_by_role("button", name="Connect").click()
    expect(form.get_by_label("Outcome")).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label("Outcome")).to_have_value("unsure")


def test_an_outcome_leads_to_a_workflow_and_continues_at_a_stage(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, check 9; rule 6.1: a workflow is dragged onto a stage, its edge goes on to a stage or to the end."""
    slug = newsroom(demo)
    canvas = _open(demo, open_page, slug)
    page = canvas.page
    drag(page, canvas.palette.get_by_role("link", name="Deploy to Production"), canvas.stage("Review"))
    form = page.get_by_role("dialog", name="Connect an outcome from Review")
    expect(form.get_by_label("Target workflow")).to_have_value("Deploy to Production")
    offered = form.get_by_label("Target workflow").locator("option").all_inner_texts()
    assert set(offered) - {""} <= {"Deploy to Production", "Flow", "Second", "Choose a workflow"}
    form.get_by_label("Outcome").fill("approve")
    form.get_by_label("Input").fill("Deploy {{results.plan}}")
    form.get_by_role("button", name="Connect").click()
    card = canvas.target("Deploy to Production")
    expect(card).to_have_accessible_name("Workflow target: Deploy to Production, continue at End the workflow")

    card.click()
    drawer = page.get_by_role("dialog", name=re.compile("Deploy to Production"))
    drawer.get_by_label("Continue at").select_option("Archive")
    drawer.get_by_role("button", name="Save").click()
    expect(card).to_have_accessible_name("Workflow target: Deploy to Production, continue at Archive")
    expect(page.locator(".edges .continue")).to_have_count(1)
    route = stored(demo, slug)["Review"]["routes"]["approve"]
    assert (route["input"], route["continue_at"]) == ("Deploy {{results.plan}}", "Archive")


def _end_of(page: Page, label: str) -> tuple[float, float]:
    """Where the edge of an outcome can be taken hold of."""
    return middle(page.locator(f'.edges g[data-id$=">{label}"] .edge-end'))
