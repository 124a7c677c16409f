"""What of the canvas is seen, and how one goes about in it: zoom, pan, Fit, tidy up, keys, search, the small map."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import pytest
from playwright.sync_api import FloatRect, expect

from tests.browser.conftest import OpenPage
from tests.browser.drawing import NAMES, Canvas, address, box_of, drag, middle, newsroom, stored
from tests.stack import Stack
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

_OUTLINE = "one => [parseFloat(getComputedStyle(one).outlineWidth), getComputedStyle(one).outlineStyle]"
_CAMERA = "document.getElementById('world').style.transform"


def _open(demo: Stack, open_page: OpenPage, **options: Any) -> Canvas:
    return Canvas(open_page(address(demo, newsroom(demo)), **options)).ready()


def _overlap(one: FloatRect, other: FloatRect) -> bool:
    return (
        one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] < other["y"] + other["height"]
        and other["y"] < one["y"] + one["height"]
    )


def test_cards_are_moved_tidied_up_and_moved_back(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, check 14: no cards overlap, Undo restores every place, saving moves nothing."""
    canvas = _open(demo, open_page)
    page = canvas.page
    for name, onto in (("Archive", "Research"), ("Intake", "Draft")):
        x, y = middle(canvas.stage(onto))
        drag(page, canvas.stage(name), (x + 30, y + 12))
    expect(page.locator("#drawer .drawer")).to_have_count(0)
    canvas.saved()
    before = canvas.places()
    page.reload()
    canvas.ready()
    assert canvas.places() == before

    canvas.stage("Archive").focus()
    page.keyboard.press("Shift+ArrowDown")
    canvas.saved()
    moved = canvas.places()
    assert moved != before
    canvas.tool("Tidy up").click()
    expect(page.get_by_role("button", name=re.compile("^Undo: .*(tid|Tid)"))).to_be_enabled()
    canvas.saved()
    boxes = [box for name, box in canvas.places().items() if name.startswith("Stage")]
    assert len(boxes) == len(NAMES)
    assert not [pair for pair in combinations(boxes, 2) if _overlap(*pair)]

    page.get_by_role("button", name=re.compile("^Undo: ")).click()
    expect(page.get_by_role("button", name=re.compile("^Redo: .*(tid|Tid)"))).to_be_enabled()
    wait_until(lambda: canvas.places() == moved)
    page.get_by_role("button", name="Edit stage Draft").click()
    drawer = page.get_by_role("dialog", name="Stage: Draft")
    drawer.get_by_label("Task").fill("Write it.")
    drawer.get_by_role("button", name="Save").click()
    expect(drawer).to_have_count(0)
    assert canvas.places() == moved


def test_the_view_is_panned_zoomed_and_found_again(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, checks 15 and 16; lesson 9: work that is out of sight is not lost."""
    canvas = _open(demo, open_page)
    page = canvas.page
    card = canvas.stage("Analysis")
    at = box_of(card)
    x, y = at["x"] + 20, at["y"] + 40
    page.mouse.move(x, y)
    share = (x - at["x"]) / at["width"], (y - at["y"]) / at["height"]
    page.keyboard.down("Control")
    for turn in (-120, -120, 300):
        before = page.evaluate(_CAMERA)
        page.mouse.wheel(0, turn)
        page.wait_for_function(f"before => {_CAMERA} !== before", arg=before)
        now = box_of(card)
        assert abs(now["x"] + share[0] * now["width"] - x) < 2
        assert abs(now["y"] + share[1] * now["height"] - y) < 2
    page.keyboard.up("Control")
    assert abs(box_of(card)["width"] - at["width"]) > 5

    drag(page, canvas.empty_ground(), (1270, 790))
    for _ in range(12):
        page.mouse.wheel(400, 400)
    back = page.get_by_role("button", name="Back to content")
    expect(back).to_be_visible()
    page.reload()
    canvas.ready()
    back.or_(canvas.stage("Intake")).first.wait_for()
    canvas.tool("Fit").click()
    expect(back).to_be_hidden()
    region = box_of(canvas.region)
    for item in canvas.region.locator(".node").all():
        box = box_of(item)
        assert box["x"] >= region["x"] and box["x"] + box["width"] <= region["x"] + region["width"]
        assert box["y"] >= region["y"] and box["y"] + box["height"] <= region["y"] + region["height"]

    small = box_of(page.locator("#minimap"))
    before = page.evaluate(_CAMERA)
    page.mouse.click(small["x"] + 12, small["y"] + 12)
    wait_until(lambda: page.evaluate(_CAMERA) != before)
    page.keyboard.press("Escape")
    canvas.stage("Intake").focus()
    page.keyboard.press("1")
    expect(page.get_by_label("Zoom", exact=True)).to_have_text("100%")
    page.keyboard.press("-")
    expect(page.get_by_label("Zoom", exact=True)).to_have_text("80%")


def test_keys_walk_through_the_canvas_and_out_of_it(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, check 17 and section 4.1: two stops, arrows, N and P, parts of a card, along the edges."""
    canvas = _open(demo, open_page)
    page = canvas.page
    canvas.region.focus()
    page.keyboard.press("Tab")
    expect(canvas.stage("Intake")).to_be_focused()
    width, style = canvas.stage("Intake").evaluate(_OUTLINE)
    assert width >= 2 and style == "solid"
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('.world')")
    page.keyboard.press("Shift+Tab")
    expect(canvas.stage("Intake")).to_be_focused()

    seen = {page.evaluate("document.activeElement.ariaLabel")}
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowLeft", "ArrowLeft") * 2:
        page.keyboard.press(key)
        seen.add(page.evaluate("document.activeElement.ariaLabel"))
    assert {name for name in seen if name.startswith("Stage ")} == set(canvas.names())

    page.keyboard.press("Home")
    page.keyboard.press("n")
    expect(canvas.stage("Research")).to_be_focused()
    page.keyboard.press("]")
    page.keyboard.press("ArrowDown")
    expect(canvas.region.get_by_role("button", name="Assignment 2: Writer")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    expect(canvas.region.get_by_role("button", name="Assignment 1: Writer")).to_be_focused()
    canvas.saved()
    page.keyboard.press("Escape")
    expect(canvas.stage("Research")).to_be_focused()
    page.keyboard.press("f")
    expect(canvas.stage("Analysis")).to_be_focused()
    page.keyboard.press("b")
    expect(canvas.stage("Research")).to_be_focused()
    page.keyboard.press("End")
    expect(canvas.stage("Archive")).to_be_focused()
    page.keyboard.press("p")
    expect(canvas.stage("Fact Check")).to_be_focused()


def test_everything_is_found_by_typing_its_name(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, section 4.1: Ctrl+K finds stages, agents, workflows and actions; Ctrl+F only what is here; ? the keys."""
    slug = newsroom(demo)
    canvas = Canvas(open_page(address(demo, slug))).ready()
    page = canvas.page
    page.keyboard.press("Control+k")
    canvas.search.get_by_role("combobox").fill("fact")
    page.keyboard.press("Enter")
    expect(canvas.stage("Fact Check")).to_be_focused()

    page.keyboard.press("Control+k")
    page.keyboard.type("reviewer")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Agent: Reviewer").get_by_role("heading", level=2).first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Agent: Reviewer")).to_have_count(0)
    canvas.stage("Archive").focus()
    page.keyboard.press("Control+k")
    page.keyboard.type("add a stage")
    page.keyboard.press("Enter")
    expect(canvas.stage("Stage 8")).to_be_focused()
    assert list(stored(demo, slug))[-1] == "Stage 8"

    canvas.stage("Archive").focus()
    page.keyboard.press("Control+f")
    found = page.get_by_role("dialog", name="Find on this canvas")
    page.keyboard.type("dra")
    expect(found.get_by_role("option")).to_have_count(1)
    expect(canvas.region).to_have_attribute("data-finding", "")
    page.keyboard.press("Escape")
    expect(found).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("second")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(address(demo, slug, "Second"))))

    page.goto(f"/p/{slug}/runs")  # elsewhere the same keys search all projects
    button = page.get_by_role("link", name="Search")
    expect(button).to_have_attribute("aria-haspopup", "dialog")
    button.click()
    expect(canvas.search.get_by_role("option", name="Settings")).to_be_visible()
    page.keyboard.type("nothing of this name")
    expect(canvas.search.get_by_text("Nothing has this name")).to_be_visible()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("second")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/w/\d+$"))


def test_fingers_pan_pinch_and_carry_a_card(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md 4.3: one finger pans, two pinch, a finger that rests on a card for 0.4 s picks it up; a tap opens it."""
    canvas = _open(demo, open_page, has_touch=True)
    page = canvas.page
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        at = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        fingers.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": at})

    card = canvas.stage("Analysis")
    before, places = box_of(card), canvas.places()
    x, y = middle(card)
    touch("Start", (x, y))
    touch("Move", (x + 60, y + 40))
    touch("End")
    wait_until(lambda: abs(box_of(card)["x"] - before["x"] - 60) < 2 and abs(box_of(card)["y"] - before["y"] - 40) < 2)

    x, y = middle(card)
    width = box_of(card)["width"]
    touch("Start", (x - 60, y))
    touch("Start", (x - 60, y), (x + 60, y))
    touch("Move", (x - 90, y), (x + 90, y))
    wait_until(lambda: abs(box_of(card)["width"] - 1.5 * width) < 3)
    assert abs(middle(card)[0] - x) < 3  # what is between the fingers stays there
    touch("Move", (x - 60, y), (x + 60, y))
    wait_until(lambda: abs(box_of(card)["width"] - width) < 3)
    touch("End")
    assert canvas.places() == places

    x, y = middle(card)
    touch("Start", (x, y))
    expect(card).to_have_attribute("data-picked", "true")
    for step in range(1, 6):
        touch("Move", (x + 12 * step, y + 8 * step))
    touch("End")
    expect(page.get_by_role("button", name=re.compile("^Undo: Moved"))).to_be_enabled()
    assert canvas.places() != places
    expect(card).not_to_have_attribute("data-picked", "true")
    expect(page.locator("#drawer .drawer")).to_have_count(0)
    page.touchscreen.tap(*middle(card))
    expect(page.get_by_role("dialog", name="Stage: Analysis")).to_be_visible()


_LYING_ON = """() => {
    const box = one => one.getBoundingClientRect();
    const seen = name => [...document.querySelectorAll(name)].filter(one => box(one).width);
    const labels = seen(".edge-label"), things = seen(".box, .target-card, .rail .chip, .end-mark");
    const meet = (a, b) => a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
    return labels.flatMap((one, at) => [...labels.slice(at + 1), ...things]
        .filter(other => meet(box(one), box(other))).map(other => [one.ariaLabel, other.textContent]));
}"""


def test_labels_stand_free_and_routes_never_taken_are_marked(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, section 8: labels never lie on each other or on a card. Issue 3, dry run: routes never taken are shown."""
    page = open_page(f"/p/{newsroom(demo)}/workflows/new")
    page.get_by_role("textbox", name="Name", exact=True).fill("Sorting")
    page.get_by_role("radio", name=re.compile("^Router with a default")).check()
    page.get_by_role("button", name="Create workflow").click()
    canvas = Canvas(page).ready()
    label = canvas.outcome("billing", "Sort")
    expect(label).to_be_visible()
    assert page.evaluate(_LYING_ON) == []
    canvas.tool("Routes never taken").click()
    expect(label).to_have_accessible_description("never taken by a run")
    expect(page.locator(".edges [data-never]")).to_have_count(5)
    assert page.evaluate(_LYING_ON) == []
    canvas.tool("Tidy up").click()
    expect(page.get_by_role("button", name=re.compile("^Undo: .*(tid|Tid)"))).to_be_enabled()
    canvas.saved()
    wait_until(lambda: page.evaluate(_LYING_ON) == [])
    expect(page.locator(".edge-label[data-never]")).to_have_count(5)
    canvas.tool("Routes never taken").click()
    expect(page.locator("[data-never]")).to_have_count(0)
    canvas.tool("Keyboard shortcuts").click()
    page.get_by_role("link", name="All keyboard shortcuts").click()
    expect(page).to_have_url(re.compile("/help/shortcuts$"))


def test_a_narrow_screen_gets_the_outline(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, section 2, finding 11: under 720 px the drawing is of no use; links to drawers go with it."""
    slug = newsroom(demo)
    page = open_page(f"{address(demo, slug)}?drawer=workflow:1", viewport={"width": 390, "height": 844})
    expect(page).to_have_url(re.compile(r"/w/\d+/outline"))
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
