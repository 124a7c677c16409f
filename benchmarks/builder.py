"""The Workflow Builder with 200 stages and 500 assignments in a real browser: `python -m benchmarks.builder`.

Prints a table: first paint, a drag, a pan, an edit's round trip. Ends with 1 where a limit of issue 3 is passed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chrome import ARGUMENTS, find_chrome
from tests.browser.product import import_file, sign_in_link
from tests.stack import Stack

Json = Any
STAGES, ASSIGNMENTS = 200, 500
_AGENTS = 12
_SIZE = {"width": 1280, "height": 800}


@dataclass(frozen=True)
class Figure:
    """One measured thing: its unit is in its name. `limit` is what issue 3 allows, None where it sets none."""

    name: str
    value: float
    limit: float | None = None

    @property
    def holds(self) -> bool:
        """Whether it is under its limit."""
        return self.limit is None or self.value < self.limit


def large_workflow(stages: int = STAGES, assignments: int = ASSIGNMENTS) -> Json:
    """A workflow of this size, with loops back, jumps ahead, and a workflow target at every tenth stage."""
    blocks = []
    for number in range(stages):
        first, last = number * assignments // stages, (number + 1) * assignments // stages
        block: Json = {
            "name": f"Stage {number + 1}",
            "task": "Do what the stage before has prepared, and say what came of it.",
            "assignments": [{"agent": f"Agent {each % _AGENTS + 1}"} for each in range(first, last)],
        }
        if number % 10 == 9:
            block["outcomes"] = ["ship", "again"]
            block["routes"] = {
                "ship": {"workflow": "Other", "input": "", "continue_at": "end"},
                "again": {"stage": f"Stage {number - 3}"},
            }
        blocks.append(block)
    return {"name": f"Large {stages}", "stages": blocks}


def build(stack: Stack, sizes: Iterable[tuple[int, int]]) -> list[str]:
    """The addresses of workflows of these sizes (stages, assignments), in a project of their own."""
    agents = [{"name": f"Agent {number + 1}"} for number in range(_AGENTS)]
    workflows = [large_workflow(*size) for size in sizes]
    slug = import_file(stack, "Large", agents, [*workflows, {"name": "Other", "stages": [{"name": "Only"}]}])
    known = {each["name"]: each["id"] for each in stack.api("GET", f"/projects/{slug}/workflows").json()["items"]}
    return [f"/w/{known[each['name']]}" for each in workflows]


def p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 stay under."""
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


# In the browser

_PAINT = """() => new Promise(done => {
    const found = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
    const look = () => found() ? done(found()) : requestAnimationFrame(look);
    look();
})"""
_RECORD = """() => {
    window.frames_ = []; let last = performance.now(); window.recording_ = true;
    const step = now => { frames_.push(now - last); last = now; if (recording_) requestAnimationFrame(step); };
    requestAnimationFrame(now => { last = now; requestAnimationFrame(step); });
}"""
_FRAMES = "() => { window.recording_ = false; return window.frames_; }"

_EDIT = """async version => {
    const { send } = await import("/static/js/canvas/commands.js");
    const stage = Number(document.querySelector("#nodes > li").id.slice("node-".length));
    const began = performance.now();
    const done = await send({ do: "update_stage", stage, version, changes: { task: `Task ${version}` } });
    if (!done) throw new Error("The edit was refused.");
    return performance.now() - began;
}"""


def first_paint(context: BrowserContext, address: str, loads: int = 5) -> list[float]:
    """Milliseconds from asking for the page until something is painted; the median of fresh tabs is told."""
    found = []
    for _ in range(loads):
        page = context.new_page()
        page.goto(address, wait_until="commit")
        found.append(float(page.evaluate(_PAINT)))
        page.wait_for_selector("html.canvas-ready")
        page.close()
    return found


def _frames(page: Page, moves: Iterable[tuple[float, float]], *, wheel: bool = False) -> list[float]:
    """Milliseconds from frame to frame while the pointer moves (or the wheel turns) so."""
    page.evaluate(_RECORD)
    for x, y in moves:
        if wheel:
            page.mouse.wheel(x, y)
        else:
            page.mouse.move(x, y)
    frames: list[float] = page.evaluate(_FRAMES)
    return frames


def drag(page: Page, steps: int = 120) -> list[float]:
    """Frames while a card with edges is carried about."""
    card = page.get_by_role("button", name="Edit stage Stage 1", exact=True)
    box = card.bounding_box()
    assert box is not None
    x, y = box["x"] + 60, box["y"] + 12
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 8, y + 8)
    frames = _frames(page, ((x + 8 + 2 * step, y + 8 + step) for step in range(steps)))
    page.keyboard.press("Escape")
    page.mouse.up()
    return frames


def pan(page: Page, steps: int = 120) -> list[float]:
    """Frames while the wheel moves the view through the drawing and back."""
    page.mouse.move(700, 400)
    return _frames(page, ((0, 60 if step < steps / 2 else -60) for step in range(steps)), wheel=True)


def round_trips(page: Page, edits: int = 40) -> list[float]:
    """Milliseconds of edits as the page makes them: command, stored, and the answer's fragments on the screen."""
    return [float(page.evaluate(_EDIT, turn + 1)) for turn in range(edits)]


# All of it


def measure(stack: Stack, browser: Browser) -> list[Figure]:
    """Everything, on a running Baton."""
    (address,) = build(stack, [(STAGES, ASSIGNMENTS)])
    context = browser.new_context(base_url=stack.url, viewport=_SIZE)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(sign_in_link(stack))
    page.wait_for_load_state()
    page.goto(address)  # the server has read its templates, the browser its scripts
    paints = first_paint(context, address)
    page.goto(address)
    page.wait_for_selector("html.canvas-ready")
    dragged, panned = drag(page), pan(page)
    trips = round_trips(page)
    context.close()
    return [
        Figure("first paint, ms", statistics.median(paints), 1000),
        Figure("drag p95, ms a frame", p95(dragged), 33),
        Figure("pan p95, ms a frame", p95(panned), 50),
        Figure("edit's round trip p95, ms", p95(trips), 100),
        Figure("edit's round trip median, ms", statistics.median(trips)),
    ]


def table(figures: Iterable[Figure]) -> str:
    """The figures as Markdown."""
    rows = [f"| {each.name} | {each.value:.1f} | {each.limit or ''} |" for each in figures]
    return "\n".join(["| measured | value | limit |", "|---|---:|---:|", *rows])


def main() -> None:
    """Measure, print, and end with 1 where a limit is passed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path, help="write the figures there too")
    chosen = options.parse_args()
    for name in ("BATON_TEST_DB", "BATON_TEST_PG_URL"):  # inside a test run: its server is not ours
        os.environ.pop(name, None)
    stack = Stack().start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chrome(), args=ARGUMENTS)
            figures = measure(stack, browser)
            browser.close()
    finally:
        stack.stop()
    print(f"Workflow Builder, {STAGES} stages, {ASSIGNMENTS} assignments\n\n{table(figures)}")
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(each) for each in figures], indent=2) + "\n")
    sys.exit(0 if all(each.holds for each in figures) else 1)


if __name__ == "__main__":
    main()
