"""The run list in a real browser: unfolding keeps the place, new runs are announced, and nothing moves by itself."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.product import ended, start, wait_for_run
from tests.browser.test_looks import problems
from tests.stack import Stack

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_list_unfolds_in_place_and_announces_what_is_new(
    demo: Stack, open_context: Callable[..., BrowserContext], theme: str
) -> None:
    """Issue 4, item 6: by tree, live; ui.md, check 24: no barriers, neither sideways scrolling on a phone."""
    parent = start(demo, "demo", "Optimize Website")
    wait_for_run(demo, parent["id"], ended)
    page = open_context(color_scheme=theme).new_page()
    page.goto("/p/demo/runs")
    expect(page.locator("#connection")).to_have_text("Live")
    page.get_by_role("button", name=re.compile(f"child runs? of Optimize Website #{parent['number']}$")).click()
    expect(page.locator('#run-rows tr[data-level="1"]')).not_to_have_count(0)
    assert re.search(rf"open={parent['number']}\b", page.url)
    rows = page.locator("#run-rows tr")
    before = rows.count()

    start(demo, "demo", "Content Review")

    expect(page.get_by_role("link", name="1 new run")).to_be_visible()
    assert rows.count() == before
    found = problems(page)
    page.get_by_role("link", name="1 new run").click()
    expect(rows.first).to_contain_text("Content Review")
    for address in ("/p/demo/runs", "/p/demo/dashboard"):
        page.goto(address)
        found += problems(page)
        page.set_viewport_size({"width": 390, "height": 844})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{address} scrolls sideways")
    assert found == []
