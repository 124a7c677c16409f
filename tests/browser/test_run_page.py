"""The run page in real browsers: its graph, a gate on it, its tabs on screens of all widths and in both themes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.looking import problems, sideways
from tests.browser.product import Visits, ended, gate_of, import_file, stage, start, wait_for_run
from tests.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def looping(demo: Stack) -> str:
    """A project whose workflow asks, may go back once, and leads to another workflow."""
    gate = {
        "kind": "approval",
        "name": "Sign off",
        "message": "Good enough?",
        "options": {"Ship it": "ship", "Once more": "again"},
    }
    routes = {"again": {"stage": "Draft"}, "ship": {"workflow": "Ship", "continue_at": "Report"}}
    look = {"name": "Look", "outcomes": ["ship", "again"], "exit_hooks": [gate], "routes": routes}
    stages = [{"name": "Draft", "assignments": [{"agent": "Ada"}]}, look, {"name": "Report"}]
    return import_file(
        demo,
        "Looping",
        [{"name": "Ada", "script": [{"share": {"draft": "# Title\n\n- one\n- two"}}, {"say": "Written."}]}],
        [{"name": "Loop", "stages": stages}, {"name": "Ship", "stages": [{"name": "Pack"}, {"name": "Send"}]}],
    )


def test_the_graph_follows_a_run_and_its_gate_is_answered_on_it(demo: Stack, looping: str, open_page: OpenPage) -> None:
    """Ui.md, checks 18, 19 and 21: states, ways taken with counts, the gate on its card, the child in its target."""
    run = start(demo, looping, "Loop")
    gate_of(demo, run["id"])
    page, other = open_page(f"/r/{run['id']}"), open_page(f"/r/{run['id']}")
    visits = Visits(page)
    expect(page.get_by_role("region", name="Why it is waiting")).to_contain_text("Sign off (Look)")
    expect(other.get_by_role("button", name="Once more")).to_be_visible()
    for each in (page, other):
        expect(each.get_by_label("Connection")).to_have_text("Live")

    page.get_by_role("button", name="Once more").click()

    expect(stage(page, "Draft").get_by_text("Visit 2 of 5")).to_be_visible()
    expect(other.locator("#edges > [data-taken]")).to_have_count(2)  # on to Look, and back
    expect(other.locator("#outcome-2-2")).to_have_text("again1×")
    page.get_by_role("button", name="Ship it").click()
    expect(page.get_by_role("status", name="Run state")).to_have_text("Completed")
    target = page.get_by_role("listitem", name="Workflow target: Ship, continue at Report, Completed")
    expect(target.get_by_role("link", name=re.compile(r"^Ship #\d+$"))).to_be_visible()
    expect(page.get_by_role("region", name="Why it is waiting")).to_be_hidden()

    # By keys alone: to the last stage, into its drawer, and back.
    page.get_by_role("region", name="Stages").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Stage: Look")).to_contain_text("Visit 2 of 5")
    page.keyboard.press("Escape")
    expect(stage(page, "Look")).to_be_focused()

    tree = page.get_by_role("region", name="Runs of this tree")
    expect(tree).to_contain_text("Send")
    assert visits.loaded == []
    tree.get_by_role("link", name="Ship").click()
    page.get_by_role("navigation", name="Triggered by").get_by_role("link", name=f"Loop #{run['number']}").click()
    expect(page.get_by_role("heading", name="Loop", level=1)).to_be_visible()


def test_tabs_of_a_run_have_no_barriers_and_fit_a_phone(demo: Stack, looping: str, open_page: OpenPage) -> None:
    """Ui.md, check 24, for each tab and for a gate on the graph; at 390 px nothing scrolls sideways."""
    waiting = start(demo, looping, "Loop")
    gate_of(demo, waiting["id"])
    done = start(demo, "demo", "Optimize Website")
    wait_for_run(demo, done["id"], ended)
    page = open_page(f"/r/{waiting['id']}")
    found: list[str] = []
    addresses = [f"/r/{done['id']}?tab={tab}" for tab in ("live", "messages", "time", "results", "prompts")]
    for address in [f"/r/{waiting['id']}", f"/r/{waiting['id']}?tab=results", *addresses]:
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 844})
            page.goto(address)
            found += [f"{width}: {problem}" for problem in problems(page)]
            found += sideways(page)
    assert found == []
    page.goto(f"/r/{waiting['id']}")
    expect(stage(page, "Look").get_by_role("button", name="Ship it")).to_be_visible()
    page.goto(f"/r/{waiting['id']}?tab=results")
    expect(page.get_by_role("heading", name="Title")).to_be_visible()  # written as markdown
