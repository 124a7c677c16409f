"""The walk of issue 4 as somebody new takes it: watch, find why an agent is blocked, approve on a phone, run again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, ViewportSize, expect

from tests.browser.looking import problems, sideways
from tests.browser.product import Visits, ended, gate_of, run_id_of, run_of, stage, start, wait_for_run
from tests.stack import Stack

pytestmark = pytest.mark.browser

_PHONE = ViewportSize(width=390, height=844)


def look(page: Page, found: list[str]) -> None:
    """Look for barriers in both themes, and for what does not fit a phone."""
    found += problems(page)
    page.set_viewport_size(_PHONE)
    found += sideways(page)
    page.set_viewport_size({"width": 1280, "height": 800})


def test_watch_a_launch_approve_it_on_a_phone_and_compare_its_re_run(
    demo: Stack, open_context: Callable[..., BrowserContext]
) -> None:
    """Issue 4, done when; rules 5.2, 7.2, 10.2, 10.4; ui.md, checks 18 to 23: the dialogs and the comparison have no
    barriers either."""
    found: list[str] = []
    page = open_context().new_page()
    first = start_launch(page, found)
    tree = page.get_by_role("region", name="Runs of this tree")
    for name in ("Set Budget", "Draft Announcement", "Check Capacity"):
        expect(tree.get_by_role("link", name=name)).to_be_visible()
    gate = gate_of(demo, _child(demo, first))
    follow_to_the_gate(page, found)
    visits = Visits(page)

    approve(open_context(viewport=_PHONE, java_script_enabled=False).new_page(), gate)

    # The first page moves by itself: it loads nothing.
    branch = tree.get_by_role("listitem").filter(has=page.get_by_role("link", name="Draft Announcement")).last
    expect(branch).to_contain_text("Completed")
    expect(page.get_by_role("status", name="Run state")).to_have_text("Completed")
    assert visits.loaded == []
    over = wait_for_run(demo, first, ended)
    assert over["status"] == "completed"
    assert over["result"]["value"]["budget"] == 4200
    expect(stage(page, "Plan")).to_have_accessible_name(re.compile("Done$"))

    again = wait_for_run(demo, run_again(page, found), ended)
    assert (again["rerun_of"]["run_id"], again["children"]) == (first, [])
    compare(page, int(over["number"]), found)
    assert found == []


def start_launch(page: Page, found: list[str]) -> str:
    """Start Plan Launch from the project's page, past the dialog of dry runs; returns the run."""
    page.goto("/p/demo")
    page.get_by_role("link", name="Plan Launch", exact=True).click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("link", name="Dry run instead").click()
    expect(page.get_by_role("heading", name="Dry run of Plan Launch")).to_be_visible()
    found += problems(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("textbox", name="Input").fill("Baton 1.0")
    page.get_by_role("button", name="Start run").click()
    expect(page).to_have_url(re.compile("/r/"))
    return run_id_of(page)


def follow_to_the_gate(page: Page, found: list[str]) -> None:
    """One agent is blocked by a run that waits for a person: the panel says so, and leads to the question."""
    expect(page.get_by_role("button", name=re.compile("Launch Lead.*Blocked"))).to_be_visible()
    why = page.get_by_role("region", name="Why it is waiting")
    expect(why).to_contain_text("Draft Announcement")
    expect(why).to_contain_text("Announcement sign-off")
    expect(page.get_by_role("status", name="Run state")).to_have_text("Waiting for Draft Announcement")
    for button in ("Stop run", "Message"):
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        look(page, found)
        page.keyboard.press("Escape")
    why.get_by_role("link", name="Answer").click()
    expect(page.get_by_role("heading", name="Announce needs your decision")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Connection")).to_have_text("Live")


def approve(phone: Page, gate: str) -> None:
    """A phone without a script says what is approved and where each option leads, and takes the answer."""
    phone.goto("/approvals")
    phone.locator(f"#approval-{gate}").get_by_role("link", name="Decide").click()
    expect(phone.get_by_text("workflows that call workflows. (Draft 1)").first).to_be_visible()
    expect(phone.get_by_text("End the workflow")).to_be_visible()
    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_text("answered by admin")).to_be_visible()


def run_again(page: Page, found: list[str]) -> str:
    """Run it again from its second stage; returns the new run."""
    page.get_by_role("link", name="Run again").click()
    page.get_by_label("Begin at").select_option("Plan")
    look(page, found)
    page.get_by_role("dialog").get_by_role("button", name="Run again").click()
    expect(page.get_by_text(re.compile(r"Re-run of"))).to_be_visible()
    expect(page.get_by_role("status", name="Run state")).to_have_text("Completed")
    return run_id_of(page)


def compare(page: Page, number: int, found: list[str]) -> None:
    """The first stage is kept, with its time; then both runs side by side."""
    page.get_by_role("link", name="Time", exact=True).click()
    expect(page.get_by_role("row", name=re.compile("^Gather"))).to_contain_text(f"Kept from #{number}")
    look(page, found)
    page.get_by_role("link", name=f"Compare with #{number}").click()
    expect(page.get_by_role("row", name=re.compile("^Step 1"))).to_contain_text("Kept")
    expect(page.get_by_role("row", name=re.compile("^Runs triggered"))).to_contain_text("3")
    look(page, found)


def test_failed_runs_are_retried_from_the_list(demo: Stack, open_context: Callable[..., BrowserContext]) -> None:
    """Issue 4, item 6: chosen, counted by the button that is for them, asked for, and started; saved as a view."""
    failed = start(demo, "demo", "Deploy to Production")
    wait_for_run(demo, failed["id"], ended)
    page = open_context().new_page()
    page.goto("/p/demo/runs?workflow=Deploy+to+Production&status=failed")
    found: list[str] = []
    page.get_by_text("Save this view").click()
    expect(page.get_by_label("Name", exact=True)).to_be_visible()
    expect(page.locator("#bulk-retry")).to_be_disabled()
    page.locator(f"#choose-{failed['id']}").check()
    expect(page.locator("#bulk-cancel")).to_be_disabled()
    look(page, found)
    page.get_by_role("button", name="Retry 1 run").click()
    expect(page.get_by_role("heading", name="Retry 1 run?")).to_be_visible()
    look(page, found)
    page.get_by_role("button", name="Retry 1 run").click()
    expect(page.get_by_text("Retried 1 run")).to_be_visible()
    page.goto("/p/demo/runs?origin=retry")
    page.locator("#run-rows").get_by_role("link", name=re.compile("Deploy to Production")).first.click()
    expect(page.get_by_text(f"Retry of #{failed['number']} from Deploy")).to_be_visible()
    assert found == []


def _child(demo: Stack, run_id: str) -> str:
    """The run of Draft Announcement that a run waits for."""
    children = [run_of(demo, child) for child in run_of(demo, run_id)["children"]]
    return next(str(child["id"]) for child in children if child["workflow"] == "Draft Announcement")
