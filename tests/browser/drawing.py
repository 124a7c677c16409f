"""The canvas as a person uses it: cards by their names, dragged by a pointer that moves in steps."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any

from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.browser.product import import_file
from tests.stack import Stack

Json = Any
Point = tuple[float, float]
AGENTS = ("Researcher", "Analyst", "Writer", "Editor", "Reviewer")
NAMES = ("Intake", "Research", "Analysis", "Draft", "Review", "Fact Check", "Archive")
_projects = itertools.count(1)
# Two frames in which a box stays where it is.
_STILL = """async (one) => {
    const box = () => JSON.stringify(one.getBoundingClientRect());
    for (let before = ""; before !== box(); ) {
        before = box();
        await new Promise((next) => {
            requestAnimationFrame(() => requestAnimationFrame(next));
            setTimeout(next, 500); // a page that is not painted has no frames
        });
    }
}"""


def newsroom(stack: Stack, extra: Iterable[Json] = (), stages: Iterable[Json] | None = None) -> str:
    """A project of its own with the workflow Flow of seven stages (or these), and three more; returns its slug."""
    draft = {"name": "Draft", "outcomes": ["unsure"], "routes": {"unsure": {"stage": "Research"}}}
    seven = [
        {"name": name, "assignments": [{"agent": "Analyst"}, {"agent": "Writer"}] if name == "Research" else []}
        for name in NAMES
    ]
    workflows = [
        {"name": "Flow", "stages": list(stages or [draft if each["name"] == "Draft" else each for each in seven])},
        {"name": "Deploy to Production", "stages": [{"name": "Build", "outcomes": ["ok"]}]},
        {"name": "Second", "stages": [{"name": "Start"}]},
        *extra,
    ]
    return import_file(stack, f"Canvas {next(_projects)}", [{"name": each} for each in AGENTS], workflows)


def address(stack: Stack, slug: str, name: str = "Flow") -> str:
    """Where a workflow is edited."""
    items = stack.api("GET", f"/projects/{slug}/workflows").json()["items"]
    return f"/w/{next(each['id'] for each in items if each['name'] == name)}"


def stored(stack: Stack, slug: str, name: str = "Flow") -> Json:
    """The stages as the API shows them, by name."""
    return {each["name"]: each for each in stack.api("GET", f"/projects/{slug}/workflows/{name}").json()["stages"]}


class Canvas:
    """The canvas of one page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.region = page.get_by_role("region", name="Workflow canvas")
        self.palette = page.get_by_role("complementary", name="Palette")
        self.search = page.get_by_role("dialog", name="Search")

    def ready(self) -> Canvas:
        """Wait until the script draws, and the socket is open."""
        expect(self.page.locator("html")).to_have_class(re.compile("canvas-ready"))
        expect(self.page.get_by_label("Connection")).to_have_text("Live")
        return self

    def saved(self) -> None:
        """Wait until nothing is on its way to the server."""
        expect(self.page.locator("#revision[data-save=saved]")).to_be_visible()

    def stage(self, name: str) -> Locator:
        """The card of a stage."""
        return self.region.get_by_role("listitem", name=re.compile(rf"^Stage \d+: {re.escape(name)}, "))

    def target(self, workflow: str) -> Locator:
        """The dashed card of a workflow that an outcome leads to."""
        return self.region.get_by_role("listitem", name=re.compile(f"^Workflow target: {re.escape(workflow)},"))

    def outcome(self, label: str, stage: str) -> Locator:
        """The label on an edge."""
        return self.region.get_by_role("button", name=re.compile(rf"^Outcome {re.escape(label)} of {stage}"))

    def port(self, stage: str) -> Locator:
        """Where an outcome is drawn from."""
        return self.region.get_by_role("button", name=f"Connect an outcome from {stage}")

    def tool(self, name: str) -> Locator:
        """A button of the tools at the foot."""
        return self.region.get_by_role("button", name=name, exact=True)

    def names(self) -> list[str]:
        """The stages in their order, as a reader hears them."""
        found: list[str] = self.page.locator("#nodes > li").evaluate_all("all => all.map(one => one.ariaLabel)")
        return found

    def places(self) -> dict[str, FloatRect]:
        """The boxes of all cards, in the drawing's own pixels, by their names."""
        script = """all => Object.fromEntries(all.map(one => {
            const at = new DOMMatrix(getComputedStyle(one).transform);
            return [one.ariaLabel, {x: at.e, y: at.f, width: one.offsetWidth, height: one.offsetHeight}];
        }))"""
        found: dict[str, FloatRect] = self.page.locator(".node").evaluate_all(script)
        return found

    def empty_ground(self) -> Point:
        """A point of the canvas where nothing is."""
        script = """region => {
            const box = region.getBoundingClientRect();
            for (let y = box.top + 24; y < box.bottom - 90; y += 12)
                for (let x = box.left + 24; x < box.right - 220; x += 12)
                    if ([[0, 0], [14, 14], [-14, -14], [60, 30], [-60, -30]].every(([dx, dy]) =>
                        document.elementFromPoint(x + dx, y + dy)?.matches?.("#canvas, .dots"))) return [x, y];
        }"""
        x, y = self.region.evaluate(script)
        return x, y


def box_of(of: Locator) -> FloatRect:
    """Where something is in the window, once it stands still."""
    of.evaluate(_STILL)
    box = of.bounding_box()
    assert box is not None
    return box


def middle(of: Locator) -> Point:
    """The point in the middle of something, in the window."""
    box = box_of(of)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, start: Locator | Point, end: Locator | Point, *, drop: bool = True) -> None:
    """Press, move in steps, let go; with `drop` false, hold it there."""
    (x, y), (to_x, to_y) = (middle(each) if isinstance(each, Locator) else each for each in (start, end))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 6, y + 3)
    page.mouse.move(to_x, to_y, steps=8)
    if drop:
        page.mouse.up()
