"""Somebody is quicker than the page's scripts: what was chosen meanwhile counts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import OpenPage, hurry
from tests.browser.product import import_file
from tests.stack import Stack

pytestmark = pytest.mark.browser


def test_a_choice_made_before_its_script_was_there_shows_its_fields(demo: Stack, open_page: OpenPage) -> None:
    stages = [{"name": "Work", "outcomes": ["go"]}, {"name": "Check"}]
    import_file(demo, "Slow scripts", [], [{"name": "Top", "stages": stages}])
    page = open_page("/p/slow-scripts")
    page.get_by_role("link", name="Top", exact=True).click()
    expect(page.get_by_role("link", name="Stages", exact=True)).to_be_visible()
    hurry(page)
    held: list[Route] = []
    page.route("**/reveal*.js", lambda route: held.append(route))
    page.get_by_role("link", name="Stages", exact=True).click()
    page.get_by_role("button", name="Edit the outcome routing of Work").click()
    drawer = page.get_by_role("dialog", name="Stage: Work")

    drawer.get_by_label("Goes to").select_option("A workflow")
    expect(drawer.get_by_label("Target workflow")).to_have_count(0)
    for route in held:
        route.continue_()
    page.unroute("**/reveal*.js")

    expect(drawer.get_by_label("Target workflow")).to_be_visible()
    expect(drawer.get_by_text("Unsaved changes")).to_be_visible()
