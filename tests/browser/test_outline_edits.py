"""The buttons of the outline in a browser: where the focus goes, undo, and drawers without a script."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.looking import problems
from tests.browser.product import import_file
from tests.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def outline(demo: Stack) -> Callable[[str], str]:
    """Make a project with a workflow that has one of everything; the address of its outline."""
    gate = {"kind": "approval", "name": "Sign off", "message": "Fine?", "options": {"Yes": "yes", "No": None}}
    stage = {
        "name": "Work",
        "task": "Do it.",
        "assignments": [{"agent": "Ada", "capabilities": ["trigger_workflows"]}, {"agent": "Ben"}],
        "outcomes": ["yes", "no"],
        "routes": {"yes": {"workflow": "Other", "continue_at": "end"}},
        "exit_hooks": [gate],
        "entry_hooks": [{"kind": "http", "url": "https://example.com"}],
    }
    workflows = [{"name": "All", "stages": [stage, {"name": "After"}]}, {"name": "Other", "stages": [{"name": "Only"}]}]

    def make(name: str) -> str:
        slug = import_file(demo, name, [{"name": "Ada"}, {"name": "Ben"}], workflows)
        items = demo.api("GET", f"/projects/{slug}/workflows").json()["items"]
        return f"/w/{next(each['id'] for each in items if each['name'] == 'All')}/outline"

    return make


def _names(page: Page) -> Locator:
    return page.locator("#stages > li h3")


def test_moving_keeps_the_focus_and_deleting_offers_undo(outline: Callable[[str], str], open_page: OpenPage) -> None:
    """Ui.md, section 3.1: no question before deleting; section 4.4: undo is the server's and outlives a reload."""
    page = open_page(outline("Moves"))
    page.get_by_label("Name of the new stage").fill("Last")
    page.get_by_role("button", name="Add stage").click()
    expect(_names(page)).to_have_text(["Work", "After", "Last"])
    expect(page.get_by_label("Name of the new stage")).to_have_value("")

    up = page.get_by_role("button", name="Move Last up")
    up.press("Enter")
    expect(_names(page)).to_have_text(["Work", "Last", "After"])
    expect(up).to_be_focused()
    page.keyboard.press("Enter")
    expect(_names(page)).to_have_text(["Last", "Work", "After"])

    page.get_by_role("button", name="Delete Work").click()
    expect(_names(page)).to_have_text(["Last", "After"])
    told = page.get_by_role("status").filter(has_text="Deleted")
    told.get_by_role("button", name="Undo").click()
    expect(_names(page)).to_have_text(["Last", "Work", "After"])
    expect(page.get_by_role("button", name="Assignment 1: Ada, Trigger Workflows")).to_be_visible()

    page.reload()
    page.get_by_role("button", name=re.compile("^Undo")).click()
    expect(_names(page)).to_have_text(["Work", "Last", "After"])
    page.get_by_role("button", name=re.compile("^Redo")).click()
    expect(_names(page)).to_have_text(["Last", "Work", "After"])


def test_a_switch_of_a_drawer_shows_on_its_chip(outline: Callable[[str], str], open_page: OpenPage) -> None:
    """Ui.md, check 5: Trigger Workflows on and off, told in the chip's name; its help leads to the help page."""
    page = open_page(outline("Switch"))
    for chip, after in (
        ("Assignment 2: Ben", "Assignment 2: Ben, Trigger Workflows"),
        ("Assignment 2: Ben, Trigger Workflows", "Assignment 2: Ben"),
    ):
        page.get_by_role("button", name=chip, exact=True).click()
        drawer = page.get_by_role("dialog", name="Assignment: Ben")
        expect(drawer.get_by_role("link", name="How triggering works")).to_have_attribute("href", "/help/triggering")
        drawer.get_by_role("switch", name="Trigger Workflows").click()
        drawer.get_by_role("button", name="Save").click()
        expect(page.get_by_role("button", name=after, exact=True)).to_be_focused()


def test_agents_move_in_the_drawer_beside_what_is_typed(outline: Callable[[str], str], open_page: OpenPage) -> None:
    """Ui.md, section 3.1: Assignments with Move up and down and Add agent; nothing typed elsewhere is lost."""
    page = open_page(outline("Agents"))
    page.get_by_role("button", name="Edit stage Work").click()
    drawer = page.get_by_role("dialog", name="Stage: Work")
    drawer.get_by_label("Task").fill("Typed.")
    drawer.get_by_role("tab", name="Assignments").click()
    drawer.get_by_role("button", name="Move Ben up").press("Enter")
    chips = drawer.get_by_role("list", name="Assignments").get_by_role("button", name=re.compile("^Assignment"))
    expect(chips).to_have_text([re.compile("Ben"), re.compile("Ada")])
    expect(page.get_by_role("list", name="Assignments of Work").locator(".name")).to_have_text(["Ben", "Ada"])
    drawer.get_by_label("Add agent").select_option("Ada")
    drawer.get_by_role("button", name="Assign", exact=True).click()
    expect(chips).to_have_count(3)
    drawer.get_by_role("button", name="Remove Ben").click()
    expect(chips).to_have_count(2)
    drawer.get_by_role("tab", name="Main").click()
    expect(drawer.get_by_label("Task")).to_have_value("Typed.")
    expect(drawer.get_by_text("Unsaved changes")).to_be_visible()
    drawer.get_by_role("button", name="Save").click()
    expect(drawer).to_have_count(0)
    expect(page.get_by_text("Typed.")).to_be_visible()


def test_a_mistake_opens_the_tab_that_it_is_in(outline: Callable[[str], str], open_page: OpenPage) -> None:
    """Issue 3, bad input: an inline message at the field, the work kept, the graph intact."""
    page = open_page(outline("Mistakes"))
    page.get_by_role("button", name="Edit the outcome routing of Work").click()
    drawer = page.get_by_role("dialog", name="Stage: Work")
    drawer.get_by_role("tab", name="Main").click()
    drawer.get_by_label("Name", exact=True).fill("a\u200bb")
    drawer.get_by_role("tab", name="Hooks").click()
    drawer.get_by_role("button", name="Save").click()

    name = drawer.get_by_label("Name", exact=True)
    expect(name).to_be_visible()
    expect(name).to_be_focused()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_accessible_description(re.compile("control, direction"))
    expect(drawer.get_by_role("tab", name="Main", selected=True)).to_be_visible()
    expect(_names(page)).to_have_text(["Work", "After"])


def test_without_a_script_a_stage_is_edited_from_the_outline(
    outline: Callable[[str], str], open_page: OpenPage
) -> None:
    """Issue 3, item 1: by forms and buttons alone."""
    page = open_page(outline("No script"), java_script_enabled=False)
    page.get_by_role("button", name="Edit stage Work").click()
    drawer = page.get_by_role("dialog", name="Stage: Work")
    drawer.get_by_label("Task").fill("Plain.")
    drawer.get_by_label("Add agent").select_option("Ada")
    drawer.get_by_role("button", name="Assign", exact=True).click()
    expect(drawer.get_by_label("Task")).to_have_value("Plain.")
    drawer.get_by_role("button", name="Add outcome").click()
    drawer.get_by_label("Outcome", exact=True).nth(2).fill("later")
    drawer.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved Work")).to_be_visible()
    expect(page.get_by_role("list", name="Outcomes of Work")).to_contain_text("later")
    expect(page.get_by_role("list", name="Assignments of Work").get_by_role("listitem")).to_have_count(3)
    page.get_by_role("button", name="Outcome yes of Work").click()
    expect(page.get_by_role("dialog", name="Outcome: yes")).to_be_visible()


def test_every_drawer_of_the_builder_has_no_barriers(
    demo: Stack, open_context: Callable[..., BrowserContext], outline: Callable[[str], str]
) -> None:
    """Ui.md, check 24, in both themes; on a phone nothing scrolls sideways, and touch targets are 24 px at least."""
    page = open_context().new_page()
    address = outline("Barriers")
    page.goto(address)
    stage = page.locator("#stages > li").first.get_attribute("id")
    assert stage
    number = stage.removeprefix("stage-")
    agent = demo.api("GET", "/projects/barriers/agents").json()["items"][0]["id"]
    keys = [f"outcome:{number}:yes", f"target:{number}:yes", f"agent:{agent}", f"workflow:{address.split('/')[2]}"]
    found = []
    for key in ["", *keys]:
        found += _look(page, f"{address}?drawer={key}")
    for opener in ("Edit stage Work", "Edit the hooks of Work", "Assignment 1: Ada, Trigger Workflows"):
        page.goto(address)
        page.get_by_role("button", name=opener).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        for disclosure in page.get_by_role("dialog").locator("summary:visible").all():
            disclosure.click()
        found += problems(page)
        page.set_viewport_size({"width": 390, "height": 844})
        found += _phone(page)
        page.set_viewport_size({"width": 1280, "height": 800})
    assert found == []


def _look(page: Page, address: str) -> list[str]:
    page.goto(address)
    found = problems(page)
    page.set_viewport_size({"width": 390, "height": 844})
    found += _phone(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    return found


def _phone(page: Page) -> list[str]:
    sideways = page.evaluate(
        "document.documentElement.scrollWidth > innerWidth"
        " || [...document.querySelectorAll('.drawer-body')].some((each) => each.scrollWidth > each.clientWidth)"
    )
    small = page.evaluate(
        "[...document.querySelectorAll('button, select, input:not([type=hidden], [type=checkbox])')]"
        ".filter((each) => each.checkVisibility() && !each.closest('.visually-hidden, #confirm')"
        " && !each.classList.contains('visually-hidden'))"
        ".filter((each) => each.getBoundingClientRect().height < 24).map((each) => each.outerHTML.slice(0, 80))"
    )
    return [f"{page.url} scrolls sideways"] * bool(sideways) + [f"{page.url}: small {each}" for each in small]
