"""The outline and its drawers: where the focus goes, what is kept, what outcome routing offers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.product import import_file
from tests.stack import Stack

pytestmark = pytest.mark.browser


def _outline(demo: Stack, page: Page, slug: str, workflow: str) -> None:
    page.goto(f"/p/{slug}")
    page.get_by_role("link", name=workflow, exact=True).click()
    page.get_by_role("link", name="Stages", exact=True).click()
    expect(page.get_by_role("heading", name=workflow, level=1)).to_be_visible()


def _project(demo: Stack, name: str) -> str:
    """A project with a chain of workflows: Top is to lead to Middle, which leads to Bottom, which leads to Last."""
    stage = {"name": "Work", "assignments": [{"agent": "Ada"}]}

    def leads_to(workflow: str) -> dict[str, object]:
        return {**stage, "outcomes": ["go"], "routes": {"go": {"workflow": workflow, "continue_at": "end"}}}

    return import_file(
        demo,
        name,
        [{"name": "Ada", "script": [{"say": "Done."}]}],
        [
            {"name": "Top", "stages": [{**stage, "outcomes": ["go"]}, {"name": "After"}]},
            {"name": "Middle", "stages": [leads_to("Bottom")]},
            {"name": "Bottom", "stages": [leads_to("Last")]},
            {"name": "Last", "stages": [stage]},
        ],
    )


def test_a_drawer_takes_the_focus_and_gives_it_back(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, check 6; and what is typed is never lost without a question."""
    page = open_page("/")
    _outline(demo, page, _project(demo, "Focus"), "Top")
    chip = page.get_by_role("button", name="Assignment 1: Ada")
    chip.click()
    drawer = page.get_by_role("dialog", name="Assignment: Ada")
    expect(drawer.get_by_role("heading", name="Assignment: Ada")).to_be_focused()
    assert "drawer=assignment" in page.url
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(chip).to_be_focused()

    chip.click()
    drawer.get_by_label("Directive").fill("Be brief.")
    page.keyboard.press("Escape")
    question = page.get_by_role("dialog", name="Discard the changes?")
    question.get_by_role("button", name="Cancel").click()
    expect(drawer.get_by_label("Directive")).to_have_value("Be brief.")
    drawer.get_by_label("Directive").press("Control+Enter")
    expect(drawer).to_have_count(0)
    page.reload()
    page.get_by_role("button", name="Assignment 1: Ada").click()
    expect(drawer.get_by_label("Directive")).to_have_value("Be brief.")


def test_outcome_routing_leads_to_a_workflow_of_the_same_project(demo: Stack, open_page: OpenPage) -> None:
    """Rules 4.1 and 6.1; ui.md, check 9: Target workflow, Input, Continue at, in this order."""
    page = open_page("/")
    _outline(demo, page, _project(demo, "Routing"), "Top")
    page.get_by_role("button", name="Edit the outcome routing of Work").click()
    drawer = page.get_by_role("dialog", name="Stage: Work")
    expect(drawer.get_by_role("tab", name="Outcome routing", selected=True)).to_be_visible()
    assert drawer.get_by_label("Target workflow").count() == 0

    drawer.get_by_label("Goes to").select_option("A workflow")

    labels = drawer.get_by_role("tabpanel").locator("label").all_inner_texts()
    asked = [label for label in labels if label in ("Target workflow", "Input", "Continue at")]
    assert asked == ["Target workflow", "Input", "Continue at"]
    assert _options(drawer.get_by_label("Target workflow"))[1:] == ["Bottom", "Last", "Middle", "Top"]
    expect(drawer.get_by_label("Continue at")).to_have_value("")
    assert _options(drawer.get_by_label("Continue at"))[0] == "End the workflow"

    drawer.get_by_label("Target workflow").select_option("Last")
    drawer.get_by_label("Input").fill("Deploy {{results.plan}}")
    drawer.get_by_label("Continue at").select_option("After")
    drawer.get_by_role("button", name="Save").click()

    expect(drawer).to_have_count(0)
    outcomes = page.get_by_role("list", name="Outcomes of Work")
    expect(outcomes.get_by_role("listitem")).to_have_text(re.compile(r"go\s*Last, then After"))
    stored = demo.api("GET", "/projects/routing/workflows/Top").json()["stages"][0]["routes"]["go"]
    assert stored == {"workflow": "Last", "input": "Deploy {{results.plan}}", "continue_at": "After", "timeout": None}


def test_two_editors_of_one_assignment_both_keep_what_they_typed(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, section 4.4 and check 11: the second is asked, with both values in view."""
    slug = _project(demo, "Two editors")
    drawers = []
    for text in ("From the first", "From the second"):
        page = open_page("/")
        _outline(demo, page, slug, "Top")
        page.get_by_role("button", name="Assignment 1: Ada").click()
        drawers.append(page.get_by_role("dialog", name="Assignment: Ada"))
        drawers[-1].get_by_label("Directive").fill(text)
    first, second = drawers
    first.get_by_role("button", name="Save").click()
    expect(first).to_have_count(0)

    second.get_by_role("button", name="Save").click()

    told = second.get_by_role("alert", name="changed by")
    expect(told).to_contain_text("From the first")
    expect(told).to_contain_text("From the second")
    expect(told.get_by_role("button", name="Take theirs")).to_be_visible()
    told.get_by_role("button", name="Keep mine").click()
    expect(second).to_have_count(0)
    stored = demo.api("GET", f"/projects/{slug}/workflows/Top").json()["stages"][0]["assignments"][0]
    assert stored["directive"] == "From the second"


def _options(select: Locator) -> list[str]:
    return select.locator("option").all_inner_texts()
