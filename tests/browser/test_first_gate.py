"""Somebody new builds a first gate: what was just typed can be chosen, and lists get out of the way."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.drawing import Canvas, address, newsroom, stored
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_a_gate_leads_to_an_outcome_that_was_typed_a_moment_ago(demo: Stack, open_page: OpenPage) -> None:
    """Issue 3, done when: every step is found. Ui.md check 6: the focus goes back, out of a closed list too. Ui.md
    4.1: single keys can be switched off."""
    slug = newsroom(demo)
    canvas = Canvas(open_page(address(demo, slug))).ready()
    page = canvas.page
    problems = page.get_by_role("button", name=re.compile("^Problems"))
    problems.click()
    page.get_by_role("link", name=re.compile("^Draft, outcome unsure")).click()
    drawer = page.get_by_role("dialog", name=re.compile("Draft|unsure"))
    expect(drawer.get_by_role("heading").first).to_be_focused()
    expect(page.locator("#problems-panel")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(problems).to_be_focused()

    canvas.stage("Review").focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="Stage: Review")
    drawer.get_by_role("tab", name="Hooks").click()
    drawer.get_by_role("button", name="Add exit hook").click()
    drawer.get_by_label("Message", exact=True).fill("Shall it go out?")
    drawer.get_by_role("tab", name="Outcome routing").click()
    drawer.get_by_role("button", name="Add outcome").click()
    drawer.get_by_label("Outcome", exact=True).fill("approve")
    drawer.get_by_role("tab", name="Hooks").click()
    drawer.get_by_label("Leads to").select_option("approve")
    drawer.get_by_role("tab", name="Outcome routing").click()
    drawer.get_by_label("Outcome", exact=True).fill("go")
    drawer.get_by_role("button", name="Save", exact=True).click()
    expect(drawer).to_have_count(0)
    canvas.saved()
    review = stored(demo, slug)["Review"]
    assert (review["outcomes"], review["exit_hooks"][0]["options"]) == (["go"], {"Approve": "go"})

    page.goto("/help/shortcuts")
    page.get_by_role("switch", name="Single-key shortcuts").uncheck()
    canvas = Canvas(page)
    page.goto(address(demo, slug))
    canvas.ready().stage("Review").focus()
    page.keyboard.press("s")
    page.keyboard.press("Home")
    expect(canvas.stage("Intake")).to_be_focused()
    canvas.saved()
    assert len(stored(demo, slug)) == 7
