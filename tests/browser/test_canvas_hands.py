"""Hands on the canvas: select, delete and get back, copy elsewhere, build with keys alone, and beside others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import OpenPage
from tests.browser.drawing import NAMES, Canvas, address, box_of, drag, newsroom, stored
from tests.browser.looking import problems
from tests.stack import Stack
from tests.waiting import wait_until

pytestmark = pytest.mark.browser


def test_what_is_deleted_comes_back_whole(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, section 4.1 and lesson 5: several stages at once, with their edges; Undo stands in the message."""
    slug = newsroom(demo)
    canvas = Canvas(open_page(address(demo, slug))).ready()
    page = canvas.page
    before = stored(demo, slug)
    canvas.stage("Research").click(modifiers=["Shift"], position={"x": 120, "y": 45})
    canvas.stage("Draft").click(modifiers=["Shift"], position={"x": 120, "y": 45})
    expect(page.locator(".node[data-selected]")).to_have_count(2)
    page.keyboard.press("Delete")
    page.get_by_label("Messages").get_by_role("button", name="Undo").hover()  # so it stays
    expect(canvas.region.get_by_role("listitem", name=re.compile("^Stage "))).to_have_count(len(NAMES) - 2)
    assert list(stored(demo, slug)) == [name for name in NAMES if name not in ("Research", "Draft")]
    page.get_by_label("Messages").get_by_role("button", name="Undo").click()
    expect(canvas.outcome("unsure", "Draft")).to_be_visible()
    expect(canvas.stage("Research").get_by_role("button", name="Assignment 2: Writer")).to_be_visible()
    assert stored(demo, slug) == before

    x, y = canvas.empty_ground()
    page.mouse.dblclick(x, y)
    expect(canvas.stage("Stage 8")).to_be_focused()
    page.keyboard.press("Delete")
    expect(canvas.stage("Stage 8")).to_have_count(0)
    canvas.saved()
    undo = page.get_by_label("Messages").get_by_role("button", name="Undo")
    undo.hover()  # so it stays
    canvas.outcome("unsure", "Draft").focus()
    page.keyboard.press("Delete")
    expect(canvas.outcome("unsure", "Draft")).to_have_count(0)
    expect(page.get_by_label("Messages")).not_to_contain_text("Deleted Stage 8")  # its Undo would be another one's
    expect(undo).to_have_count(1)

    page.keyboard.down("Shift")
    region = box_of(canvas.region)
    drag(page, (region["x"] + 4, region["y"] + 4), (region["x"] + region["width"] - 4, region["y"] + 560))
    page.keyboard.up("Shift")
    expect(page.locator(".node[data-selected]")).to_have_count(len(NAMES))


def test_stages_are_copied_into_another_workflow(demo: Stack, open_context: Callable[..., BrowserContext]) -> None:
    """Ui.md, section 4.1: the clipboard holds JSON text; a paste that is not ours is refused, and nothing is lost."""
    slug = newsroom(demo)
    context = open_context(permissions=["clipboard-read", "clipboard-write"])
    canvas = Canvas(context.new_page())
    page = canvas.page
    page.goto(address(demo, slug))
    canvas.ready()
    canvas.stage("Research").focus()
    page.keyboard.press("Control+c")
    expect(page.get_by_text("Copied 1 stage")).to_be_visible()
    copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert (copied["baton"], [each["name"] for each in copied["stages"]]) == ("stages/1", ["Research"])

    page.goto(address(demo, slug, "Second"))
    canvas.ready()
    canvas.stage("Start").focus()
    page.keyboard.press("Control+v")
    expect(canvas.stage("Research").get_by_role("button", name="Assignment 2: Writer")).to_be_visible()
    canvas.stage("Research").focus()
    page.keyboard.press("Control+d")
    expect(canvas.region.get_by_role("listitem", name=re.compile("^Stage 3: Research"))).to_be_visible()
    assert [len(each["assignments"]) for each in stored(demo, slug, "Second").values()] == [0, 2, 2]

    page.evaluate("navigator.clipboard.writeText('<b>not ours</b>')")
    page.keyboard.press("Control+v")
    expect(page.get_by_label("Messages").get_by_role("alert").or_(page.locator(".toast.error")).first).to_be_visible()
    assert len(stored(demo, slug, "Second")) == 3


def test_a_workflow_is_built_with_keys_alone(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, checks 3 and 8, section 4.1: add, name, assign, connect, reorder, undo; never a pointer."""
    slug = newsroom(demo)
    canvas = Canvas(open_page(address(demo, slug, "Second"))).ready()
    page = canvas.page
    canvas.stage("Start").focus()
    page.keyboard.press("s")
    expect(canvas.stage("Stage 2")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Stage: Stage 2")).to_be_focused()
    page.get_by_role("dialog").get_by_label("Name").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("Review")
    page.keyboard.press("Control+Enter")
    expect(canvas.stage("Review")).to_be_focused()
    page.keyboard.press("a")
    for typed in ("Edi", "Res"):
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog").get_by_text("was assigned.")).to_contain_text(typed)
    page.keyboard.press("Control+Enter")
    page.keyboard.press("c")
    form = page.get_by_role("dialog", name="Connect an outcome from Review")
    expect(form.get_by_label("Outcome")).to_be_focused()
    page.keyboard.type("again")
    page.keyboard.press("Tab")
    page.keyboard.type("A stage")
    page.keyboard.press("Control+Enter")
    expect(canvas.outcome("again", "Review")).to_be_visible()
    expect(canvas.stage("Review")).to_be_focused()
    page.keyboard.press("Alt+ArrowLeft")
    expect(canvas.region.get_by_role("listitem", name=re.compile("^Stage 1: Review"))).to_be_focused()
    page.keyboard.press("Control+z")
    expect(canvas.region.get_by_role("listitem", name=re.compile("^Stage 2: Review"))).to_be_focused()
    now = stored(demo, slug, "Second")
    assert list(now) == ["Start", "Review"]
    assert [each["agent"] for each in now["Review"]["assignments"]] == ["Editor", "Researcher"]
    assert now["Review"]["routes"] == {"again": {"stage": "Start"}}


def test_what_is_drawn_waits_while_one_is_signed_out(demo: Stack, open_page: OpenPage) -> None:
    """Issue 3: never lose work; a session that ended is said, and the change is saved in the next one."""
    slug = newsroom(demo)
    canvas = Canvas(open_page(address(demo, slug, "Second"))).ready()
    page, context = canvas.page, canvas.page.context
    cookies: Any = context.cookies()
    context.clear_cookies(name="sessionid")
    canvas.stage("Start").focus()
    page.keyboard.press("s")
    expect(page.get_by_text("Signed out, 1 change waiting")).to_be_visible()
    expect(page.get_by_label("Messages")).to_contain_text("You are signed out.")
    assert list(stored(demo, slug, "Second")) == ["Start"]

    context.add_cookies(cookies)
    expect(canvas.stage("Stage 2")).to_be_visible()
    expect(page.get_by_label("Messages")).to_be_empty()
    assert list(stored(demo, slug, "Second")) == ["Start", "Stage 2"]


def test_two_people_draw_at_once(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, checks 11 to 13 and 25: others' changes appear within two seconds, moves conflict with nothing, what is
    typed survives what is pushed, and an edit of the same stage is asked about."""
    slug = newsroom(demo)
    mine, theirs = (Canvas(open_page(address(demo, slug))).ready() for _ in range(2))
    mine.page.get_by_role("button", name="Edit stage Review").click()
    drawer = mine.page.get_by_role("dialog", name="Stage: Review")
    drawer.get_by_label("Task").fill("Check every claim.")
    drag(theirs.page, theirs.stage("Review"), theirs.empty_ground())
    theirs.saved()
    wait_until(lambda: mine.places() == theirs.places())
    drag(theirs.page, theirs.palette.get_by_role("button", name="Analyst"), theirs.stage("Intake"))
    expect(mine.stage("Intake").get_by_role("button", name="Assignment 1: Analyst")).to_be_visible()
    theirs.saved()
    theirs.stage("Archive").focus()
    theirs.page.keyboard.press("s")
    expect(mine.stage("Stage 8")).to_be_visible()
    expect(drawer.get_by_label("Task")).to_have_value("Check every claim.")
    drawer.get_by_role("button", name="Save").click()
    expect(drawer).to_have_count(0)
    assert stored(demo, slug)["Review"]["task"] == "Check every claim."

    for canvas, name in ((mine, "Outlook"), (theirs, "Overview")):
        canvas.page.get_by_role("button", name="Edit stage Analysis").click()
        canvas.page.get_by_role("dialog", name="Stage: Analysis").get_by_label("Name").fill(name)
    theirs.page.get_by_role("button", name="Save").click()
    expect(theirs.page.get_by_role("dialog", name=re.compile("^Stage: "))).to_have_count(0)
    expect(mine.stage("Overview")).to_be_visible()
    drawer = mine.page.get_by_role("dialog", name=re.compile("^Stage: "))
    drawer.get_by_role("button", name="Save").click()
    told = drawer.get_by_role("alert", name=re.compile("changed by"))
    expect(told).to_contain_text("Overview")
    expect(told).to_contain_text("Outlook")
    told.get_by_role("button", name="Keep mine").click()
    expect(theirs.stage("Outlook")).to_be_visible()

    theirs.stage("Outlook").focus()
    theirs.page.keyboard.press("Delete")
    expect(mine.stage("Outlook")).to_have_count(0)


def test_the_canvas_and_its_dialogs_have_no_barriers(demo: Stack, open_page: OpenPage) -> None:
    """Ui.md, check 24."""
    gate = {"kind": "approval", "name": "Chief", "message": "Good?", "options": {"Yes": "ok", "No": "bad"}}
    work = {
        "name": "Work",
        "mode": "sequence",
        "task": "Write it.",
        "assignments": [{"agent": "Editor", "capabilities": ["trigger_workflows", "ask_people"]}],
        "outcomes": ["ok", "bad"],
        "routes": {label: {"workflow": "Second", "continue_at": to} for label, to in (("ok", "Last"), ("bad", "end"))},
        "default_outcome": "ok",
        "exit_hooks": [gate],
    }
    slug = newsroom(demo, stages=[work, {"name": "Last"}])
    canvas = Canvas(open_page(address(demo, slug))).ready()
    page = canvas.page
    found = problems(page)
    for key in ("Control+k", "?", "a", "c"):
        canvas.stage("Work").focus()
        page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_be_visible()
        found += problems(page)
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
    for opener in (canvas.outcome("ok", "Work"), canvas.target("Second").first, canvas.tool("Edit stage Work")):
        opener.click()
        expect(page.locator("#drawer .drawer")).to_be_visible()
        found += problems(page)
        page.keyboard.press("Escape")
        expect(page.locator("#drawer .drawer")).to_have_count(0)
    assert found == []
