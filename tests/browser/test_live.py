"""Run pages that follow their run: other agents, failed children, lost sockets."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect

from tests.browser.conftest import OpenPage
from tests.browser.product import (
    Visits,
    answer,
    at_work,
    cancel,
    ended,
    gate_of,
    import_file,
    run_of,
    shown_states,
    stage,
    start,
    wait_for_run,
)
from tests.stack import Stack
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

_APPROVAL = {"kind": "approval", "name": "Go on", "message": "Go on?", "options": {"Go on": "go"}}


def test_stages_go_from_not_started_over_running_to_done_without_a_reload(demo: Stack, open_page: OpenPage) -> None:
    """Rule 12.2; ui.md, check 18 and section 6: also in the tab's title and icon. The run waits until
    its page is there, and the page keeps what it says."""
    one, two = ({"name": name, "assignments": [{"agent": "Ada"}]} for name in ("One", "Two"))
    slug = import_file(
        demo,
        "Two steps",
        [{"name": "Ada", "script": [{"say": "First.", "sleep": 2}]}],
        [{"name": "Steps", "stages": [{"name": "Ask", "outcomes": ["go"], "exit_hooks": [_APPROVAL]}, one, two]}],
    )
    run = start(demo, slug, "Steps")
    gate = gate_of(demo, run["id"])
    page = open_page(f"/r/{run['id']}")
    visits = Visits(page)
    expect(page.get_by_label("Connection")).to_have_text("Live")
    expect(stage(page, "Two")).to_have_accessible_name(re.compile("Not started$"))
    page.evaluate(_KEEP_STATES)

    answer(demo, gate, "Go on")

    expect(page.get_by_role("status", name="Run state")).to_have_text("Completed")
    expect(stage(page, "Two")).to_have_accessible_name(re.compile("Done$"))
    expect(page).to_have_title(f"Completed: Steps #{run['number']} · Baton")
    expect(page.locator('link[rel="icon"]')).to_have_attribute("href", re.compile("favicon-done"))
    kept = page.evaluate("window.kept")
    for name in ("One", "Two"):
        assert [state for of, state in kept if of == name] == ["Not started", "Running", "Done"]
    assert kept.index(["One", "Done"]) < kept.index(["Two", "Done"])
    assert visits.loaded == []


# What the stages say, from now on, each state once.
_KEEP_STATES = """() => {
    window.kept = [];
    const look = () => {
        for (const says of document.querySelectorAll("#nodes > li > .node-card > [id^=says]")) {
            const [, of, state] = says.textContent.trim().match(/^Stage \\d+: (.+), ([^,]+)$/s);
            if (!window.kept.some(([name, said]) => name === of && said === state)) window.kept.push([of, state]);
        }
    };
    look();
    const nodes = document.getElementById("nodes");
    new MutationObserver(look).observe(nodes, { subtree: true, childList: true, characterData: true });
}"""


def test_one_agent_waits_for_a_workflow_while_the_other_goes_on(demo: Stack, open_page: OpenPage) -> None:
    """Rules 5.2 and 12.3; ui.md, check 19."""
    run = start(demo, at_work(demo, "One waits"), "Calling")
    page = open_page(f"/r/{run['id']}")

    expect(page.get_by_role("button", name=re.compile("Caller.*Blocked: waiting for Asked"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Thinker.*Running"))).to_be_visible()
    page.get_by_role("link", name=re.compile(r"^Asked #\d+$")).first.click()

    expect(page.get_by_role("heading", name="Asked", level=1)).to_be_visible()
    expect(page.get_by_label("Connection")).to_have_text("Live")  # what was missed has come: nothing moves any more
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("status", name="Run state")).to_have_text("Completed")
    page.get_by_role("navigation", name="Triggered by").get_by_role("link", name=f"Calling #{run['number']}").click()
    expect(page.get_by_role("heading", name="Calling", level=1)).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Caller.*Done"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Thinker.*Running"))).to_be_visible()
    cancel(demo, run["id"])
    expect(page.get_by_role("status", name="Run state")).to_have_text("Cancelled")


def test_a_failed_child_frees_its_caller_and_the_timeline_says_why(demo: Stack, open_page: OpenPage) -> None:
    """Rules 5.3 and 12.3; ui.md, check 20."""
    slug = import_file(
        demo,
        "Failing child",
        [
            {
                "name": "Caller",
                "script": [{"trigger_workflow": {"workflow": "Doomed"}}, {"say": "On I go."}],
            },
            {"name": "Unlucky", "script": [{"fail": "bad_request"}]},
        ],
        [
            {
                "name": "Careful",
                "stages": [
                    {"name": "Try", "assignments": [{"agent": "Caller", "capabilities": ["trigger_workflows"]}]}
                ],
            },
            {
                "name": "Doomed",
                "stages": [
                    {"name": "Ask", "outcomes": ["go"], "exit_hooks": [_APPROVAL]},
                    {"name": "Fall", "assignments": [{"agent": "Unlucky"}]},
                ],
            },
        ],
    )
    run = start(demo, slug, "Careful")
    page = open_page(f"/r/{run['id']}")

    expect(page.get_by_role("button", name=re.compile("Caller.*Blocked"))).to_be_visible()
    answer(demo, gate_of(demo, run_of(demo, run["id"])["children"][0]), "Go on")
    expect(page.get_by_role("button", name=re.compile("Caller.*Blocked"))).to_have_count(0)
    told = page.get_by_role("list", name="Event timeline").get_by_role("listitem")
    expect(told.filter(has_text="Doomed failed: ").filter(has_text="bad_request")).to_be_visible()
    child = stage(page, "Try").get_by_role("paragraph").filter(has_text="Triggered Doomed #2")
    expect(child).to_contain_text("Failed")
    expect(page.get_by_role("status", name="Run state")).to_have_text("Completed")


def test_the_state_of_a_child_is_live_in_its_parents_page(demo: Stack, open_page: OpenPage) -> None:
    """Rule 12.3: with the child's live state inside the parent's page."""
    run, page = _waiting_parent(demo, open_page, "Live child")
    visits = Visits(page)
    child = run_of(demo, run["id"])["children"][0]
    wait = stage(page, "Call").get_by_role("paragraph").filter(has_text="Blocked: waiting for Asked")
    expect(wait).to_contain_text("Waiting for approval")
    for action, says in (("pause", "Paused"), ("resume", "Waiting for approval")):
        assert demo.api("POST", f"/runs/{child}/{action}").status_code == 200
        expect(wait).to_contain_text(says)

    answer(demo, gate_of(demo, child), "Go on")

    expect(stage(page, "Call")).to_have_accessible_name(re.compile("Done$"))
    assert visits.loaded == []


class Sockets:
    """The sockets of a page, to be cut and kept away at will."""

    def __init__(self, context: BrowserContext) -> None:
        self.cut_off = False
        self.opened = 0
        self._routes: list[WebSocketRoute] = []
        context.route_web_socket(re.compile("/ws/"), self._handle)

    def _handle(self, route: WebSocketRoute) -> None:
        if self.cut_off:
            route.close(code=1012)
            return
        self.opened += 1
        self._routes.append(route)
        route.connect_to_server()

    def cut(self) -> None:
        """Close what is open, refuse what comes."""
        self.cut_off = True
        for route in self._routes:
            route.close(code=1012)
        self._routes.clear()


def test_a_page_that_lost_its_socket_catches_up(
    demo: Stack, open_context: Callable[..., BrowserContext], open_page: OpenPage
) -> None:
    """Rule 12.1: on a reconnect the page catches up from its last number; ui.md, check 23."""
    context = open_context()
    sockets = Sockets(context)
    run, page = _waiting_parent(demo, lambda address: _visit(context, address), "Lost socket")
    chip = page.get_by_label("Connection")
    expect(chip).to_have_text("Live")

    sockets.cut()
    context.set_offline(True)
    expect(chip).to_have_text("Offline")
    answer(demo, gate_of(demo, run_of(demo, run["id"])["children"][0]), "Go on")
    wait_for_run(demo, run["id"], ended)
    expect(stage(page, "Call")).to_have_accessible_name(re.compile("Blocked$"))  # nobody could tell the page
    context.set_offline(False)
    expect(chip).to_have_text("Behind")
    expect(stage(page, "Call")).to_have_accessible_name(re.compile("Done$"))  # by asking, still without a socket
    sockets.cut_off = False

    expect(chip).to_have_text("Live", timeout=60_000)  # it tries again and again, less and less often
    fresh = open_page(f"/r/{run['id']}")
    wait_until(lambda: shown_states(page) == shown_states(fresh))


def test_every_load_of_a_run_page_connects_its_socket(demo: Stack, open_context: Callable[..., BrowserContext]) -> None:
    """Ui.md, check 23: thirty loads, thirty sockets."""
    run = start(demo, "demo", "Deploy to Production")
    context = open_context()
    page = context.new_page()
    opened: list[str] = []
    page.on("websocket", lambda socket: opened.append(socket.url))

    for _ in range(30):
        page.goto(f"/r/{run['id']}")
        expect(page.get_by_label("Connection")).to_have_text("Live")

    assert len([url for url in opened if "/ws/runs/" in url]) == 30


def _visit(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    return page


def _waiting_parent(demo: Stack, open_page: Callable[[str], Page], name: str) -> tuple[dict[str, str], Page]:
    """A run whose agent waits for a child, and its page; the child asks at a gate."""
    asks = {"name": "Ask", "outcomes": ["go"], "exit_hooks": [_APPROVAL]}
    slug = import_file(
        demo,
        name,
        [
            {"name": "Caller", "script": [{"trigger_workflow": {"workflow": "Asked"}}, {"say": "Back."}]},
        ],
        [
            {
                "name": "Calling",
                "stages": [
                    {"name": "Call", "assignments": [{"agent": "Caller", "capabilities": ["trigger_workflows"]}]}
                ],
            },
            {"name": "Asked", "stages": [asks]},
        ],
    )
    run = start(demo, slug, "Calling")
    child = wait_for_run(demo, run["id"], lambda found: bool(found["children"]))["children"][0]
    gate_of(demo, child)
    page = open_page(f"/r/{run['id']}")
    page.wait_for_load_state()
    expect(page.get_by_role("button", name=re.compile("Caller.*Blocked"))).to_be_visible()
    return run, page
