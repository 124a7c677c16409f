"""The run page with 5,000 events, and what 50 viewers see of a commit: `python -m benchmarks.run_page`.

Prints a table: first paint in a real browser, what each tab costs the server, and the time from the commit of an event
until it is shown (to one viewer and to 50, and in a real browser among the 50). Ends with 1 where a limit is passed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.builder import Figure, first_paint, p95, table
from benchmarks.viewers import Watching, watch
from tests.browser.chrome import ARGUMENTS, find_chrome
from tests.browser.product import import_file, sign_in_link, start, wait_for_run, waits_for
from tests.plugin import ROOT
from tests.stack import Stack

Json = Any
_ENV = {"LEASE_SECONDS": "30", "SWEEP_SECONDS": "1", "LOG_LEVEL": "warning"}
_PAINT, _SCREEN = 1000, 200  # milliseconds, issue 4
_PER_VISIT = 6  # events of one visit of the loop
_PAUSE = 0.3  # seconds between two commits: each is seen by itself
_NOTE = """() => {
    window.seen_ = {};
    new MutationObserver(() => {
        const seq = document.querySelector("#live-root [data-seq]")?.dataset.seq;
        if (seq) seen_[seq] ??= performance.timeOrigin + performance.now();
    }).observe(document.getElementById("live-root"), { childList: true, subtree: true, attributes: true });
}"""


@dataclass(frozen=True)
class Size:
    """How much of what: events of the run, viewers, commits that are watched, loads of the page."""

    events: int = 5_000
    viewers: int = 50
    commits: int = 60
    loads: int = 5


QUICK = Size(events=600, viewers=10, commits=10, loads=2)


def long_workflow(events: int) -> Json:
    """A loop that makes so many events, then an agent that waits for a workflow, then stages that were not entered."""
    again = {
        "name": "Again",
        "max_visits": events // _PER_VISIT,
        "assignments": [{"agent": "Worker"}],
        "outcomes": ["more"],
        "default_outcome": "more",
        "routes": {"more": {"stage": "Again"}},
    }
    later = [{"name": f"Later {number}", "assignments": [{"agent": "Worker"}]} for number in range(1, 7)]
    caller = {"agent": "Caller", "capabilities": ["trigger_workflows"], "trigger_timeout": 86_400}
    return {"name": "Long", "stages": [again, {"name": "Work", "assignments": [caller]}, *later]}


def long_run(stack: Stack, events: int) -> str:
    """The id of a run with (nearly) so many events that goes no further: its child is at a gate."""
    agents = [
        {"name": "Worker", "script": [{"share": {"step": "done"}}, {"say": "One more step is done."}]},
        {"name": "Caller", "script": [{"trigger_workflow": {"workflow": "Asks", "context": "go"}}]},
    ]
    gate = {"kind": "approval", "name": "Go on", "message": "Go on?", "options": {"Go on": "go"}}
    asks = {"name": "Asks", "stages": [{"name": "Ask", "outcomes": ["go"], "exit_hooks": [gate]}]}
    slug = import_file(stack, "Long", agents, [long_workflow(events), asks])
    run: str = start(stack, slug, "Long")["id"]
    wait_for_run(stack, run, waits_for("workflow"), 300)
    return run


# What is asked beside the product, in a process that knows its models


def _command(stack: Stack, *args: object) -> list[str]:
    return [sys.executable, "-m", "benchmarks.run_page_work", *map(str, args)]


def _environment(stack: Stack) -> Mapping[str, str]:
    return {**stack.env, "PYTHONPATH": str(ROOT)}


def ask(stack: Stack, *args: object) -> Json:
    """What run_page_work.py answers."""
    command = _command(stack, *args)
    done = subprocess.run(command, env=_environment(stack), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def writer(stack: Stack, run: str, commits: int) -> Iterator[subprocess.Popen[str]]:
    """A process that writes events one by one, as a worker would, once it is told to begin."""
    command = _command(stack, "write", run, commits, _PAUSE)
    process = subprocess.Popen(
        command, env=_environment(stack), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        yield process
    finally:
        process.kill()
        process.wait()


def watched(stack: Stack, run: str, cookies: list[str], commits: int, page: Page | None = None) -> list[Figure]:
    """Milliseconds from each commit to its arrival at every viewer."""
    with writer(stack, run, commits) as process:
        watching = Watching(stack.port, run, cookies)
        if page is not None:
            page.evaluate(_NOTE)
        with ThreadPoolExecutor(1) as beside:  # the browser's own event loop is in this thread
            committed = beside.submit(asyncio.run, watch(watching, process)).result()
        taken = [(each.when_at(seq) - at) * 1000 for seq, at in committed.items() for each in watching.viewers]
    count = len(cookies) + (page is not None)
    name = f"commit to screen, {count} viewer{'s' if count > 1 else ''}"
    found = [Figure(f"{name}, p50 ms", statistics.median(taken)), Figure(f"{name}, p95 ms", p95(taken), _SCREEN)]
    if page is not None:
        found.append(Figure("the same in the browser among them, p95 ms", p95(_on_page(page, committed)), _SCREEN))
    return found


def _on_page(page: Page, committed: Mapping[int, float]) -> list[float]:
    last = max(committed)
    page.wait_for_function(f"Number(document.querySelector('#live-root [data-seq]').dataset.seq) >= {last}")
    seen = {int(seq): at for seq, at in page.evaluate("() => seen_").items()}
    return [min(at for shown, at in seen.items() if shown >= seq) - when * 1000 for seq, when in committed.items()]


# All of it


def measure(stack: Stack, browser: Browser, size: Size) -> list[Figure]:
    """Everything, on a running Baton."""
    run = long_run(stack, size.events)
    context = browser.new_context(base_url=stack.url, viewport={"width": 1280, "height": 800})
    found = [*_painted(stack, context, run, size), *_tabs(stack, run)]
    cookies = ask(stack, "sign_in", run, size.viewers)
    page = context.new_page()
    page.goto(f"/r/{run}")
    page.wait_for_selector('#connection[data-connection="live"]')
    # The page is shut while one viewer is alone.
    page.goto("about:blank")
    found += watched(stack, run, cookies[:1], size.commits)
    page.goto(f"/r/{run}")
    page.wait_for_selector('#connection[data-connection="live"]')
    found += watched(stack, run, cookies[1:], size.commits, page)
    context.close()
    return found


def _painted(stack: Stack, context: BrowserContext, run: str, size: Size) -> list[Figure]:
    page = context.new_page()
    page.goto(sign_in_link(stack))
    page.wait_for_load_state()
    page.goto(f"/r/{run}")  # the server has read its templates, the browser its scripts
    page.close()
    paints = first_paint(context, f"/r/{run}", size.loads)
    return [Figure("first paint, ms", statistics.median(paints), _PAINT)]


def _tabs(stack: Stack, run: str) -> list[Figure]:
    return [
        figure
        for name, cost in ask(stack, "tabs", run).items()
        for figure in (
            Figure(f"{name}: the server's time, median ms", cost["ms"]),
            Figure(f"{name}: queries", cost["queries"]),
        )
    ]


def main() -> None:
    """Measure, print, and end with 1 where a limit is passed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="a small sample of less than a minute")
    options.add_argument("--json", type=Path, help="write the figures there too")
    chosen = options.parse_args()
    for name in ("BATON_TEST_DB", "BATON_TEST_PG_URL"):  # inside a test run: its server is not ours
        os.environ.pop(name, None)
    size = QUICK if chosen.quick else Size()
    stack = Stack(env=_ENV)
    try:
        stack.start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chrome(), args=ARGUMENTS)
            figures = measure(stack, browser, size)
            browser.close()
    finally:
        stack.stop()
    print(f"Run page, {size.events:,} events, {size.viewers} viewers\n\n{table(figures)}")
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(each) for each in figures], indent=2) + "\n")
    sys.exit(0 if all(each.holds for each in figures) else 1)


if __name__ == "__main__":
    main()
