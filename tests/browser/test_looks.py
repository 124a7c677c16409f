"""What every page owes to everybody: names, contrast, calm, and colours of one's own; in both themes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import OpenPage
from tests.browser.looking import problems, sideways
from tests.browser.product import at_work, cancel, ended, gate_of, run_of, start, wait_for_run
from tests.stack import Stack
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def places(demo: Stack) -> dict[str, str]:
    """An address of every kind of page, each with something on it."""
    review = start(demo, "demo", "Content Review")
    release = start(demo, "demo", "Release", {"version": "1.4.0"})
    newsletter = start(demo, "demo", "Write Newsletter")
    failed = start(demo, "demo", "Deploy to Production", "1.4.0")
    gate, answered = gate_of(demo, review["id"]), gate_of(demo, release["id"])
    demo.api("POST", f"/gates/{answered}/answer", json={"option": "Reject", "comment": "Not on a Friday"})
    wait_for_run(demo, newsletter["id"], ended)
    wait_for_run(demo, failed["id"], ended)
    workflows = {each["name"]: each["id"] for each in demo.api("GET", "/projects/demo/workflows").json()["items"]}
    return {
        "canvas": f"/w/{workflows['Content Review']}",
        "outline": f"/w/{workflows['Content Review']}/outline",
        "runs of a workflow": f"/w/{workflows['Content Review']}/runs",
        "projects": "/",
        "project": "/p/demo",
        "runs": "/p/demo/runs",
        "filtered runs": "/p/demo/runs?status=paused",
        "completed run": f"/r/{newsletter['id']}",
        "child": f"/r/{run_of(demo, newsletter['id'])['children'][0]}",
        "failed run": f"/r/{failed['id']}",
        "waiting run": f"/r/{review['id']}",
        "approvals": "/approvals",
        "gate": f"/a/{gate}",
        "answered gate": f"/a/{answered}",
        "search": "/search?q=review",
        "nothing": "/r/nothing",
    }


def test_pages_have_no_barriers(
    demo: Stack, open_context: Callable[..., BrowserContext], places: dict[str, str]
) -> None:
    """Ui.md, check 24: axe finds nothing; neither on a phone, where nothing scrolls sideways."""
    page = open_context().new_page()
    stranger = open_context(signed_in=False).new_page()
    stranger.goto("/login")
    found = problems(stranger)
    for address in places.values():
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(address)
        found += problems(page)
        page.set_viewport_size({"width": 390, "height": 844})
        found += sideways(page)
    assert found == []


@pytest.fixture(scope="module")
def working(demo: Stack) -> Iterator[str]:
    """The page of a run that goes on until it is cancelled: one agent is blocked, one runs."""
    run = start(demo, at_work(demo, "At work"), "Calling")["id"]
    yield f"/r/{run}"
    cancel(demo, run)


def test_a_run_at_work_and_its_drawer_have_no_barriers(working: str, open_page: OpenPage) -> None:
    """Ui.md, check 24, with a blocked agent beside a running one; check 6: where the focus goes."""
    page = open_page(working)
    opener = page.get_by_role("button", name=re.compile("Caller.*Blocked"))
    expect(opener).to_be_visible()
    found = problems(page)
    opener.click()
    drawer = page.get_by_role("dialog", name="Agent: Caller")
    expect(drawer.get_by_role("heading", name="Agent: Caller")).to_be_focused()
    expect(drawer.get_by_role("link", name=re.compile("Asked #"))).to_be_visible()
    found += problems(page)
    page.keyboard.press("Escape")
    expect(drawer).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("Assignment 1: Caller"))).to_be_focused()
    assert found == []


def test_the_drawers_and_the_run_dialog_have_no_barriers(open_page: OpenPage, places: dict[str, str]) -> None:
    """Ui.md, check 24."""
    page = open_page(places["outline"])
    openers = {
        "Assignment 1: Author": "Assignment: Author",
        "Edit the outcome routing of Quality Review": "Stage: Quality Review",
        "Edit stage Quality Review": "Stage: Quality Review",
        "Run": "Run Content Review",
    }
    found = []
    for opener, name in openers.items():
        page.get_by_role("button", name=opener, exact=True).click()
        opened = page.get_by_role("dialog", name=name)
        expect(opened).to_be_visible()
        for disclosure in opened.locator("summary:visible").all():
            disclosure.click()
        found += problems(page)
        page.keyboard.press("Escape")
        expect(opened).to_have_count(0)
    assert found == []


def test_nothing_moves_for_those_who_asked_for_calm(working: str, open_page: OpenPage) -> None:
    """Ui.md, check 24 and section 5: only Running may spin, and not under reduced motion."""
    moving = "document.getAnimations().filter((each) => each.playState === 'running').length"
    lively = open_page(working)
    expect(lively.get_by_role("button", name=re.compile("Thinker.*Running"))).to_be_visible()
    wait_until(lambda: lively.evaluate(moving) > 0)

    calm = open_page(working, reduced_motion="reduce")
    expect(calm.get_by_role("button", name=re.compile("Thinker.*Running"))).to_be_visible()
    assert calm.evaluate(moving) == 0


def test_states_keep_word_icon_and_border_in_forced_colors(
    demo: Stack, open_page: OpenPage, places: dict[str, str]
) -> None:
    """Ui.md, check 24 and section 5: a state is never a colour alone."""
    page = open_page(places["waiting run"], forced_colors="active")
    states = page.locator(".state")
    expect(states.first).to_be_visible()

    shown = states.evaluate_all(_LOOKS)

    assert len(shown) >= 4
    for state in shown:
        assert state["word"], state
        assert state["icon"] >= 12, state
        assert state["bar"] == "solid", state
        assert state["ink"] != state["paper"], state


_LOOKS = """(states) => states.map((state) => {
    const [own, icon] = [getComputedStyle(state), state.querySelector("svg")];
    const card = state.closest(".box"); // on a drawn run the card has the bar
    return {
        word: state.textContent.trim(),
        icon: parseFloat(getComputedStyle(icon).width), // before the drawing is fitted into the window
        bar: card ? getComputedStyle(card).borderLeftStyle : own.borderLeftStyle,
        ink: getComputedStyle(icon).color,
        paper: own.backgroundColor,
    };
})"""


def test_the_chosen_theme_stays(demo: Stack, open_page: OpenPage, places: dict[str, str]) -> None:
    """Ui.md, section 5: the theme is kept over pages, and follows the choice of the reader."""
    page = open_page("/p/demo", color_scheme="light")
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto(places["completed run"])
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate("getComputedStyle(document.body).colorScheme") == "dark"
