"""The New workflow dialog and the pages of help, in a real browser, both themes, and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import OpenPage
from tests.browser.looking import problems, sideways
from tests.stack import Stack

pytestmark = pytest.mark.browser

DESK, PHONE = (1280, 800), (390, 844)


def test_help_and_the_new_workflow_dialog_have_no_barriers(
    demo: Stack, open_context: Callable[..., BrowserContext]
) -> None:
    """Ui.md, check 24; on a phone nothing scrolls sideways, and the way on is in view."""
    page = open_context().new_page()
    found = []
    for width, height in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": height})
        for address in ("/help/triggering", "/help/shortcuts", "/p/demo/workflows/new", "/p/demo"):
            page.goto(address)
            found += problems(page) + sideways(page)
        page.get_by_role("link", name="New workflow").click()
        dialog = page.get_by_role("dialog", name="New workflow")
        dialog.get_by_role("radio", name="Router with a default").check()
        dialog.get_by_label("Name").fill("write newsletter")
        dialog.get_by_role("button", name="Create workflow").click()
        expect(dialog.get_by_text("There is already a workflow called")).to_be_visible()
        expect(dialog.get_by_role("radio", name="Router with a default")).to_be_checked()
        expect(dialog.get_by_role("button", name="Create workflow")).to_be_in_viewport(ratio=1)
        found += problems(page)
    assert found == []


def test_a_workflow_begins_by_keyboard_alone(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md 3 and check 6: the name has the focus, arrows choose, Enter creates; Esc goes back to the button."""
    page = open_page("/p/demo")
    opener = page.get_by_role("link", name="New workflow")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="New workflow")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(opener).to_be_focused()

    page.keyboard.press("Enter")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.type("By keyboard")
    page.keyboard.press("Tab")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(dialog.get_by_role("radio", name="Deploy after approval")).to_be_checked()
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"/w/\d+$"))
    expect(page.get_by_role("listitem", name=re.compile("^Stage 1: Prepare")).first).to_be_visible()
    expect(page.get_by_text("Announce").first).to_be_visible()


def test_without_a_script_a_workflow_begins_on_a_page(demo: Stack, open_page: OpenPage) -> None:
    """Issue 3: by forms alone; the contents of help lead to their sections."""
    page = open_page("/p/demo", java_script_enabled=False)
    page.get_by_role("link", name="New workflow").click()
    page.get_by_label("Name", exact=True).fill("By form")
    page.get_by_role("radio", name="Research, analysis, report").check()
    page.get_by_role("button", name="Create workflow").click()
    expect(page).to_have_url(re.compile(r"/w/\d+$"))

    page.goto("/help/triggering")
    page.get_by_role("link", name="Ways to compose").click()
    expect(page.get_by_role("heading", name="Ways to compose")).to_be_in_viewport()
    expect(page.get_by_role("rowheader", name="Swarm")).to_be_visible()
