"""Two people in one workflow: each sees the other, what they change, and loses nothing of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from string import ascii_letters
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.browser.conftest import PATIENCE, is_complaint, wait_for_scripts
from tests.browser.looking import problems, sideways
from tests.browser.product import Visits, import_file
from tests.stack import Stack
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

Json = Any
_projects = count(1)
_BEN = """
from django.contrib.auth.models import User
from projects.tokens import create_login_link
ben, _ = User.objects.get_or_create(username="ben", first_name="Ben", last_name="Osei")
print(create_login_link(ben))
"""


@dataclass(frozen=True)
class Two:
    """One workflow with the stages Draft, Review and Archive, open in the browsers of admin and of Ben."""

    stack: Stack
    slug: str
    ada: Page
    ben: Page

    def block(self) -> Json:
        """The workflow as it is stored."""
        return self.stack.api("GET", f"/projects/{self.slug}/workflows/Flow").json()

    def stored(self, name: str) -> Json:
        """A stage as it is stored; None where there is none."""
        return next((stage for stage in self.block()["stages"] if stage["name"] == name), None)


@pytest.fixture(scope="module")
def ben(chrome: Browser, demo: Stack) -> Any:
    """The cookies of Ben."""
    made = demo.manage("shell", "-v", "0", "-c", _BEN)
    assert made.returncode == 0, made.stderr
    context = chrome.new_context(base_url=demo.url)
    context.new_page().goto(f"/login/once/{made.stdout.split()[-1]}")
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def enter(
    chrome: Browser, demo: Stack, ben: Any, open_context: Callable[..., BrowserContext]
) -> Iterator[Callable[..., Two]]:
    """Open the workflow for both: `enter()`, `enter(view="")` for the canvas."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def heard(message: ConsoleMessage) -> None:
        if is_complaint(message):
            complaints.append(message.text)

    def go(view: str = "/outline", **options: Any) -> Two:
        name = f"Side by side {next(_projects)}"
        stages = [
            {"name": "Draft", "task": "Write it.", "assignments": [{"agent": "Ada"}]},
            {"name": "Review", "task": "Check it.", "outcomes": ["good", "bad"], "routes": {"bad": {"stage": "Draft"}}},
            {"name": "Archive"},
        ]
        slug = import_file(demo, name, [{"name": "Ada"}], [{"name": "Flow", "stages": stages}])
        added = demo.api("POST", f"/projects/{slug}/members", json={"user": "ben", "role": "editor"})
        assert added.status_code in (200, 201), added.text
        address = f"/w/{demo.api('GET', f'/projects/{slug}/workflows/Flow').json()['id']}{view}"
        pages = []
        for state in (None, ben):
            if state is None:
                context = open_context(**options)
            else:
                context = chrome.new_context(
                    base_url=demo.url, storage_state=state, viewport={"width": 1280, "height": 800}
                )
                context.set_default_timeout(PATIENCE)
                context.on("console", heard)
                context.on("page", wait_for_scripts)
                contexts.append(context)
            pages.append(context.new_page())
            pages[-1].goto(address)
            expect(pages[-1].get_by_label("Connection")).to_have_text("Live")
        return Two(demo, slug, *pages)

    yield go
    for context in contexts:
        context.close()
    assert complaints == []


def open_stage(page: Page, name: str) -> Locator:
    """The drawer of a stage, opened from the outline."""
    page.get_by_role("button", name=f"Edit stage {name}").click()
    drawer = page.get_by_role("dialog", name=f"Stage: {name}")
    expect(drawer).to_be_visible()
    return drawer


def card(page: Page, name: str) -> Locator:
    """A stage on the outline."""
    return page.get_by_role("listitem", name=re.compile(rf"^Stage \d+: {name}$"))


def save(drawer: Locator) -> None:
    """Save a drawer that closes on it."""
    drawer.get_by_role("button", name="Save").click()
    expect(drawer).to_have_count(0)


def test_both_edit_one_stage_and_nothing_is_lost(enter: Callable[..., Two]) -> None:
    """Ui.md, check 11; a drawer with unsaved changes is never replaced: it says so, and offers theirs."""
    two = enter()
    mine, theirs = open_stage(two.ada, "Review"), open_stage(two.ben, "Review")
    mine.get_by_label("Task").fill("Check every claim.")
    theirs.get_by_label("Task").fill("Check every number.")
    save(theirs)

    expect(mine.get_by_text("Ben Osei changed this just now.")).to_be_visible()
    expect(mine.get_by_label("Task")).to_have_value("Check every claim.")
    expect(card(two.ada, "Review")).to_contain_text("Check every number.")
    mine.get_by_role("button", name="Save").click()

    told = mine.get_by_role("alert", name="changed by Ben Osei")
    expect(told).to_contain_text("Check every claim.")
    expect(told).to_contain_text("Check every number.")
    expect(told.get_by_role("button", name="Keep mine")).to_be_visible()
    told.get_by_role("button", name="Take theirs").click()
    expect(mine.get_by_label("Task")).to_have_value("Check every number.")
    assert two.stored("Review")["task"] == "Check every number."


def test_theirs_is_shown_on_request_and_never_without_a_question(enter: Callable[..., Two]) -> None:
    """Ui.md 4.4: a dirty drawer gets a banner with "Show theirs"; what was typed is only given up when that is said."""
    two = enter()
    mine, theirs = open_stage(two.ada, "Review"), open_stage(two.ben, "Review")
    mine.get_by_label("Task").fill("Mine.")
    theirs.get_by_label("Task").fill("Theirs.")
    save(theirs)

    mine.get_by_role("button", name="Show theirs").click()
    question = two.ada.get_by_role("dialog", name="Discard the changes?")
    question.get_by_role("button", name="Cancel").click()
    expect(mine.get_by_label("Task")).to_have_value("Mine.")
    mine.get_by_role("button", name="Show theirs").click()
    question.get_by_role("button", name="Discard changes").click()

    expect(mine.get_by_label("Task")).to_have_value("Theirs.")
    expect(mine.get_by_text("changed this just now")).to_have_count(0)


def test_each_sees_what_the_other_changes_elsewhere(enter: Callable[..., Two]) -> None:
    """Ui.md, check 12: different stages, no conflict, within 2 s, without a reload; the open drawer is left alone."""
    two = enter()
    visits = [Visits(two.ada), Visits(two.ben)]
    mine, theirs = open_stage(two.ada, "Draft"), open_stage(two.ben, "Archive")
    mine.get_by_label("Name", exact=True).fill("First draft")
    theirs.get_by_label("Task").fill("Keep it.")

    save(theirs)
    expect(card(two.ada, "Archive")).to_contain_text("Keep it.")
    expect(two.ada.locator("#live")).to_contain_text("Ben Osei: ")
    expect(mine.get_by_label("Name", exact=True)).to_have_value("First draft")
    assert mine.get_by_text("changed this just now").count() == 0
    save(mine)
    expect(card(two.ben, "First draft")).to_be_visible()

    two.ben.get_by_role("button", name="Delete Archive").click()
    expect(card(two.ada, "Archive")).to_have_count(0)
    assert [visit.loaded for visit in visits] == [[], []]
    assert [stage["name"] for stage in two.block()["stages"]] == ["First draft", "Review"]


def test_a_moved_card_is_never_a_conflict(enter: Callable[..., Two]) -> None:
    """Ui.md, check 13: where cards stand is last writer wins; whoever edits is not even told of it."""
    two = enter()
    mine = open_stage(two.ada, "Review")
    mine.get_by_label("Task").fill("Check every claim.")
    shown = int(two.ada.locator("#builder-seq").get_attribute("data-seq") or 0)
    stages = two.ben.locator("#stages > li").evaluate_all("(cards) => cards.map((card) => card.id.slice(6))")

    moved = two.ben.evaluate(_MOVE, [{"do": "place", "places": {f"stage:{stage}": [40, 80]}} for stage in stages])

    assert moved == [200, 200, 200]
    expect(two.ada.locator("#builder-seq")).to_have_attribute("data-seq", str(shown + 3))
    assert mine.get_by_text("changed this just now").count() == 0
    assert two.ada.locator("#live").text_content() == ""
    save(mine)
    assert two.stored("Review")["task"] == "Check every claim."


_MOVE = """async (commands) => {
    const inherited = JSON.parse(document.body.getAttribute("hx-headers:inherited"));
    const headers = { ...inherited, "Content-Type": "application/json" };
    const answers = [];
    for (const command of commands) {
        const address = location.pathname.replace("/outline", "/commands");
        answers.push((await fetch(address, { method: "POST", headers, body: JSON.stringify(command) })).status);
    }
    return answers;
}"""


def test_a_clean_drawer_shows_what_is_there_now_and_keeps_the_focus(enter: Callable[..., Two]) -> None:
    """Ui.md, section 6: never move the focus; what nobody types in is simply kept up to date."""
    two = enter()
    mine, theirs = open_stage(two.ada, "Review"), open_stage(two.ben, "Review")
    mine.get_by_label("Task").focus()
    theirs.get_by_label("Task").fill("Check it twice.")
    save(theirs)

    expect(mine.get_by_label("Task")).to_have_value("Check it twice.")
    expect(mine.get_by_label("Task")).to_be_focused()
    mine.get_by_label("Task").fill("Check it three times.")
    save(mine)  # made from the newest: no conflict
    expect(card(two.ben, "Review")).to_contain_text("Check it three times.")


def test_typing_and_focus_survive_fifty_pushes(enter: Callable[..., Two]) -> None:
    """Ui.md, check 25: one types in a drawer, the other is on an assignment whose card is drawn anew each time."""
    two = enter(view="")
    task = open_stage(two.ada, "Review").get_by_label("Task")
    task.press("End")
    agent = two.ben.get_by_role("button", name=re.compile("^Assignment 1: Ada"))
    agent.focus()
    shown = int(two.ada.locator("#builder-seq").get_attribute("data-seq") or 0)
    block, letters = two.block(), ascii_letters[:50]
    for number, letter in enumerate(letters, start=1):
        block["stages"][0]["task"] = f"Write it, take {number}."
        answer = two.stack.api("PUT", f"/projects/{two.slug}/workflows/Flow", block)
        assert answer.status_code == 200, answer.text
        block = answer.json()
        two.ada.keyboard.type(letter)

    for page in (two.ada, two.ben):
        expect(page.locator("#builder-seq")).to_have_attribute("data-seq", str(shown + 50))
    expect(two.ben.get_by_role("region", name="Workflow canvas")).to_contain_text("take 50.")
    expect(task).to_have_value(f"Check it.{letters}")
    expect(task).to_be_focused()
    expect(agent).to_be_focused()


def test_both_delete_the_same_stage(enter: Callable[..., Two]) -> None:
    """Bad input: one wins, the other is told, the graph stays intact."""
    two = enter()
    for page in (two.ada, two.ben):  # neither hears of the other before both have pressed
        page.context.route(re.compile("/sync"), lambda route: route.fulfill(status=204))
    two.ada.get_by_role("button", name="Delete Draft").click()
    expect(card(two.ada, "Draft")).to_have_count(0)
    two.ben.get_by_role("button", name="Delete Draft").click()

    expect(two.ben.get_by_label("Messages")).to_contain_text("There is no such stage")
    expect(card(two.ben, "Draft")).to_have_count(0)
    stages = two.block()["stages"]
    assert [stage["name"] for stage in stages] == ["Review", "Archive"]
    assert "bad" not in stages[0]["routes"]  # what led to it goes to the next stage


def test_a_drawer_on_what_was_deleted_says_so(enter: Callable[..., Two]) -> None:
    """Ui.md 4.4: what was typed stays to be copied; an untouched drawer is closed, with a word."""
    two = enter()
    open_stage(two.ben, "Archive")
    two.ada.get_by_role("button", name="Delete Archive").click()
    expect(two.ben.get_by_role("dialog", name="Stage: Archive")).to_have_count(0)
    expect(two.ben.get_by_label("Messages")).to_contain_text("admin deleted this just now.")

    theirs = open_stage(two.ben, "Review")
    theirs.get_by_label("Task").fill("Long thoughts.")
    two.ada.get_by_role("button", name="Delete Review").click()
    expect(theirs.get_by_text("admin deleted this just now.")).to_be_visible()
    expect(theirs.get_by_label("Task")).to_have_value("Long thoughts.")
    expect(theirs.get_by_role("button", name="Show theirs")).to_have_count(0)


def test_others_are_seen_with_a_ring_around_what_they_edit(enter: Callable[..., Two]) -> None:
    """Ui.md 4.4: who is here, in words too, and a ring with the name around the card that they edit."""
    two = enter()
    here = two.ada.get_by_role("list", name="People here").get_by_role("listitem")
    expect(here).to_have_text(re.compile("Ben Osei is here$"))
    theirs = open_stage(two.ben, "Review")

    ring = card(two.ada, "Review").locator(".editor-name")
    expect(ring).to_have_text("Ben Osei")
    expect(here).to_have_text(re.compile("Ben Osei is here, at Stage 2: Review$"))
    assert _outline_style(card(two.ada, "Review")) == "solid"
    theirs.get_by_label("Task").fill("Check it again.")
    save(theirs)
    expect(ring).to_have_count(0)
    expect(here).to_have_text(re.compile("Ben Osei is here$"))
    two.ben.get_by_role("button", name="Assignment 1: Ada").click()
    expect(card(two.ada, "Draft").locator(".editor-name")).to_have_text("Ben Osei")
    two.ben.close()
    expect(two.ada.get_by_role("list", name="People here")).to_have_count(0)
    expect(ring).to_have_count(0)


def test_a_change_of_another_is_outlined_for_a_moment(enter: Callable[..., Two]) -> None:
    """Ui.md 4.4: their saved change has an outline for 2 s; none under reduced motion; one's own has none."""
    two = enter(reduced_motion="reduce")
    for page in (two.ada, two.ben):
        page.evaluate(_KEEP_FLASHES)
    save_task(two.ada, "Draft", "Write it well.")
    assert card(two.ada, "Draft").get_attribute("data-changed-by") is None
    expect(card(two.ben, "Draft")).to_contain_text("Write it well.")
    wait_until(lambda: two.ben.evaluate("window.flashes") == ["solid"])
    expect(card(two.ben, "Draft")).not_to_have_attribute("data-changed-by", re.compile(r"\d"))

    save_task(two.ben, "Review", "Check it well.")
    wait_until(lambda: two.ada.evaluate("window.flashes") == ["none"])


# How each card looks when it says that somebody has changed it: that is over too soon to be waited for.
_KEEP_FLASHES = """() => {
    window.flashes = [];
    const options = { subtree: true, attributes: true, attributeFilter: ["data-changed-by"] };
    new MutationObserver((changes) => {
        for (const { target } of changes)
            if (target.dataset.changedBy) window.flashes.push(getComputedStyle(target).outlineStyle);
    }).observe(document.getElementById("stages"), options);
}"""


def save_task(page: Page, stage: str, task: str) -> None:
    """Another task for a stage."""
    drawer = open_stage(page, stage)
    drawer.get_by_label("Task").fill(task)
    save(drawer)


def _outline_style(found: Locator) -> str:
    style: str = found.evaluate("(card) => getComputedStyle(card).outlineStyle")
    return style


def test_two_tabs_of_one_person_stay_in_step(enter: Callable[..., Two]) -> None:
    """Ui.md, lesson 2: one's own second tab is another editor; it is no other person."""
    two = enter()
    other = two.ada.context.new_page()
    other.goto(two.ada.url)
    expect(other.get_by_label("Connection")).to_have_text("Live")
    mine = open_stage(two.ada, "Review")
    mine.get_by_label("Task").fill("In the first tab.")
    save_task(other, "Review", "In the second tab.")

    expect(card(two.ada, "Review")).to_contain_text("In the second tab.")
    expect(mine.get_by_text("You, in another tab, changed this just now.")).to_be_visible()
    expect(two.ben.get_by_role("list", name="People here").get_by_role("listitem")).to_have_count(1)
    expect(two.ada.get_by_role("list", name="People here").get_by_role("listitem")).to_have_count(1)


def test_the_page_catches_up_after_it_was_cut_off(enter: Callable[..., Two]) -> None:
    """Ui.md, lesson 20: what was missed is fetched after the reconnection."""
    two = enter()
    chip = two.ada.get_by_label("Connection")
    two.ada.context.set_offline(True)
    expect(chip).to_have_text("Offline")
    save_task(two.ben, "Review", "Said meanwhile.")

    two.ada.context.set_offline(False)

    expect(card(two.ada, "Review")).to_contain_text("Said meanwhile.")
    expect(chip).to_have_text("Live")


def test_presence_and_history_have_no_barriers(enter: Callable[..., Two]) -> None:
    """Ui.md, check 24: with a ring, a face, a banner in a drawer, and every kind of difference; also at 390 px."""
    two = enter()
    mine, theirs = open_stage(two.ada, "Review"), open_stage(two.ben, "Review")
    mine.get_by_label("Task").fill("Mine.")
    theirs.get_by_label("Task").fill("Theirs.")
    save(theirs)
    open_stage(two.ben, "Draft")
    expect(mine.get_by_role("button", name="Show theirs")).to_be_visible()
    expect(card(two.ada, "Draft").locator(".editor-name")).to_be_visible()
    found = problems(two.ada)
    two.ada.on("dialog", lambda dialog: dialog.accept())
    two.ada.goto(two.ada.url.split("/outline")[0] + "/history")
    first = two.ada.get_by_role("list", name="Edits").get_by_role("listitem").first
    first.get_by_text("What changed").click()
    expect(first.get_by_role("deletion").first).to_be_visible()
    found += problems(two.ada)
    two.ada.set_viewport_size({"width": 390, "height": 844})
    found += sideways(two.ada)
    two.ada.get_by_role("button", name="Compare").click()
    expect(two.ada.get_by_role("heading", name="From revision")).to_be_visible()
    found += problems(two.ada)

    assert found == []
