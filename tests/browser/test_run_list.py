"""The run list in a real browser: unfolding keeps the place, new runs are announced, and nothing moves by itself."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.looking import problems, sideways
from tests.browser.product import ended, gate_of, import_file, start, wait_for_run
from tests.stack import Stack

pytestmark = pytest.mark.browser

_GATE = {"kind": "approval", "name": "Sign off", "message": "Fine?", "options": {"Yes": "go"}}


def test_a_list_unfolds_in_place_and_announces_what_is_new(
    demo: Stack, open_context: Callable[..., BrowserContext]
) -> None:
    """Issue 4, item 6: by tree, live; ui.md, check 24: no barriers, neither sideways scrolling on a phone."""
    calls = {"agent": "Ada", "capabilities": ["trigger_workflows"]}
    slug = import_file(
        demo,
        "Listed",
        [
            {"name": "Ada", "script": [{"trigger_workflow": {"workflow": "Small"}}, {"say": "Back."}]},
            {"name": "Bad", "script": [{"fail": "bad_request"}]},
        ],
        [
            {"name": "Large", "stages": [{"name": "Call", "assignments": [calls]}]},
            {"name": "Small", "stages": [{"name": "Work"}]},
            {"name": "Broken", "stages": [{"name": "Break", "assignments": [{"agent": "Bad"}]}]},
            {"name": "Held", "stages": [{"name": "Ask", "outcomes": ["go"], "exit_hooks": [_GATE]}]},
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
    wait_for_run(demo, start(demo, slug, "Broken")["id"], ended)
    gate_of(demo, start(demo, slug, "Held")["id"])
    for verb, status in (("Retry", "failed"), ("Cancel", "waiting")):
        _choose(page, f"/p/{slug}/runs?status={status}", verb)
        found += problems(page) + sideways(page)
    page.goto(f"/p/{slug}/runs?status=failed")
    page.get_by_text("Save this view").click()
    page.locator("#view-name").fill("Broken ones")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("link", name="Broken ones")).to_be_visible()
    found += problems(page) + sideways(page)
    assert found == []


def _choose(page: Page, address: str, verb: str) -> None:
    """Choose the only run of a list, and be asked whether to do this to it."""
    page.goto(address)
    page.locator('#run-rows input[name="run"]').check()
    page.get_by_role("button", name=f"{verb} 1 run").click()
    expect(page.get_by_role("heading", name=f"{verb} 1 run?")).to_be_visible()
