"""A chain that gets too deep is told the moment its last link is chosen, before anything is saved."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.product import import_file
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_choosing_a_target_shows_at_once_that_the_chain_is_too_deep(demo: Stack, open_page: OpenPage) -> None:
    """Rule 6.3; ui.md, check 10: an alert beside the target, and saving stays possible."""

    def leads_to(name: str, target: str) -> dict[str, object]:
        routes = {"go": {"workflow": target, "continue_at": "end"}}
        return {"name": name, "stages": [{"name": "Work", "outcomes": ["go"], "routes": routes}]}

    top = {"name": "Top", "stages": [{"name": "Work", "outcomes": ["go"]}]}
    last = {"name": "Last", "stages": [{"name": "Work"}]}
    import_file(demo, "Chain", [], [top, leads_to("Middle", "Bottom"), leads_to("Bottom", "Last"), last])
    page = open_page("/p/chain")
    page.get_by_role("link", name="Top", exact=True).click()
    page.get_by_role("link", name="Stages", exact=True).click()
    page.get_by_role("button", name="Edit the outcome routing of Work").click()
    drawer = page.get_by_role("dialog", name="Stage: Work")
    drawer.get_by_label("Goes to").select_option("A workflow")

    drawer.get_by_label("Target workflow").select_option("Middle")

    expect(drawer.get_by_role("alert")).to_contain_text("depth limit exceeded")
    expect(drawer.get_by_role("alert")).to_contain_text("Top > Middle > Bottom > Last")
    drawer.get_by_label("Target workflow").select_option("Bottom")
    expect(drawer.get_by_role("alert")).to_have_count(0)
    drawer.get_by_label("Target workflow").select_option("Middle")
    drawer.get_by_role("button", name="Save").click()
    expect(drawer).to_have_count(0)
    expect(page.get_by_role("list", name="Outcomes of Work")).to_contain_text("Middle, then End the workflow")
