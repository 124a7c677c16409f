"""Baton as the browser tests use it beside the page: over its API, never through the database."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from playwright.sync_api import Locator, Page

from tests.stack import Stack
from tests.waiting import wait_until

Json = Any


def sign_in_link(stack: Stack) -> str:
    """A fresh one-time link, as printed at the start."""
    made = stack.manage("login_link", "admin")
    assert made.returncode == 0, made.stderr
    return made.stdout.strip().splitlines()[-1]


def start(stack: Stack, project: str, workflow: str, given: Json = "") -> Json:
    """Start a run over the API."""
    answer = stack.api("POST", f"/projects/{project}/workflows/{workflow}/runs", json={"input": given})
    assert answer.status_code == 201, answer.text
    return answer.json()


def run_of(stack: Stack, run_id: str) -> Json:
    """The run as the API shows it."""
    return stack.api("GET", f"/runs/{run_id}").json()


def wait_for_run(stack: Stack, run_id: str, holds: Callable[[Json], bool], seconds: float = 60) -> Json:
    """The run, once something holds for it."""

    def look() -> Json:
        run = run_of(stack, run_id)
        return run if holds(run) else None

    return wait_until(look, seconds, lambda: str(run_of(stack, run_id)))


def ended(run: Json) -> bool:
    """Whether a run is over."""
    return run["status"] in ("completed", "failed", "cancelled")


def waits_for(kind: str) -> Callable[[Json], bool]:
    """Whether a run waits for something of this kind."""
    return lambda run: any(wait["kind"] == kind for wait in run["waiting_on"])


def gate_of(stack: Stack, run_id: str, seconds: float = 20) -> str:
    """The id of the gate that a run waits at."""
    run = wait_for_run(stack, run_id, waits_for("gate"), seconds)
    return next(str(wait["id"]) for wait in run["waiting_on"] if wait["kind"] == "gate")


def answer(stack: Stack, gate_id: str, option: str) -> None:
    """Answer a gate over the API."""
    given = stack.api("POST", f"/gates/{gate_id}/answer", json={"option": option})
    assert given.status_code == 200, given.text


def import_file(stack: Stack, name: str, agents: Iterable[Json], workflows: Iterable[Json]) -> str:
    """Import a project of scripted agents; returns its slug."""
    file = {
        "format": "baton/1",
        "project": {"name": name, "default_model": "scripted"},
        "agents": list(agents),
        "workflows": list(workflows),
    }
    answer = stack.api("POST", "/projects/import", json=file)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["project"])


def run_id_of(page: Page) -> str:
    """The run that a page shows."""
    found = re.search(r"/r/([0-9a-f-]{36})", page.url)
    assert found, page.url
    return found[1]


def at_work(stack: Stack, name: str) -> str:
    """A project whose workflow Calling stays as it is: Caller is blocked by Asked, which asks, and Thinker thinks on.

    Whoever starts it cancels it (`cancel`), or answers the gate of the child.
    """
    gate = {"kind": "approval", "name": "Go on", "message": "Go on?", "options": {"Go on": "go"}}
    pair = [{"agent": "Caller", "capabilities": ["trigger_workflows"]}, {"agent": "Thinker"}]
    return import_file(
        stack,
        name,
        [
            {"name": "Caller", "script": [{"trigger_workflow": {"workflow": "Asked"}}, {"say": "Back."}]},
            {"name": "Thinker", "script": [{"say": "Thought.", "sleep": 90}]},
        ],
        [
            {"name": "Calling", "stages": [{"name": "Call", "assignments": pair}]},
            {"name": "Asked", "stages": [{"name": "Ask", "outcomes": ["go"], "exit_hooks": [gate]}]},
        ],
    )


def cancel(stack: Stack, run_id: str) -> None:
    """Cancel a run and everything below it."""
    given = stack.api("POST", f"/runs/{run_id}/cancel")
    assert given.status_code == 200, given.text


def stage(page: Page, name: str) -> Locator:
    """A stage of the run page; its name ends with its state."""
    return page.get_by_role("listitem", name=re.compile(rf"^Stage \d+: {re.escape(name)}, "))


def shown_states(page: Page) -> Json:
    """Everything that a run page says about states, as plain data, to compare two pages."""
    return page.evaluate(
        """() => {
            const words = (selector) => [...document.querySelectorAll(selector)].map((each) =>
                (each.getAttribute("aria-label") ?? each.textContent).trim().replace(/\\s+/g, " "));
            return {
                run: words("#run-bar .state"),
                stages: words("#nodes > li > .node-card > [id^=says]"),
                agents: words("#nodes .chip"),
                called: words("#nodes .waits a"),
                hooks: words("#nodes .stage-line"),
                gates: words("#nodes .gate h2"),
                notes: words("#notes"),
                result: words("#result"),
                events: [...document.querySelectorAll("#events > li")].map((row) => row.id),
                number: document.querySelector("#live-seq").dataset.seq,
            };
        }"""
    )


class Visits:
    """Counts the documents that a page loads: watching a run must load none."""

    def __init__(self, page: Page) -> None:
        self.loaded: list[str] = []
        page.on("domcontentloaded", lambda loaded: self.loaded.append(loaded.url))

    def since_now(self) -> None:
        """Begin to count."""
        self.loaded.clear()
