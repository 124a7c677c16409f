"""The run list in a real browser: unfolding keeps the place, new runs are announced, and nothing moves by itself."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.looking import problems, sideways
from tests.browser.product import ended, import_file, start, wait_for_run
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_a_list_unfolds_in_place_and_announces_what_is_new(
    demo: Stack, open_context: Callable[..., BrowserContext]
) -> None:
    """Issue 4, item 6: by tree, live; ui.md, check 24: no barriers, neither sideways scrolling on a phone."""
    calls = {"agent": "Ada", "capabilities": ["trigger_workflows"]}
    slug = import_file(
        demo,
        "Listed",
        [{"name": "Ada", "script": [{"trigger_workflow": {"workflow": "Small"}}, {"say": "Back."}]}],
        [
            {"name": "Large", "stages": [{"name": "Call", "assignments": [calls]}]},
            {"name": "Small", "stages": [{"name": "Work"}]},
        ],
    )
    parent = start(demo, slug, "Large")
    wait_for_run(demo, parent["id"], ended)
    page = open_context().new_page()
    page.goto(f"/p/{slug}/runs")
    expect(page.locator("#connection")).to_have_text("Live")
    page.get_by_role("button", name=re.compile(f"child runs? of Large #{parent['number']}$")).click()
    expect(page.locator('#run-rows tr[data-level="1"]')).not_to_have_count(0)
    expect(page).to_have_url(re.compile(rf"open={parent['number']}\b"))
    rows = page.locator("#run-rows tr")
    before = rows.count()

    start(demo, slug, "Small")

    expect(page.get_by_role("link", name="1 new run")).to_be_visible()
    assert rows.count() == before
    found = problems(page)
    page.get_by_role("link", name="1 new run").click()
    expect(rows.first).to_contain_text("Small")
    for address in (f"/p/{slug}/runs", f"/p/{slug}/dashboard"):
        page.goto(address)
        found += problems(page)
        page.set_viewport_size({"width": 390, "height": 844})
        found += sideways(page)
    assert found == []
