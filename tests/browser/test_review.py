"""Content Review and Release, as people go through them: gates on every surface, and a deployment that fails."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.product import Visits, answer, ended, gate_of, import_file, stage, start, wait_for_run
from tests.stack import Stack
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def asking(demo: Stack) -> str:
    """A project whose workflow Ask asks at once."""
    gate = {
        "kind": "approval",
        "name": "Sign off",
        "message": "Publish “A long title that wraps on the screen of a phone”?",
        "options": {"Approve": "approve", "Reject": "reject", "Revise": "revise"},
    }
    stages = [
        {"name": "Review", "outcomes": ["approve", "reject", "revise"], "exit_hooks": [gate]},
        {"name": "Archive"},
    ]
    return import_file(demo, "Asking", [], [{"name": "Ask", "stages": stages}])


def test_an_approval_on_a_phone_moves_the_run_page_and_the_late_answer_is_told(
    demo: Stack, open_page: OpenPage
) -> None:
    """Rule 7.3: first answer wins on every surface; rule 4.2: the routed workflow is seen; ui.md, check 21."""
    run = start(demo, "demo", "Content Review")
    first = open_page(f"/r/{run['id']}")
    visits = Visits(first)
    card = first.get_by_role("region", name="Quality Review needs a decision")
    expect(card.get_by_role("button", name="Approve")).to_be_visible()
    expect(stage(first, "Quality Review")).to_have_accessible_name(re.compile("Waiting for approval$"))
    # What is being typed is never taken away: the card stays, and says that something changed.
    card.get_by_label("Note for the agents").fill("Looks good to me")

    inbox = open_page("/approvals")
    mine = inbox.get_by_role("listitem").filter(has_text=f"Content Review #{run['number']}")
    expect(mine).to_contain_text("Hello Baton")
    gate = gate_of(demo, run["id"])
    phone = open_page(f"/a/{gate}", viewport=PHONE, java_script_enabled=False)
    first.evaluate(_KEEP_WORDS)
    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_text("answered by admin")).to_be_visible()
    assert phone.get_by_role("button", name="Approve").count() == 0

    published = stage(first, "Quality Review").get_by_role("link", name=re.compile(r"^Publish Content #\d+$"))
    expect(published).to_be_visible()
    wait_until(lambda: "Waiting for Publish Content" in " ".join(first.evaluate("window.kept")))
    expect(mine.get_by_role("link", name="Decide")).to_have_count(0)

    expect(card).to_contain_text("Something changed while you were typing")
    card.get_by_role("button", name="Reject").click()
    expect(first.get_by_role("region", name="Messages")).to_contain_text("Already answered by admin: Approve")
    expect(first.get_by_role("region", name="Quality Review: Product manager signs off")).to_contain_text(
        "Approve, answered by admin"
    )

    expect(first.get_by_role("status", name="Run state")).to_have_text("Completed")
    expect(stage(first, "Archive")).to_have_accessible_name(re.compile("Skipped$"))
    assert visits.loaded == []


# What the stages say, from now on: the next may come too soon to be waited for.
_KEEP_WORDS = """() => {
    window.kept = [];
    const nodes = document.getElementById("nodes");
    const look = () => window.kept.push(...[...nodes.querySelectorAll("[id^=says]")].map((each) => each.textContent));
    new MutationObserver(look).observe(nodes, { subtree: true, childList: true, characterData: true });
}"""


def test_a_release_goes_on_after_its_deployment_failed_and_says_so(demo: Stack, open_page: OpenPage) -> None:
    """Rule 4.3: continue at is followed regardless, and the run page marks it; rule 1.6: results are shown."""
    run = start(demo, "demo", "Release", {"version": "1.4.0"})
    page = open_page(f"/r/{run['id']}")
    visits = Visits(page)
    card = page.get_by_role("region", name="Prepare needs a decision")
    card.get_by_role("button", name="Approve").click()
    expect(card).to_have_count(0)

    prepare = stage(page, "Prepare")
    expect(prepare.get_by_role("link", name=re.compile(r"^Deploy to Production #\d+$"))).to_be_visible()
    expect(prepare.get_by_text("continued after a failed workflow")).to_be_visible()
    expect(page.get_by_role("status", name="Run state")).to_have_text("Completed")
    expect(page.locator("#notes")).to_contain_text("Continued at Report after a failed workflow")
    expect(page.locator("#result")).to_contain_text("The deployment ended as failed.")
    assert visits.loaded == []


def test_an_answer_takes_the_buttons_away_in_every_other_window(demo: Stack, asking: str, open_page: OpenPage) -> None:
    """Rule 7.3: the other surfaces show it within a second; ui.md, check 21."""
    run = start(demo, asking, "Ask")
    gate = gate_of(demo, run["id"])
    windows = [open_page(f"/r/{run['id']}"), open_page(f"/r/{run['id']}"), open_page(f"/a/{gate}")]
    for window in windows:
        expect(window.get_by_role("button", name="Approve")).to_be_visible()
    for window in windows[:2]:
        expect(window.get_by_label("Connection")).to_have_text("Live")

    windows[0].get_by_role("button", name="Reject").click()

    for window in windows[1:]:
        expect(window.get_by_role("button", name="Approve")).to_have_count(0)
    expect(windows[2].get_by_text("answered by admin")).to_be_visible()
    assert wait_for_run(demo, run["id"], ended)["status"] == "completed"


@pytest.mark.parametrize("width", [390, 320])
def test_the_approval_page_fits_a_thumb_without_a_script(
    demo: Stack, asking: str, open_page: OpenPage, width: int
) -> None:
    """Ui.md, check 22: in view, 44 px high, no scrolling sideways, JavaScript off; a GET decides nothing (7.3)."""
    run = start(demo, asking, "Ask")
    gate = gate_of(demo, run["id"])

    page = open_page(f"/a/{gate}", viewport={"width": width, "height": 844}, java_script_enabled=False)

    button = page.get_by_role("button", name="Approve")
    expect(button).to_be_in_viewport(ratio=1)
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert demo.api("GET", f"/gates/{gate}").json()["status"] == "open"
    answer(demo, gate, "Reject")
