"""The first walk of a newcomer: sign in by link, look, switch a capability off and on, run, watch, read the result."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.drawing import Canvas
from tests.browser.product import Visits, run_id_of, run_of, sign_in_link, stage, wait_for_run
from tests.stack import Stack
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


def test_a_newcomer_runs_the_newsletter_and_watches_it(
    demo: Stack, open_context: Callable[..., BrowserContext]
) -> None:
    """The scene Write Newsletter (section 13): rules 5.2, 5.3, 12.1 and 12.3; ui.md, checks 5, 6 and 18."""
    page = open_context(signed_in=False).new_page()
    page.goto(sign_in_link(demo))
    page.get_by_role("link", name="Demo").click()
    page.get_by_role("link", name="Write Newsletter", exact=True).click()
    expect(page.get_by_role("heading", name="Write Newsletter", level=1)).to_be_visible()
    Canvas(page).ready()

    _switch_off_and_on(page)

    page.get_by_role("button", name="Run", exact=True).click()
    before = _runs(demo)
    page.get_by_role("dialog", name="Run Write Newsletter").get_by_role("button", name="Start run").click()
    _hold_the_child(demo, before)
    page.wait_for_url(re.compile("/r/"))
    page.wait_for_load_state()
    visits = Visits(page)

    child = _watch_until_blocked(page)
    child.click()
    expect(page.get_by_role("heading", name="Analyze Engagement", level=1)).to_be_visible()
    expect(page.get_by_text("Triggered by an agent of")).to_be_visible()
    assert demo.api("POST", f"/runs/{run_id_of(page)}/resume").status_code == 200
    page.get_by_role("navigation", name="Triggered by").get_by_role("link", name="Write Newsletter").click()
    expect(page.get_by_role("heading", name="Write Newsletter", level=1)).to_be_visible()
    page.wait_for_load_state()
    visits.since_now()

    expect(page.get_by_role("status", name="Run state")).to_have_text("Completed")
    expect(page.get_by_role("region", name="newsletter")).to_contain_text("opened by 47 % of our readers")
    expect(stage(page, "Write").get_by_role("link", name=re.compile(r"^Analyze Engagement #\d+$"))).to_be_visible()
    assert visits.loaded == []
    run = run_of(demo, run_id_of(page))
    assert run["origin"] == "manual"
    assert len(run["children"]) == 1


def _switch_off_and_on(page: Page) -> None:
    """The switch Trigger Workflows of the writer, twice; each time the chip on the canvas shows it."""
    chip = page.get_by_role("button", name=re.compile("^Assignment 1: Writer"))
    icon = chip.get_by_title("Trigger Workflows")
    drawer = page.get_by_role("dialog", name="Assignment: Writer")
    switch = drawer.get_by_role("switch", name="Trigger Workflows")
    for on in (False, True):
        chip.click()
        expect(drawer.get_by_role("heading", name="Assignment: Writer")).to_be_focused()
        expect(switch).to_be_checked(checked=not on)
        switch.set_checked(on)
        expect(drawer.get_by_text("Unsaved changes")).to_be_visible()
        drawer.get_by_role("button", name="Save").click()
        expect(drawer).to_have_count(0)
        expect(chip).to_have_accessible_name(
            "Assignment 1: Writer, Trigger Workflows" if on else "Assignment 1: Writer"
        )
        expect(icon).to_have_count(1 if on else 0)
        expect(chip).to_be_focused()


def _runs(demo: Stack) -> set[str]:
    """The newest runs of the newsletter."""
    listed = demo.api("GET", "/projects/demo/runs", params={"workflow": "Write Newsletter", "limit": 20})
    return {run["id"] for run in listed.json()["items"]}


def _hold_the_child(demo: Stack, before: set[str]) -> None:
    """Let the workflow that the writer of a new run waits for take as long as this machine does."""
    run = wait_until(lambda: _runs(demo) - before, 30, "a new run").pop()
    child = wait_for_run(demo, run, lambda run: bool(run["children"]))["children"][0]
    assert demo.api("POST", f"/runs/{child}/pause").status_code == 200


def _watch_until_blocked(page: Page) -> Locator:
    """Follow the page by its socket alone; the link to the child that the writer waits for."""
    visits = Visits(page)
    expect(page.get_by_label("Connection")).to_have_text("Live")
    expect(page.get_by_role("status", name="Run state")).to_have_text(
        re.compile("^(Running|Waiting for Analyze Engagement)$")
    )
    writer = page.get_by_role("button", name=re.compile("Writer.*Blocked: waiting for Analyze Engagement"))
    expect(writer).to_be_visible()
    waits = stage(page, "Write").get_by_role("paragraph").filter(has_text="Blocked: waiting for Analyze Engagement")
    expect(waits).to_contain_text("Paused")
    expect(waits.get_by_text(re.compile(r"^\d:\d\d of 5:00$"))).to_be_visible()
    assert visits.loaded == []
    return waits.get_by_role("link", name=re.compile(r"^Analyze Engagement #\d+$"))
