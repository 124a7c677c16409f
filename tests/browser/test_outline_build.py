"""A workflow built from nothing on a phone's screen, with the keyboard and forms only, and then run."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.keys import Keyboard
from tests.browser.product import import_file
from tests.stack import Stack

pytestmark = pytest.mark.browser

Json = Any
PHONE = {"width": 390, "height": 844}
AGENTS = [
    {"name": "Author", "script": [{"share": {"title": "Hello"}}, {"say": "Written."}]},
    {"name": "Editor", "script": [{"say": "Checked."}]},
]


def _saved(page: Page) -> None:
    """The drawer is closed: what was typed is stored."""
    expect(page.locator("#drawer .drawer")).to_have_count(0)


def _opened(page: Page, name: str) -> None:
    expect(page.get_by_role("dialog", name=name).get_by_role("heading", name=name)).to_be_focused()


def _add_stages(page: Page, keys: Keyboard) -> None:
    keys.press("Edit stage Stage 1")
    _opened(page, "Stage: Stage 1")
    keys.fill("Name", "Draft")
    keys.fill("Task", "Write the article.")
    page.keyboard.press("Control+Enter")
    _saved(page)
    opener = page.get_by_role("button", name="Edit stage Draft")
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    _opened(page, "Stage: Draft")
    page.go_back()  # out of what fills the screen, not away from the page
    _saved(page)
    expect(opener).to_be_focused()

    for name in ("Review", "Archive"):
        keys.fill("Name of the new stage", name)
        page.keyboard.press("Enter")
        expect(page.get_by_role("listitem", name=re.compile(f"^Stage \\d: {name}$"))).to_be_visible()


def _route(page: Page, keys: Keyboard) -> None:
    page.locator("body").evaluate("body => { document.activeElement.blur(); window.scrollTo(0, 0); }")
    keys.choose("Agent for Draft", "Author")
    keys.press("Assign an agent to Draft")
    expect(page.get_by_role("button", name="Assignment 1: Author")).to_be_visible()
    keys.choose("Agent for Review", "Editor")
    keys.press("Assign an agent to Review")
    expect(page.get_by_role("button", name="Assignment 1: Editor")).to_be_visible()

    keys.press("Edit the outcome routing of Review")
    _opened(page, "Stage: Review")
    for number, label in enumerate(("approve", "revise", "reject")):
        keys.press("Add outcome", back=number > 0)
        expect(page.locator(f"#row-{number}-name")).to_be_focused()
        page.keyboard.type(label)
    page.locator("#drawer-title").focus()
    keys.choose("Goes to", "A workflow")
    keys.choose("Target workflow", "Publish")
    keys.fill("Input", "{{results.title}}")
    keys.choose("Continue at", "End the workflow")
    keys.choose("Goes to", "A stage")
    keys.choose("Stage", "Draft")
    keys.choose("Goes to", "A stage")
    keys.choose("Stage", "Archive")
    page.keyboard.press("Control+Enter")
    _saved(page)

    keys.press("Edit the hooks of Review")
    _opened(page, "Stage: Review")
    keys.press("Add exit hook")
    expect(page.locator("#hook-0-name")).to_be_focused()
    page.keyboard.type("Sign-off")
    keys.fill("Message", "Publish {{results.title}}?")
    page.keyboard.press("Control+Enter")
    _saved(page)


def _run(page: Page, keys: Keyboard) -> None:
    page.locator("body").evaluate("() => { document.activeElement.blur(); }")
    keys.press("Run")
    expect(page.get_by_role("dialog", name="Run Review and publish")).to_be_visible()
    keys.press("Start run")
    expect(page.get_by_role("region", name="Review needs a decision")).to_contain_text("Publish Hello?")
    keys.press("Approve")
    expect(page.get_by_role("link", name=re.compile(r"^Publish #\d+$")).first).to_be_visible()


def test_review_and_publish_is_built_by_keyboard_and_forms_only_on_a_phone(demo: Stack, open_page: OpenPage) -> None:
    """Issue 3, done when: from an empty workflow to a run, by keyboard, on 390 px; ui.md, check 9."""
    empty = [{"name": "Review and publish", "stages": [{"name": "Stage 1"}]}]
    slug = import_file(demo, "By keyboard", AGENTS, [*empty, {"name": "Publish", "stages": [{"name": "Put online"}]}])
    workflows = {each["name"]: each["id"] for each in demo.api("GET", f"/projects/{slug}/workflows").json()["items"]}
    page = open_page(f"/w/{workflows['Review and publish']}/outline", viewport=PHONE)
    keys = Keyboard(page)

    _add_stages(page, keys)
    _route(page, keys)
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")

    stages = demo.api("GET", f"/projects/{slug}/workflows/Review and publish").json()["stages"]
    assert [stage["name"] for stage in stages] == ["Draft", "Review", "Archive"]
    assert stages[1]["routes"] == {
        "approve": {"workflow": "Publish", "input": "{{results.title}}", "continue_at": "end", "timeout": None},
        "revise": {"stage": "Draft"},
        "reject": {"stage": "Archive"},
    }
    gate = stages[1]["exit_hooks"][0]
    assert gate["options"] == {"Approve": "approve", "Revise": "revise", "Reject": "reject"}
    assert gate["message"] == "Publish {{results.title}}?"

    _run(page, keys)
